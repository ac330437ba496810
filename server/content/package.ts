import { createHash } from 'node:crypto';
import {
  type ClockUse,
  clockUse,
  dataRequirements,
  type ElmLibrary,
  type Evaluator,
  type ExpandedValueSet,
} from '../../cql/index.ts';
import { type MeasureDefinition, type PreparedMeasure, prepareMeasure } from '../../measures/index.ts';
import type { LoadedMeasure } from './load-measure.ts';

/**
 * A measure with its libraries and value sets, in a form that crosses threads: large parts are JSON texts under the hash
 * of their content, so that a thread that has a part from another measure is not sent it again.
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
  /** Whether results change with time alone, its components' included. */
  readonly clock: ClockUse;
  /** JSON texts of this measure and its components. */
  readonly parts: ReadonlyMap<string, string>;
}

/**
 * Packs a measure that loaded without errors.
 * @param interned texts by key, shared by all packages of a process so that each is in memory once
 */
export function packMeasure(loaded: LoadedMeasure, interned: Map<string, string>): MeasurePackage {
  const { definition, linked, valueSets, valueSetsUsed } = loaded;
  if (definition === null) throw new TypeError('a measure that did not load cannot be packed');
  const parts = new Map<string, string>();
  const part = (content: ElmLibrary | ExpandedValueSet): string => {
    const text = JSON.stringify(content);
    const key = createHash('sha256').update(text).digest('base64');
    const shared = interned.get(key) ?? text;
    interned.set(key, shared);
    parts.set(key, shared);
    return key;
  };
  const main = linked === null ? null : part(linked.main);
  const includes = (linked?.includes ?? []).map(part);
  const sets = valueSetsUsed.flatMap(({ url, version }) => {
    const found = valueSets.find(url, version);
    return found === null ? [] : [{ url, version, part: part(found) }];
  });
  const components = loaded.components.map((component) => packMeasure(component, interned));
  for (const component of components) for (const [key, text] of component.parts) parts.set(key, text);
  const hash = createHash('sha256')
    .update(JSON.stringify([definition, linked?.hash, sets, components.map((component) => component.hash)]))
    .digest('hex');
  const retrieved = linked === null ? [] : dataRequirements(linked, null).resourceTypes;
  const resourceTypes = [...new Set([...retrieved, ...components.flatMap((component) => component.resourceTypes)])];
  const linkedHash = linked?.hash ?? '';
  const clock = latest([
    linked === null ? 'none' : clockUse(linked),
    ...components.map((component) => component.clock),
  ]);
  return { hash, definition, main, includes, linkedHash, valueSets: sets, components, resourceTypes, clock, parts };
}

function latest(uses: readonly ClockUse[]): ClockUse {
  return uses.includes('instant') ? 'instant' : uses.includes('day') ? 'day' : 'none';
}

/** Parts parsed so far. One value set is one object for all measures, because engines hash its codes once per object. */
export class ParsedParts {
  readonly #parsed = new Map<string, unknown>();

  library(key: string, text: string): ElmLibrary {
    return this.#get(key, text) as ElmLibrary;
  }

  valueSet(key: string, text: string): ExpandedValueSet {
    return this.#get(key, text) as ExpandedValueSet;
  }

  #get(key: string, text: string): unknown {
    const known = this.#parsed.get(key);
    if (known !== undefined) return known;
    const parsed: unknown = JSON.parse(text);
    this.#parsed.set(key, parsed);
    return parsed;
  }
}

/**
 * Prepares a packed measure for evaluation.
 * @throws InvalidMeasure, MissingValueSet, UnsupportedElm
 */
export function prepareFromPackage(packed: MeasurePackage, evaluator: Evaluator, parsed: ParsedParts): PreparedMeasure {
  const text = (key: string): string => {
    const found = packed.parts.get(key);
    if (found === undefined) throw new TypeError(`a part of ${packed.definition.url} was not sent`);
    return found;
  };
  const sets = packed.valueSets.map(({ url, version, part }) => ({
    url,
    version,
    expanded: parsed.valueSet(part, text(part)),
  }));
  return prepareMeasure({
    definition: packed.definition,
    linked:
      packed.main === null
        ? null
        : {
            main: parsed.library(packed.main, text(packed.main)),
            includes: packed.includes.map((key) => parsed.library(key, text(key))),
            hash: packed.linkedHash,
          },
    valueSets: {
      find: (url, version) => sets.find((set) => set.url === url && set.version === version)?.expanded ?? null,
    },
    evaluator,
    components: packed.components.map((component) =>
      prepareFromPackage({ ...component, parts: packed.parts }, evaluator, parsed),
    ),
  });
}
