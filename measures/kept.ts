import type { CodeStore, DataRequirements, Evaluator, LinkedLibrary, ValueSetSource } from '../cql/index.ts';
import type { MeasureDefinition } from './definition.ts';
import type { Criterion } from './gaps/criterion.ts';
import { extendedLibrary, type PreparedMeasure, prepareMeasure } from './prepare.ts';

export interface KeptInput {
  /** Of everything that the measure is made of: the same key means the same behaviour. */
  readonly key: string;
  readonly definition: MeasureDefinition;
  /** Read only when something was not kept. */
  readonly linked: () => LinkedLibrary;
  readonly valueSets: ValueSetSource;
  readonly evaluator: Evaluator;
}

interface Kept {
  readonly library: string;
  readonly periodType: PreparedMeasure['periodType'];
  readonly calls: readonly (readonly [string, string])[];
  readonly bounds: readonly string[];
}

interface Analysis {
  readonly requirements: ReadonlyMap<string, DataRequirements>;
  readonly needs: ReadonlyMap<string, Criterion>;
}

/**
 * Prepares a measure, or takes it as it was kept when it was prepared before, without reading its ELM. What only explains
 * gaps is read when the first gap is explained. The store must answer with nothing but what this version of the product
 * wrote into it.
 * @throws what `prepareMeasure` throws
 */
export function prepareOrRestore(input: KeptInput, store: CodeStore): PreparedMeasure {
  const restored = restore(input, store);
  if (restored !== null) return restored;
  const prepared = prepare(input);
  keep(prepared, input.key, store);
  return prepared;
}

function prepare({ linked, ...input }: KeptInput): PreparedMeasure {
  return prepareMeasure({ ...input, linked: linked() });
}

function keep(prepared: PreparedMeasure, key: string, store: CodeStore): void {
  const library = prepared.library?.keep?.() ?? null;
  if (library === null) return;
  const { periodType, calls, bounds, requirements, needs } = prepared;
  const head: Kept = { library, periodType, calls: [...calls], bounds };
  store.write(analysisKey(key), encoded({ requirements: [...requirements], needs: [...needs] }));
  store.write(measureKey(key), encoded(head));
}

function restore(input: KeptInput, store: CodeStore): PreparedMeasure | null {
  const { key, definition, linked, valueSets, evaluator } = input;
  const head = decoded<Kept>(store.read(measureKey(key)));
  if (head === null) return null;
  const library = evaluator.restore?.(head.library, () => extendedLibrary(definition, linked()), valueSets) ?? null;
  if (library === null) return null;
  let known: Analysis | null = null;
  const analysis = (): Analysis => {
    known ??= readAnalysis(key, store) ?? prepare(input);
    return known;
  };
  return {
    definition,
    library,
    get requirements() {
      return analysis().requirements;
    },
    periodType: head.periodType,
    calls: new Map(head.calls),
    get needs() {
      return analysis().needs;
    },
    bounds: head.bounds,
    components: [],
  };
}

function readAnalysis(key: string, store: CodeStore): Analysis | null {
  const kept = decoded<{ requirements: [string, DataRequirements][]; needs: [string, Criterion][] }>(
    store.read(analysisKey(key)),
  );
  return kept === null ? null : { requirements: new Map(kept.requirements), needs: new Map(kept.needs) };
}

function measureKey(key: string): string {
  return `measure ${key}`;
}

function analysisKey(key: string): string {
  return `analysis ${key}`;
}

function encoded(value: object): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

function decoded<T>(bytes: Uint8Array | null): T | null {
  return bytes === null ? null : (JSON.parse(new TextDecoder().decode(bytes)) as T);
}
