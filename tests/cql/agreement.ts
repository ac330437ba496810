import {
  type CqlValue,
  createCompiler,
  createInterpreter,
  type EvaluationRequest,
  type LinkedLibrary,
  type PreparedLibrary,
} from '../../cql/index.ts';
import { type ConformanceCase, type Content, casesOf, recordOf } from '../conformance/content.ts';

/** Whether both engines give the same for every definition of a measure's library. */

export interface Disagreement {
  readonly measure: string;
  readonly case: string;
  readonly expression: string;
  /** Values as text, or the message of the error. */
  readonly compiled: string;
  readonly interpreted: string;
}

export interface Agreement {
  readonly compared: number;
  readonly disagreements: readonly Disagreement[];
}

export interface Engines {
  compare(measure: string, cases: readonly ConformanceCase[]): Promise<Agreement>;
}

/** Both engines over one content, each measure prepared when it is compared. */
export function enginesOver(content: Content): Engines {
  const [compiler, interpreter] = [createCompiler(), createInterpreter()];
  return {
    async compare(name, cases) {
      const measure = content.measures.get(name);
      if (measure === undefined) throw new Error(`There is no measure ${name}`);
      const linked = content.link(measure);
      const compiled = compiler.prepare(linked, content.valueSets);
      const interpreted = interpreter.prepare(linked, content.valueSets);
      const disagreements: Disagreement[] = [];
      const expressions = expressionsOf(linked);
      for (const official of cases) {
        const [one, other] = [recordOf(official.bundle), recordOf(official.bundle)];
        for (const expression of expressions) {
          const request = requestFor(official, expression);
          const result = { measure: name, case: official.case, expression };
          const [ours, theirs] = [await text(compiled, one, request), await text(interpreted, other, request)];
          if (ours !== theirs) disagreements.push({ ...result, compiled: ours, interpreted: theirs });
        }
      }
      return { compared: cases.length * expressions.length, disagreements };
    },
  };
}

export function casesFor(measure: string, most: number): ConformanceCase[] {
  try {
    return casesOf(measure).slice(0, most);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}

function expressionsOf({ main }: LinkedLibrary): string[] {
  return (main.library.statements?.def ?? []).filter(({ type }) => type !== 'FunctionDef').map(({ name }) => name);
}

/** In UTC, at the end of the period of the expected report. */
function requestFor({ expected: { period } }: ConformanceCase, expression: string): EvaluationRequest {
  const instant = (date: string | undefined, time: string) =>
    ({ type: 'DateTime', value: `${date?.slice(0, 10)}T${time}+00:00` }) as const;
  const [low, high] = [instant(period?.start, '00:00:00.000'), instant(period?.end, '23:59:59.999')];
  return {
    expressions: [expression],
    now: high.value,
    parameters: { 'Measurement Period': { type: 'Interval', low, high, lowClosed: true, highClosed: true } },
  };
}

async function text(
  prepared: PreparedLibrary,
  record: ReturnType<typeof recordOf>,
  request: EvaluationRequest,
): Promise<string> {
  try {
    const { values } = await prepared.evaluate(record, request);
    return JSON.stringify(plain([...values.values()][0] ?? null));
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  }
}

/** Resources by their ids, properties in order. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  if (isResource(value)) return `${value.resource.resourceType}/${value.resource.id}`;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, inner]) => [name, plain(inner)]),
  );
}

function isResource(value: object): value is Extract<CqlValue, { readonly type: 'Resource' }> {
  return 'type' in value && value.type === 'Resource';
}
