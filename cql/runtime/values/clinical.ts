import type { CodeSet } from '../../code-sets.ts';

/** Code of CQL (3.1). */
export class Code {
  readonly code: string | null;
  readonly system: string | null;
  readonly version: string | null;
  readonly display: string | null;
  constructor(
    code: string | null,
    system: string | null,
    version: string | null = null,
    display: string | null = null,
  ) {
    this.code = code;
    this.system = system;
    this.version = version;
    this.display = display;
  }
}

/** Concept of CQL (3.5): codes for one idea. */
export class Concept {
  readonly codes: readonly Code[];
  readonly display: string | null;
  constructor(codes: readonly Code[], display: string | null = null) {
    this.codes = codes;
    this.display = display;
  }
}

/** What a ValueSetRef evaluates to: the value set's name and its codes, resolved when the library was prepared. */
export class ValueSet {
  readonly id: string;
  readonly version: string | null;
  readonly name: string | null;
  /** Membership in constant time. */
  readonly codes: CodeSet;
  /** The codes as a list (ExpandValueSet), made when first asked for. */
  readonly expand: () => readonly Code[];
  constructor(
    id: string,
    version: string | null,
    name: string | null,
    codes: CodeSet,
    expand: () => readonly Code[] = () => [],
  ) {
    this.id = id;
    this.version = version;
    this.name = name;
    this.codes = codes;
    this.expand = expand;
  }
}

/** What a CodeSystemRef evaluates to. Its codes are not known; only the system of a code can be compared. */
export class CodeSystem {
  readonly id: string;
  readonly version: string | null;
  readonly name: string | null;
  constructor(id: string, version: string | null, name: string | null) {
    this.id = id;
    this.version = version;
    this.name = name;
  }
}
