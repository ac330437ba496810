import {
  createTranslator,
  type ElmLibrary,
  type LinkedLibrary,
  libraryKey,
  linkLibraries,
  type ModelInfoSource,
} from '../../cql/index.ts';

/** Texts by the name of their library: what errors quote. */
export interface Sources {
  /** CQL of the main library, with the expression as its last definition; null when it is ELM. */
  readonly main: string | null;
  readonly elm: readonly ElmLibrary[];
  readonly included: readonly string[];
}

/** CQL and ELM that do not go together. */
export class UnusableLibrary extends Error {
  override readonly name = 'UnusableLibrary';
}

interface SourceFile {
  readonly file: string;
  readonly text: string;
}

interface NamedValueSet {
  readonly url: string;
  readonly title?: string;
  readonly name?: string;
}

/** @throws UnusableLibrary */
export function sourcesOf(
  expression: string | null,
  files: readonly SourceFile[],
  valueSets: readonly NamedValueSet[],
): Sources {
  const [first] = files;
  const elm = files.flatMap(({ file, text }) => (isElm(text) ? [elmOf(file, text)] : []));
  if (first === undefined) {
    if (expression === null) throw new UnusableLibrary('Give an expression, or --library');
    return { main: withExpression(emptyLibrary(valueSets), expression), elm, included: [] };
  }
  if (!isElm(first.text)) {
    const main = expression === null ? first.text : withExpression(first.text, expression);
    return { main, elm, included: files.slice(1).flatMap(({ text }) => (isElm(text) ? [] : [text])) };
  }
  if (expression !== null)
    throw new UnusableLibrary(`${first.file} is ELM: an expression needs the CQL of the library that it uses`);
  return { main: null, elm, included: [] };
}

/** @throws TranslationFailed, MissingLibrary, MissingModel, CyclicInclude */
export async function linkInput(sources: Sources, models: readonly ModelInfoSource[]): Promise<LinkedLibrary> {
  const [first] = sources.elm;
  if (sources.main === null && first !== undefined) return linkLibraries(first, resolver(sources.elm));
  const translator = createTranslator();
  try {
    const { main, includes } = await translator.translate({
      cql: sources.main ?? '',
      libraries: sources.included,
      models,
    });
    return linkLibraries(main, resolver([...includes, ...sources.elm]));
  } finally {
    await translator.close();
  }
}

function resolver(libraries: readonly ElmLibrary[]): (id: string, version: string | null) => ElmLibrary | null {
  return (id, version) =>
    libraries.find(
      ({ library: { identifier } }) =>
        libraryKey(identifier) === libraryKey(version === null ? { id } : { id, version }),
    ) ??
    libraries.find(({ library: { identifier } }) => identifier.id === id) ??
    null;
}

/** A library for an expression alone. Value sets go by their titles, and by their names. */
function emptyLibrary(valueSets: readonly NamedValueSet[]): string {
  const names = new Map<string, string>();
  for (const { url, title, name } of valueSets)
    for (const label of [title, name]) if (label !== undefined) names.set(label, url);
  return [
    "library Expression version '1'",
    "using FHIR version '4.0.1'",
    "include FHIRHelpers version '4.0.1' called FHIRHelpers",
    ...[...names].map(([name, url]) => `valueset ${quoted(name, '"')}: ${quoted(url, "'")}`),
    'parameter "Measurement Period" Interval<DateTime>',
    'context Patient',
  ].join('\n');
}

function withExpression(library: string, expression: string): string {
  return `${library.trimEnd()}\n\ndefine "Result":\n${expression.trim()}`;
}

function quoted(text: string, mark: string): string {
  return (
    mark +
    text
      .replace(/\\/g, '\\\\')
      .replaceAll(mark, `\\${mark}`)
      .replace(/[\r\n]+/g, ' ') +
    mark
  );
}

function isElm(text: string): boolean {
  return text.trimStart().startsWith('{');
}

function elmOf(file: string, text: string): ElmLibrary {
  try {
    const elm: ElmLibrary = JSON.parse(text);
    if (elm.library?.identifier !== undefined) return elm;
  } catch {
    // Said below: whatever it is, it is no ELM.
  }
  throw new UnusableLibrary(`${file} is no ELM: { "library": { "identifier": ... } }`);
}
