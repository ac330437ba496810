import fc from 'fast-check';
import { CqlError, type ElmLibrary, linkLibraries, PatientRecord } from '../../cql/index.ts';
import { examples } from './differences.ts';
import { compiler, libraryOf, now, valueSets } from './evaluate.ts';
import { everything } from './hostile-document.ts';

/** Texts that would run, or end what quotes them, if a string of a document ever became code. */
export const fragments: readonly string[] = [
  `"];globalThis.__gapless=1;//`,
  `'];globalThis.__gapless=1;//`,
  '`];globalThis.__gapless=1;//',
  `\${(globalThis.__gapless=1)}`,
  `\\");globalThis.__gapless=1;(\\"`,
  `")+(globalThis.__gapless=1)+("`,
  '*/globalThis.__gapless=1;/*',
  '\n;globalThis.__gapless=1;\n',
  '\u2028;globalThis.__gapless=1;\u2029',
  'constructor.constructor("globalThis.__gapless=1")()',
  'globalThis.__gapless=1',
  '(()=>{globalThis.__gapless=1})()',
  '__proto__',
  'constructor',
  'toString',
  '\0',
  '\ud800',
];

export interface HostileResult {
  readonly tried: number;
  /** Sentences; empty when no string of any document did anything. */
  readonly broken: readonly string[];
}

export interface HostilePlan {
  readonly seed: number;
  readonly until: number;
  /** Of the fixed document, every n-th pair of a string and a fragment; 1 by default. */
  readonly every?: number;
  readonly generated?: number;
}

/** Puts code into the strings of ELM documents, one at a time, and has the compiled engine prepare and evaluate them. */
export async function searchHostile({
  seed,
  until,
  every = 1,
  generated = 5_000,
}: HostilePlan): Promise<HostileResult> {
  const broken: string[] = [];
  let tried = 0;
  const attempt = async (library: ElmLibrary, position: number, fragment: string): Promise<void> => {
    const { changed, path } = withText(library, position, fragment);
    tried += 1;
    const problem = await misbehaviour(changed);
    if (problem !== null) broken.push(`${path} = ${JSON.stringify(fragment)}: ${problem}`);
  };
  const places = placesOf(everything);
  for (let i = 0; i < places * fragments.length && performance.now() < until; i += every)
    await attempt(everything, Math.floor(i / fragments.length), fragments[i % fragments.length] ?? '');
  const cases = fc.tuple(examples, fc.nat({ max: 500 }), fc.constantFrom(...fragments));
  for (const [example, position, fragment] of fc.sample(cases, { seed, numRuns: generated })) {
    if (performance.now() >= until) break;
    const library = libraryOf(example.expression, example);
    await attempt(library, position % placesOf(library), fragment);
  }
  return { tried, broken: [...new Set(broken)] };
}

/** What is wrong with how the engine takes the document; null when it evaluates it or refuses it as it should. */
async function misbehaviour(library: ElmLibrary): Promise<string | null> {
  Reflect.deleteProperty(globalThis, '__gapless');
  let thrown: unknown = null;
  try {
    const prepared = compiler.prepare(
      linkLibraries(library, () => null),
      valueSets,
    );
    for (const { name, type } of library.library.statements?.def ?? [])
      if (type !== 'FunctionDef')
        for (const trace of [false, true]) {
          const request = { expressions: [name], parameters: {}, now, budgetMs: 1000, trace };
          await prepared.evaluate(new PatientRecord([patient, observation]), request).catch((error: unknown) => {
            if (!(error instanceof CqlError)) throw error;
          });
        }
  } catch (error) {
    thrown = error;
  }
  if (Reflect.has(globalThis, '__gapless')) return 'the text was run';
  if (Object.keys(Object.prototype).length > 0) return 'a prototype was changed';
  if (thrown instanceof SyntaxError || thrown instanceof ReferenceError) return `it became code: ${thrown.message}`;
  return null;
}

const patient = { resourceType: 'Patient', id: 'p', birthDate: '1970-03-01' };
const observation = { resourceType: 'Observation', id: 'o', status: 'final', code: { text: 'x' } };

/** How many values a document holds where a text can be put: strings, numbers and booleans. */
function placesOf(value: unknown): number {
  if (value === null) return 0;
  if (typeof value !== 'object') return 1;
  return Object.values(value).reduce<number>((sum, part) => sum + placesOf(part), 0);
}

/** The document with another n-th value, and where that is. */
function withText(
  library: ElmLibrary,
  position: number,
  text: string,
): { readonly changed: ElmLibrary; readonly path: string } {
  let seen = 0;
  let path = '';
  const change = (value: unknown, at: string): unknown => {
    if (typeof value !== 'object') {
      seen += 1;
      if (seen - 1 !== position) return value;
      path = at;
      return text;
    }
    if (value === null) return value;
    if (Array.isArray(value)) return value.map((part, i) => change(part, `${at}[${i}]`));
    return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, change(part, `${at}.${name}`)]));
  };
  const changed = change(library, '') as ElmLibrary;
  return { changed, path };
}
