import { createHash } from 'node:crypto';
import {
  type ClockUse,
  type CodeStore,
  CompactValueSet,
  clockUse,
  codesFixedBy,
  compactValueSet,
  dataRequirements,
  type ElmLibrary,
  type Evaluator,
  type ExpandedValueSet,
  type LinkedLibrary,
  type RetrieveRequirement,
  type ValueSetSource,
} from '../../cql/index.ts';
import {
  type MeasureDefinition,
  type PreparedMeasure,
  prepareMeasure,
  prepareOrRestore,
} from '../../measures/index.ts';
import { keptLibrary } from './kept-library.ts';
import type { LoadedMeasure } from './load-measure.ts';

/**
 * A measure with its libraries and value sets, in a form that crosses threads: large parts lie in memory that threads share,
 * under the hash of their content, so that all measures and threads together hold each once.
 */
export interface MeasurePackage {
  /** The same hash means the same behaviour. */
  readonly hash: string;
  readonly definition: MeasureDefinition;
  /** Keys into `parts`: the main library and its includes, dependencies first. Null for composite measures. */
  readonly main: string | null;
  readonly includes: readonly string[];
  readonly linkedHash: string;
  /** As the libraries ask for them (a null version: the newest) with the key of what answers. */
  readonly valueSets: readonly { readonly url: string; readonly version: string | null; readonly part: string }[];
  readonly components: readonly MeasurePackage[];
  /** FHIR types that it can retrieve: the rest of a record need not be loaded. */
  readonly resourceTypes: readonly string[];
  /** What its retrieves can select: data that none of them selects cannot change a result. */
  readonly selections: readonly Selection[];
  /** Whether results change with time alone, its components' included. */
  readonly clock: ClockUse;
  /**
   * Of this measure and its components: ELM as JSON, value sets as CompactValueSet has them. A package that was kept is
   * without ELM, which lies beside it (kept-library.ts).
   */
  readonly parts: ReadonlyMap<string, Uint8Array>;
}

/**
 * What a retrieve can select. Null `valueSet` and `codes`: resources of the type whatever their codes. A resource counts as
 * having the codes that a profile fixes which it declares (`codesFixedBy`).
 */
export interface Selection {
  readonly resourceType: string;
  /** Element that holds the codes; null when any code will do. */
  readonly codeProperty: string | null;
  /** Key into `parts`. */
  readonly valueSet: string | null;
  /** `system|code`. */
  readonly codes: readonly string[] | null;
}

/**
 * Packs a measure that loaded without errors.
 * @param interned parts by key, shared by all packages of a process so that each is in memory once
 */
export function packMeasure(loaded: LoadedMeasure, interned: Map<string, Uint8Array>): MeasurePackage {
  const { definition, linked, valueSets, valueSetsUsed } = loaded;
  if (definition === null) throw new TypeError('a measure that did not load cannot be packed');
  const parts = new Map<string, Uint8Array>();
  const intern = (key: string, bytes: () => Uint8Array): string => {
    const known = interned.get(key) ?? bytes();
    interned.set(key, known);
    parts.set(key, known);
    return key;
  };
  const part = (elm: ElmLibrary): string => {
    const text = Buffer.from(JSON.stringify(elm));
    return intern(createHash('sha256').update(text).digest('base64url'), () => inSharedMemory(text));
  };
  const table = (expanded: ExpandedValueSet): string => {
    const compact = compactValueSet(expanded);
    return intern(compact.hash, () => inSharedMemory(compact.bytes));
  };
  const main = linked === null ? null : part(linked.main);
  const includes = (linked?.includes ?? []).map(part);
  const sets = valueSetsUsed.flatMap(({ url, version }) => {
    const found = valueSets.find(url, version);
    return found === null ? [] : [{ url, version, part: table(found) }];
  });
  const components = loaded.components.map((component) => packMeasure(component, interned));
  for (const component of components) for (const [key, bytes] of component.parts) parts.set(key, bytes);
  const hash = createHash('sha256')
    .update(JSON.stringify([definition, linked?.hash, sets, components.map((component) => component.hash)]))
    .digest('hex');
  const { resourceTypes: retrieved, retrieves } =
    linked === null ? { resourceTypes: [], retrieves: [] } : dataRequirements(linked, null);
  const partOf = new Map(sets.map((set) => [`${set.url}|${set.version ?? ''}`, set.part]));
  const selections = [
    ...retrieves.map((retrieve) => selectionOf(retrieve, partOf)),
    ...components.flatMap((component) => component.selections),
  ];
  const resourceTypes = [...new Set([...retrieved, ...components.flatMap((component) => component.resourceTypes)])];
  const linkedHash = linked?.hash ?? '';
  const clock = latest([
    linked === null ? 'none' : clockUse(linked),
    ...components.map((component) => component.clock),
  ]);
  return {
    hash,
    definition,
    main,
    includes,
    linkedHash,
    valueSets: sets,
    components,
    resourceTypes,
    selections: [...new Map(selections.map((selection) => [JSON.stringify(selection), selection])).values()],
    clock,
    parts,
  };
}

