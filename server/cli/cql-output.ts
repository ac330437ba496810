import {
  BudgetExceeded,
  type CqlValue,
  EvaluationFailed,
  type EvaluationResult,
  type LinkedLibrary,
  libraryKey,
  type PreparedLibrary,
  TranslationFailed,
  UnsupportedElm,
} from '../../cql/index.ts';
import type { Sources } from './cql-sources.ts';

export const shownParts = ['elm', 'code', 'trace', 'timing'] as const;
export type Shown = (typeof shownParts)[number];

export interface Outcome {
  readonly prepared: PreparedLibrary;
  /** An EvaluationResult, or what was thrown. */
  readonly outcome: unknown;
  /** When evaluating all together failed: what came of each definition alone. */
  readonly apart: ReadonlyMap<string, unknown> | null;
  readonly wanted: readonly string[];
  readonly shown: ReadonlySet<Shown>;
  readonly timing: { readonly prepareMs: number; readonly evaluateMs: number };
  readonly sources: Sources;
}

/** All that is to be printed, and the values apart, by which engines are compared. */
export function show({ prepared, outcome, apart, wanted, shown, timing, sources }: Outcome): {
  all: string;
  values: string;
} {
  const blocks: string[] = [];
  const definitions = prepared.linked.main.library.statements?.def ?? [];
  for (const name of wanted) {
    const definition = definitions.find((each) => each.name === name);
    if (shown.has('elm'))
      blocks.push(`// ELM of ${name}\n${JSON.stringify(definition?.expression, withoutAnnotations, 2)}`);
    if (shown.has('code')) blocks.push(prepared.codeOf?.(name) ?? `// no code: ${name} is interpreted`);
  }
  const values = isResult(outcome)
    ? valuesOf(outcome, wanted)
    : [...(apart ?? new Map<string, unknown>())]
        .map(([name, each]) => (isResult(each) ? valuesOf(each, [name]) : explain(each, sources)))
        .join('\n');
  blocks.push(values);
  if (shown.has('trace') && isResult(outcome)) blocks.push(traceOf(outcome, prepared.linked));
  if (shown.has('timing'))
    blocks.push(`prepared in ${timing.prepareMs.toFixed(1)} ms, evaluated in ${timing.evaluateMs.toFixed(2)} ms`);
  return { all: blocks.join('\n'), values: isResult(outcome) ? values : 'an error' };
}

/** An error as a sentence, with the line of CQL that it is about where that is known. */
export function explain(error: unknown, sources: Sources | null): string {
  if (error instanceof TranslationFailed)
    return error.messages
      .filter(({ severity }) => severity === 'error')
      .map(({ message, library, startLine, startColumn }) =>
        startLine === null
          ? `${library}: ${message}`
          : `${library} ${startLine}:${startColumn}: ${message}${quote(sources, library, startLine, startColumn ?? 1)}`,
      )
      .join('\n');
  const place = placeOf(error);
  if (place !== null && error instanceof Error) {
    const [line, column] = (place.locator ?? '').split('-')[0]?.split(':').map(Number) ?? [];
    return line === undefined || !(line > 0)
      ? error.message
      : `${error.message}${quote(sources, place.library, line, column ?? 1)}`;
  }
  return error instanceof Error ? error.message : String(error);
}

function placeOf(error: unknown): { readonly library: string; readonly locator: string | null } | null {
  if (error instanceof EvaluationFailed || error instanceof UnsupportedElm) return error;
  return error instanceof BudgetExceeded ? error.place : null;
}

/** The line, and a mark under the column. */
function quote(sources: Sources | null, library: string, line: number, column: number): string {
  const texts = [sources?.main ?? '', ...(sources?.included ?? [])];
  const [id = ''] = library.split('|');
  const text = texts.find((cql) => new RegExp(`^\\s*library\\s+"?([\\w.]*\\.)?${escaped(id)}"?(\\s|$)`, 'm').test(cql));
  const quoted = text?.split('\n')[line - 1];
  if (quoted === undefined) return '';
  const number = `  ${line} | `;
  return `\n${number}${quoted}\n${' '.repeat(number.length + Math.max(0, column - 1))}^`;
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

function valuesOf({ values }: EvaluationResult, wanted: readonly string[]): string {
  if (wanted.length === 1 && wanted[0] === 'Result') return written(values.get('Result') ?? null);
  return wanted.map((name) => `${name}: ${written(values.get(name) ?? null)}`).join('\n');
}

/** A value in the words of CQL where it has some, else as JSON. */
function written(value: CqlValue): string {
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return `'${value}'`;
  if (isList(value))
    return value.length === 0
      ? '{}'
      : `{\n${value.map((item) => `  ${written(item).replaceAll('\n', '\n  ')}`).join(',\n')}\n}`;
  switch (value.type) {
    case 'Long':
      return `${value.value}L`;
    case 'Date':
    case 'DateTime':
      return `@${value.value}`;
    case 'Time':
      return `@T${value.value.replace(/^T/, '')}`;
    case 'Quantity':
      return `${value.value} '${value.unit}'`;
    case 'Interval':
      return `Interval${value.lowClosed ? '[' : '('}${written(value.low)}, ${written(value.high)}${value.highClosed ? ']' : ')'}`;
    case 'Resource':
      return `${value.resource.resourceType}/${value.resource.id ?? ''}`;
    default:
      return JSON.stringify(value);
  }
}

function traceOf({ clauses, retrieves }: EvaluationResult, linked: LinkedLibrary): string {
  const places = new Map<string, string>();
  for (const library of [linked.main, ...linked.includes])
    notePlaces(libraryKey(library.library.identifier), library.library.statements, places);
  const place = (library: string, localId: string): string =>
    `${library} ${places.get(`${library}#${localId}`) ?? ''} #${localId}`;
  return [
    ...retrieves.map(
      ({ library, localId, resources }) =>
        `retrieve ${place(library, localId)}: ${resources.map(({ resourceType, id }) => `${resourceType}/${id ?? ''}`).join(', ') || 'nothing'}`,
    ),
    ...clauses.map(({ library, localId, value }) => `clause ${place(library, localId)}: ${value}`),
  ].join('\n');
}

/** Locators (line:column-line:column) of all nodes that have one, by library and localId. */
function notePlaces(library: string, value: unknown, places: Map<string, string>): void {
  if (typeof value !== 'object' || value === null) return;
  if ('localId' in value && 'locator' in value) places.set(`${library}#${value.localId}`, String(value.locator));
  for (const part of Object.values(value)) notePlaces(library, part, places);
}

function withoutAnnotations(key: string, value: unknown): unknown {
  return key === 'annotation' || key === 'signature' || key.startsWith('resultType') ? undefined : value;
}

function isResult(outcome: unknown): outcome is EvaluationResult {
  return typeof outcome === 'object' && outcome !== null && 'values' in outcome;
}

function isList(value: CqlValue): value is readonly CqlValue[] {
  return Array.isArray(value);
}
