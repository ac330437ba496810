import { createHash } from 'node:crypto';
import type { CodeStore } from '../code-store.ts';
import type { ElmLibrary } from '../elm.ts';
import { includedBy, type LinkedLibrary, libraryKey } from '../link.ts';
import { reachableDefinitions } from '../reachable.ts';
import type { ExpandedValueSet, ValueSetSource } from '../value-sets.ts';
import { runModule } from './code.ts';
import type { FhirModel } from './fhir/model.ts';
import { type CompiledLibrary, compileLibrary, definitionsOf, type RunnableLibrary } from './library.ts';
import { Retrievals } from './record-index.ts';
import { NotKeepable, readLibrary } from './stored-library.ts';
import { expansionOf, Terminology, ValueSets } from './terminology.ts';

/** A compiled library, with what it was compiled from. */
interface Build {
  readonly library: CompiledLibrary;
  readonly identifier: string;
  readonly includes: readonly CompiledLibrary[];
  readonly expansions: readonly (ExpandedValueSet | null)[];
  /** Of what both variants are compiled from. */
  readonly base: string;
  /** In the store. */
  readonly key: string;
  isStored: boolean;
}

/** A library that was kept, with those that it holds on to. */
interface Restored extends RunnableLibrary {
  readonly includes: ReadonlyMap<string, Restored>;
}

const tracedSuffix = '-traced';

/** Libraries as JavaScript: each is compiled, or taken from the store, once for all that include it. */
export class Libraries {
  readonly model: FhirModel;
  readonly #store: CodeStore | null;
  readonly #valueSets = new ValueSets();
  readonly #retrievals = new Retrievals();
  readonly #builds = { plain: new WeakMap<object, Build[]>(), traced: new WeakMap<object, Build[]>() };
  readonly #buildOf = new WeakMap<CompiledLibrary, Build>();
  readonly #restored = new Map<string, WeakRef<Restored>>();
  readonly #contentHashes = new WeakMap<object, string>();
  #slots = 0;

  constructor(model: FhirModel, store: CodeStore | null) {
    this.model = model;
    this.#store = store;
  }

  /** Compiles a library and what it includes, or finds it compiled. @throws the error of what it can reach */
  compile(linked: LinkedLibrary, valueSets: ValueSetSource, tracing: boolean): CompiledLibrary {
    const made = new Map<ElmLibrary, CompiledLibrary>();
    const compile = (elm: ElmLibrary): CompiledLibrary => {
      const known = made.get(elm);
      if (known !== undefined) return known;
      const includes = new Map<string, CompiledLibrary>();
      for (const { localIdentifier } of elm.library.includes?.def ?? []) {
        const included = includedBy(linked, elm, localIdentifier);
        if (included !== null) includes.set(localIdentifier, compile(included));
      }
      const library = this.#build(elm, includes, valueSets, tracing);
      made.set(elm, library);
      return library;
    };
    const main = compile(linked.main);
    for (const { library, definition } of reachableDefinitions(linked, null)) {
      const error = made.get(library)?.errors.get(definition);
      if (error !== undefined) throw error;
    }
    return main;
  }

  /**
   * Keeps a compiled library and what it includes.
   * @returns its key in the store; null without a store, or when a part of it cannot be kept
   */
  keep(library: CompiledLibrary): string | null {
    const store = this.#store;
    const build = this.#buildOf.get(library);
    if (store === null || build === undefined) return null;
    for (const included of build.includes) if (this.keep(included) === null) return null;
    if (!build.isStored) {
      const bytes = library.stored((included) => this.#buildOf.get(included)?.key ?? '');
      if (bytes === null) return null;
      store.write(build.key, bytes);
      build.isStored = true;
    }
    return build.key;
  }

  /**
   * A library that was kept; null when it was not, or not with value sets that are there.
   * @param key that `keep` gave for the variant without traces
   */
  restore(key: string, valueSets: ValueSetSource, tracing: boolean): RunnableLibrary | null {
    return this.#restore(tracing ? `${key}${tracedSuffix}` : key, valueSets);
  }

  #restore(key: string, source: ValueSetSource): Restored | null {
    const known = this.#restored.get(key)?.deref();
    if (known !== undefined) return known;
    const bytes = this.#store?.read(key) ?? null;
    if (bytes === null) return null;
    const kept = readLibrary(bytes);
    const includes = new Map<string, Restored>();
    for (const [alias, includedKey] of kept.includes) {
      const included = this.#restore(includedKey, source);
      if (included === null) return null;
      includes.set(alias, included);
    }
    try {
      const constants = kept.constants({
        model: this.model,
        retrievals: this.#retrievals,
        nextSlot: () => this.#nextSlot(),
        valueSet: (asked) => {
          const expanded = expansionOf(asked, source);
          return expanded === null ? null : this.#valueSets.of(expanded);
        },
        included: (alias, position) => includes.get(alias)?.code[position],
      });
      const code = definitionsOf(runModule(kept.text, constants, kept.codeCache));
      const restored = { key: kept.key, definitions: kept.definitions, code, text: kept.text, includes };
      this.#restored.set(key, new WeakRef(restored));
      return restored;
    } catch (error) {
      if (error instanceof NotKeepable) return null;
      throw error;
    }
  }

  #build(
    elm: ElmLibrary,
    includes: ReadonlyMap<string, CompiledLibrary>,
    source: ValueSetSource,
    tracing: boolean,
  ): CompiledLibrary {
    const builds = tracing ? this.#builds.traced : this.#builds.plain;
    const content: object = elm.library.statements?.def ?? elm;
    const identifier = libraryKey(elm.library.identifier);
    const expansions = (elm.library.valueSets?.def ?? []).map((definition) => expansionOf(definition, source));
    const candidates = builds.get(content) ?? [];
    const included = [...includes.values()];
    const found = candidates.find(
      (build) =>
        build.identifier === identifier && same(build.includes, included) && same(build.expansions, expansions),
    );
    if (found !== undefined) return found.library;
    const library = compileLibrary({
      elm,
      includes,
      terminology: new Terminology(elm, includes, source, this.#valueSets),
      retrievals: this.#retrievals,
      model: this.model,
      tracing,
      nextSlot: () => this.#nextSlot(),
    });
    const base = this.#store === null ? '' : this.#keyOf(elm, included, expansions);
    const key = tracing ? `${base}${tracedSuffix}` : base;
    const build = { library, identifier, includes: included, expansions, base, key, isStored: false };
    builds.set(content, [...candidates, build]);
    this.#buildOf.set(library, build);
    return library;
  }

  /** Of everything that the code of a library depends on, beside this program itself: that is the store's part. */
  #keyOf(
    elm: ElmLibrary,
    included: readonly CompiledLibrary[],
    expansions: readonly (ExpandedValueSet | null)[],
  ): string {
    const hash = createHash('sha256').update(this.#contentHash(elm));
    for (const library of included) hash.update(`\n${this.#buildOf.get(library)?.base ?? ''}`);
    for (const expanded of expansions) hash.update(`\n${expanded === null ? '' : this.#valueSets.hashOf(expanded)}`);
    return hash.digest('hex');
  }

  #contentHash(elm: ElmLibrary): string {
    const known = this.#contentHashes.get(elm);
    if (known !== undefined) return known;
    const made = createHash('sha256').update(JSON.stringify(elm)).digest('hex');
    this.#contentHashes.set(elm, made);
    return made;
  }

  #nextSlot(): number {
    this.#slots += 1;
    return this.#slots;
  }
}

function same(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((item, i) => item === b[i]);
}
