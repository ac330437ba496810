import type { Predicate } from './predicates.ts';

export interface Concept {
  readonly system: string;
  readonly code: string;
}

/** Collects the bound parameters of one SQL statement, and hands out its aliases. Its text is made of constants only. */
export class Statement {
  readonly values: unknown[] = [];
  readonly tenant: string;
  /** Logical id of the Patient whose data alone may be seen; null for all. */
  readonly patient: string | null;
  /** What terminology answered for the predicates that need it. */
  readonly concepts: ReadonlyMap<Predicate, readonly Concept[]>;
  private aliases = 0;
  private readonly tenantParameter: string;

  constructor(tenant: string, patient: string | null, concepts: ReadonlyMap<Predicate, readonly Concept[]>) {
    this.tenant = tenant;
    this.patient = patient;
    this.concepts = concepts;
    this.tenantParameter = this.bind(tenant);
  }

  /** PostgreSQL's text can't hold NUL, and nothing that is stored has it. */
  bind(value: unknown): string {
    this.values.push(withoutNul(value));
    return `$${this.values.length}`;
  }

  alias(): string {
    this.aliases += 1;
    return `t${this.aliases}`;
  }

  /** The condition that a table's row is the tenant's. */
  ofTenant(alias: string): string {
    return `${alias}.tenant = ${this.tenantParameter}`;
  }
}

function withoutNul(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNul);
  return typeof value === 'string' && value.includes('\u0000') ? value.replaceAll('\u0000', '\ufffd') : value;
}
