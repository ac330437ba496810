import cql from 'cql-execution';
import type { CodeSet } from '../code-sets.ts';
import { codeSet } from '../compact-value-set.ts';
import { MissingValueSet } from '../errors.ts';
import type { ExpandedValueSet, ValueSetSource } from '../value-sets.ts';

/** A value set as cql-execution sees it, with membership by hash instead of a search through the list. */
export class HashedValueSet extends cql.ValueSet {
  readonly #set: CodeSet;
  #expansion: InstanceType<typeof cql.Code>[] | null = null;
  readonly #expanded: ExpandedValueSet;

  constructor(expanded: ExpandedValueSet, set: CodeSet) {
    super(expanded.url, expanded.version ?? undefined, []);
    this.#expanded = expanded;
    this.#set = set;
  }

  /** @param code a Code, a Concept, a list of either, or a string (CQL 1.5, Appendix B, In (ValueSet)) */
  override hasMatch(code: unknown): boolean {
    if (code == null) return false;
    if (Array.isArray(code)) return code.some((item) => this.hasMatch(item));
    if (typeof code === 'string') {
      const systems = this.#set.systemsOf(code);
      if (systems > 0 && this.#set.mixed)
        throw new Error('In (valueset) is ambiguous: the value set has codes of several code systems');
      return systems > 0;
    }
    if (typeof code !== 'object') return false;
    if ('codes' in code && Array.isArray(code.codes)) return this.hasMatch(code.codes);
    if (!('code' in code)) return false;
    const system = 'system' in code && typeof code.system === 'string' ? code.system : null;
    return typeof code.code === 'string' && this.#set.has(system, code.code);
  }

  has(system: unknown, code: unknown): boolean {
    return typeof system === 'string' && typeof code === 'string' && this.#set.has(system, code);
  }

  override expand(): InstanceType<typeof cql.Code>[] {
    this.#expansion ??= this.#expanded.codes.map(
      ({ code, system, version, display }) => new cql.Code(code, system, version, display),
    );
    return this.#expansion;
  }
}

/** The terminology provider of cql-execution over a ValueSetSource; each value set is hashed once. */
export class CodeService {
  readonly #source: ValueSetSource;
  readonly #sets: WeakMap<ExpandedValueSet, HashedValueSet>;

  constructor(source: ValueSetSource, sets: WeakMap<ExpandedValueSet, HashedValueSet>) {
    this.#source = source;
    this.#sets = sets;
  }

  /** @throws MissingValueSet */
  findValueSet(id: string, version?: string | null): HashedValueSet {
    const [url = id, pinned = null] = id.split('|');
    const expanded = this.#source.find(url, version ?? pinned);
    if (expanded === null) throw new MissingValueSet([id]);
    const known = this.#sets.get(expanded);
    if (known !== undefined) return known;
    const made = new HashedValueSet(expanded, codeSet(expanded));
    this.#sets.set(expanded, made);
    return made;
  }

  findValueSetsByOid(id: string): HashedValueSet[] {
    return [this.findValueSet(id)];
  }
}
