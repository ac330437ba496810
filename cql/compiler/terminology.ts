import { type CompactValueSet, compactValueSet } from '../compact-value-set.ts';
import type { ElmLibrary, ElmNode } from '../elm.ts';
import { MissingValueSet, UnknownExpression } from '../errors.ts';
import { libraryKey } from '../link.ts';
import { Code, CodeSystem, Concept, ValueSet } from '../runtime/index.ts';
import type { ExpandedValueSet, ValueSetSource } from '../value-sets.ts';
import { children, optionalChild, optionalText } from './elm-parts.ts';

/** Value sets as they are at run time; each expansion is hashed once, for all libraries. */
export class ValueSets {
  readonly #made = new WeakMap<ExpandedValueSet, ValueSet>();
  readonly #compacts = new WeakMap<ExpandedValueSet, CompactValueSet>();

  of(expanded: ExpandedValueSet): ValueSet {
    const known = this.#made.get(expanded);
    if (known !== undefined) return known;
    let expansion: readonly Code[] | null = null;
    const made = new ValueSet(expanded.url, expanded.version, null, this.#compact(expanded), () => {
      expansion ??= expanded.codes.map(
        ({ code, system, version, display }) => new Code(code, system, version ?? null, display ?? null),
      );
      return expansion;
    });
    this.#made.set(expanded, made);
    return made;
  }

  /** Of the content of an expansion. */
  hashOf(expanded: ExpandedValueSet): string {
    return this.#compact(expanded).hash;
  }

  #compact(expanded: ExpandedValueSet): CompactValueSet {
    const known = this.#compacts.get(expanded);
    if (known !== undefined) return known;
    const made = compactValueSet(expanded);
    this.#compacts.set(expanded, made);
    return made;
  }
}

/** The expansion that a definition of a value set stands for; null when there is none. */
export function expansionOf(
  definition: { readonly id: string; readonly version?: string },
  source: ValueSetSource,
): ExpandedValueSet | null {
  const [url = definition.id, pinned = null] = definition.id.split('|');
  return source.find(url, definition.version ?? pinned);
}

/** The named value sets, code systems, codes and concepts of a library. */
export class Terminology {
  readonly #elm: ElmLibrary;
  readonly #includes: ReadonlyMap<string, { readonly terminology: Terminology }>;
  readonly #source: ValueSetSource;
  readonly #valueSets: ValueSets;
  readonly #codes = new Map<string, Code>();
  /** Value sets that were given, as the library asks for them. */
  readonly asked = new Map<ValueSet, { readonly id: string; readonly version?: string }>();
  readonly #concepts = new Map<string, Concept>();

  constructor(
    elm: ElmLibrary,
    includes: ReadonlyMap<string, { readonly terminology: Terminology }>,
    source: ValueSetSource,
    valueSets: ValueSets,
  ) {
    this.#elm = elm;
    this.#includes = includes;
    this.#source = source;
    this.#valueSets = valueSets;
  }

  /** @throws MissingValueSet */
  valueSet(name: string): ValueSet {
    const definition = this.#elm.library.valueSets?.def.find((def) => def.name === name);
    if (definition === undefined) throw this.#unknown(name);
    const expanded = expansionOf(definition, this.#source);
    if (expanded === null) throw new MissingValueSet([definition.id]);
    const made = this.#valueSets.of(expanded);
    this.asked.set(made, definition);
    return made;
  }

  codeSystem(name: string): CodeSystem {
    const definition = this.#elm.library.codeSystems?.def.find((def) => def.name === name);
    if (definition === undefined) throw this.#unknown(name);
    return new CodeSystem(definition.id, definition.version ?? null, name);
  }

  code(name: string): Code {
    const known = this.#codes.get(name);
    if (known !== undefined) return known;
    const definition = this.#elm.library.codes?.def.find((def) => def.name === name);
    if (definition === undefined) throw this.#unknown(name);
    const system = this.systemOf(definition, 'codeSystem');
    const made = new Code(definition.id, system?.id ?? null, system?.version ?? null, definition.display ?? null);
    this.#codes.set(name, made);
    return made;
  }

  concept(name: string): Concept {
    const known = this.#concepts.get(name);
    if (known !== undefined) return known;
    const definition = this.#elm.library.concepts?.def.find((def) => def['name'] === name);
    if (definition === undefined) throw this.#unknown(name);
    const codes = children(definition, 'code').map((reference) =>
      this.#home(reference).code(optionalText(reference, 'name') ?? ''),
    );
    const made = new Concept(codes, optionalText(definition, 'display'));
    this.#concepts.set(name, made);
    return made;
  }

  /** The code system that a node refers to under `part`; null when it refers to none. */
  systemOf(node: ElmNode, part: string): CodeSystem | null {
    const reference = optionalChild(node, part);
    return reference === null ? null : this.#home(reference).codeSystem(optionalText(reference, 'name') ?? '');
  }

  #home(reference: ElmNode): Terminology {
    const alias = optionalText(reference, 'libraryName');
    if (alias === null) return this;
    const included = this.#includes.get(alias);
    if (included === undefined) throw this.#unknown(alias);
    return included.terminology;
  }

  #unknown(name: string): UnknownExpression {
    return new UnknownExpression(name, libraryKey(this.#elm.library.identifier));
  }
}