function selectionOf(retrieve: RetrieveRequirement, partOf: ReadonlyMap<string, string>): Selection {
  const { resourceType, codeProperty, valueSet, codes, dynamicCodes, profile } = retrieve;
  const part = valueSet === null ? null : (partOf.get(`${valueSet.url}|${valueSet.version ?? ''}`) ?? null);
  const bounded = codeProperty !== null && !dynamicCodes && (valueSet === null ? codes.length > 0 : part !== null);
  if (bounded)
    return { resourceType, codeProperty, valueSet: part, codes: codes.map(({ system, code }) => `${system}|${code}`) };
  const fixed = profile === null ? null : codesFixedBy(profile);
  return { resourceType, codeProperty: fixed && 'code', valueSet: null, codes: fixed };
}

function latest(uses: readonly ClockUse[]): ClockUse {
  return uses.includes('instant') ? 'instant' : uses.includes('day') ? 'day' : 'none';
}

function inSharedMemory(bytes: Uint8Array): Uint8Array {
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
  shared.set(bytes);
  return shared;
}

/** Parts read so far. One part is one object for all measures, because engines know what they have done by the object. */
export class ParsedParts {
  readonly #libraries = new Map<string, ElmLibrary>();
  readonly #valueSets = new Map<string, CompactValueSet>();

  library(key: string, bytes: Uint8Array): ElmLibrary {
    const known = this.#libraries.get(key);
    if (known !== undefined) return known;
    const parsed = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8')) as ElmLibrary;
    this.#libraries.set(key, parsed);
    return parsed;
  }

  valueSet(key: string, bytes: Uint8Array): ExpandedValueSet {
    const known = this.#valueSets.get(key) ?? new CompactValueSet(bytes);
    this.#valueSets.set(key, known);
    return known;
  }
}

/**
 * Prepares a packed measure for evaluation.
 * @param store where measures are kept that were prepared before; null prepares anew
 * @throws InvalidMeasure, MissingValueSet, UnsupportedElm
 */
export function prepareFromPackage(
  packed: MeasurePackage,
  evaluator: Evaluator,
  parsed: ParsedParts,
  store: CodeStore | null = null,
): PreparedMeasure {
  const { definition, main, includes, valueSets, linkedHash } = packed;
  const bytes = (key: string): Uint8Array => {
    const found = packed.parts.get(key) ?? (store === null ? null : keptLibrary(key, store));
    if (found === null) throw new TypeError(`a part of ${definition.url} was not sent`);
    return found;
  };
  const found = new Map(valueSets.map(({ url, version, part }) => [`${url}|${version ?? ''}`, part]));
  const source: ValueSetSource = {
    find: (url, version) => {
      const part = found.get(`${url}|${version ?? ''}`);
      return part === undefined ? null : parsed.valueSet(part, bytes(part));
    },
  };
  if (main === null) {
    const components = packed.components.map((component) =>
      prepareFromPackage({ ...component, parts: packed.parts }, evaluator, parsed, store),
    );
    return prepareMeasure({ definition, linked: null, valueSets: source, evaluator, components });
  }
  const linked = (): LinkedLibrary => ({
    main: parsed.library(main, bytes(main)),
    includes: includes.map((key) => parsed.library(key, bytes(key))),
    hash: linkedHash,
  });
  return store === null
    ? prepareMeasure({ definition, linked: linked(), valueSets: source, evaluator })
    : prepareOrRestore({ key: packed.hash, definition, linked, valueSets: source, evaluator }, store);
}
