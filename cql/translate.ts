import { Worker } from 'node:worker_threads';
import type { ElmLibrary, ElmNode } from './elm.ts';
import { MissingLibrary, MissingModel, TranslationFailed, type TranslationMessage } from './errors.ts';
import { CyclicInclude } from './link.ts';
import type { ModelInfoSource, SourceLibrary, WorkerAnswer, WorkerQuestion } from './translate/protocol.ts';

export type { ModelInfoSource } from './translate/protocol.ts';

export interface TranslationRequest {
  /** Text of the library to translate. */
  readonly cql: string;
  /**
   * Texts of the libraries that it may include, directly or not; more than needed does no harm. FHIRHelpers 4.0.1 is
   * always there (translate/fhir-helpers.ts) unless it is among them.
   */
  readonly libraries?: readonly string[];
  /** Models beside System and FHIR 4.0.1, which are always there. */
  readonly models?: readonly ModelInfoSource[];
}

export interface Translation {
  readonly main: ElmLibrary;
  /** ELM of the libraries that it includes, directly and indirectly. */
  readonly includes: readonly ElmLibrary[];
  /** Warnings and information; an error would have been thrown. */
  readonly messages: readonly TranslationMessage[];
}

export interface Translator {
  /**
   * CQL 1.5 to ELM, with annotations, locators, result types and all signatures.
   * @throws TranslationFailed with line and column; also when it takes too long, too much memory, or nests too deeply
   * @throws MissingLibrary for an include that `libraries` lacks
   * @throws MissingModel for a model that is neither given nor built in
   * @throws CyclicInclude
   */
  translate(request: TranslationRequest): Promise<Translation>;
  /** Stops the thread. A translation that is under way fails. */
  close(): Promise<void>;
}

export interface TranslatorLimits {
  readonly timeoutMs?: number;
  readonly memoryMb?: number;
  /** The thread is replaced after so many translations. */
  readonly recycleAfter?: number;
}

/** A translator in a thread of its own, started when first needed. Translations run one after another. */
export function createTranslator({
  timeoutMs = 60_000,
  memoryMb = 1024,
  recycleAfter = 200,
}: TranslatorLimits = {}): Translator {
  let thread: Promise<Worker> | null = null;
  let done = 0;
  let lane: Promise<unknown> = Promise.resolve();

  const stop = async (): Promise<void> => {
    const running = thread;
    thread = null;
    done = 0;
    await (await running?.catch(() => undefined))?.terminate();
  };

  const ask = async (question: WorkerQuestion): Promise<WorkerAnswer> => {
    if (done >= recycleAfter) await stop();
    thread ??= start(memoryMb);
    const worker = await thread.catch((error: unknown) => {
      thread = null;
      throw error;
    });
    if (worker.threadId === -1) {
      await stop();
      return ask(question);
    }
    done += 1;
    try {
      return await answerOf(worker, question, timeoutMs, memoryMb);
    } catch (error) {
      await stop();
      throw error;
    }
  };

  return {
    async translate({ cql, libraries = [], models = [] }) {
      const sources = libraries.map(sourceOf);
      for (const source of [sourceOf(cql), ...sources]) refuseDepth(source);
      refuseCycles(sourceOf(cql), sources);
      const asked = lane.then(() => ask({ cql, libraries: sources, models }));
      lane = asked.catch(() => undefined);
      return translationOf(cql, sources, await asked);
    },
    close: stop,
  };
}

async function start(memoryMb: number): Promise<Worker> {
  const worker = new Worker(new URL('./translate/worker.ts', import.meta.url), {
    // The translator writes to the console, which belongs to whoever runs us.
    stdout: true,
    resourceLimits: { maxOldGenerationSizeMb: memoryMb, maxYoungGenerationSizeMb: 128, stackSizeMb: 8 },
  });
  await new Promise<void>((resolve, reject) => {
    worker.once('message', () => resolve());
    worker.once('error', reject);
  });
  worker.removeAllListeners('error');
  // A thread that breaks while it has nothing to do is replaced by the next translation.
  worker.on('error', () => undefined);
  worker.unref();
  return worker;
}

function answerOf(
  worker: Worker,
  question: WorkerQuestion,
  timeoutMs: number,
  memoryMb: number,
): Promise<WorkerAnswer> {
  const { name } = sourceOf(question.cql);
  return new Promise((resolve, reject) => {
    const settle = (finish: () => void): void => {
      clearTimeout(timer);
      worker.off('message', answered).off('error', broken).off('exit', closed);
      worker.unref();
      finish();
    };
    const fail = (reason: string) => (): void => settle(() => reject(new TranslationFailed([internal(name, reason)])));
    const answered = (answer: WorkerAnswer): void => settle(() => resolve(answer));
    const broken = fail(`The translation needs more than ${memoryMb} MB, or broke the translator`);
    const closed = fail('The translator was closed');
    const timer = setTimeout(fail(`The translation was stopped after ${timeoutMs} ms`), timeoutMs);
    worker.on('message', answered).on('error', broken).on('exit', closed);
    worker.ref();
    worker.postMessage(question);
  });
}

function translationOf(cql: string, sources: readonly SourceLibrary[], answer: WorkerAnswer): Translation {
  const [missingModel] = answer.missingModels;
  if (missingModel !== undefined) {
    const [model = '', version = ''] = missingModel.split('|');
    throw new MissingModel(model, version === '' ? null : version);
  }
  const [missingLibrary] = answer.missingLibraries;
  if (missingLibrary !== undefined) {
    const [name = '', version = ''] = missingLibrary.split('|');
    const includer = [sourceOf(cql), ...sources].find((source) => includesOf(source.cql).some((i) => i.name === name));
    throw new MissingLibrary(name, version === '' ? null : version, includer?.name ?? null);
  }
  if (answer.main === null) {
    const reason = /RangeError|stack/i.test(answer.failure ?? '')
      ? 'The expressions are nested too deeply'
      : (answer.failure ?? 'The translator failed');
    throw new TranslationFailed([internal(sourceOf(cql).name, reason)]);
  }
  const main: ElmLibrary = JSON.parse(answer.main);
  const includes = answer.includes.map((text): ElmLibrary => JSON.parse(text));
  const messages = [main, ...includes].flatMap(messagesOf);
  const unique = [...new Map(messages.map((message) => [JSON.stringify(message), message])).values()];
  if (unique.some(({ severity }) => severity === 'error')) throw new TranslationFailed(unique);
  return { main, includes, messages: unique };
}

function messagesOf({ library }: ElmLibrary): TranslationMessage[] {
  return (library.annotation ?? [])
    .filter(({ type }) => type === 'CqlToElmError')
    .map((annotation) => {
      const kind = kinds[text(annotation, 'errorType') ?? ''] ?? 'internal';
      // The parser counts columns from 0, everything else of the translator from 1.
      const first = kind === 'syntax' ? 1 : 0;
      return {
        library: text(annotation, 'libraryId') ?? library.identifier?.id ?? 'unnamed',
        severity: severities[text(annotation, 'errorSeverity') ?? ''] ?? 'error',
        kind,
        message: text(annotation, 'message') ?? '',
        startLine: number(annotation, 'startLine'),
        startColumn: column(annotation, 'startChar', first),
        endLine: number(annotation, 'endLine'),
        endColumn: column(annotation, 'endChar', first),
      };
    });
}

const severities: Readonly<Record<string, TranslationMessage['severity']>> = {
  error: 'error',
  warning: 'warning',
  info: 'information',
};
const kinds: Readonly<Record<string, TranslationMessage['kind']>> = {
  syntax: 'syntax',
  semantic: 'semantic',
  include: 'include',
};

function internal(library: string, message: string): TranslationMessage {
  const nowhere = { startLine: null, startColumn: null, endLine: null, endColumn: null };
  return { library, severity: 'error', kind: 'internal', message, ...nowhere };
}

/** Name and version from the library's own first statement; comments are passed over. */
function sourceOf(cql: string): SourceLibrary {
  const [, name, version] =
    /^\s*library\s+((?:[\w.]|"[^"]*")+)(?:\s+version\s+'([^']*)')?/m.exec(withoutComments(cql)) ?? [];
  const plain = (name ?? 'unnamed').replaceAll('"', '');
  return { name: plain.slice(plain.lastIndexOf('.') + 1), version: version ?? null, cql };
}

function includesOf(cql: string): { readonly name: string; readonly version: string | null }[] {
  return [...withoutComments(cql).matchAll(/^\s*include\s+((?:[\w.]|"[^"]*")+)(?:\s+version\s+'([^']*)')?/gm)].map(
    ([, name = '', version]) => {
      const plain = name.replaceAll('"', '');
      return { name: plain.slice(plain.lastIndexOf('.') + 1), version: version ?? null };
    },
  );
}

function withoutComments(cql: string): string {
  return cql.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, (comment) => comment.replace(/[^\n]/g, ' '));
}

/** Brackets nested so deeply keep the parser busy for minutes, and overflow its stack in the end. */
const deepest = 200;

function refuseDepth({ name, cql }: SourceLibrary): void {
  let depth = 0;
  const code = withoutComments(cql).replace(/'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"/g, (quoted) =>
    ' '.repeat(quoted.length),
  );
  for (const [position, character] of [...code].entries()) {
    if ('([{'.includes(character)) depth += 1;
    else if (')]}'.includes(character)) depth -= 1;
    if (depth <= deepest) continue;
    const before = code.slice(0, position).split('\n');
    const place = { startLine: before.length, startColumn: (before.at(-1) ?? '').length + 1 };
    const message = `Brackets are nested more than ${deepest} deep`;
    throw new TranslationFailed([{ ...internal(name, message), ...place, kind: 'syntax' }]);
  }
}

/** The translator overflows its stack on libraries that include one another. */
function refuseCycles(main: SourceLibrary, libraries: readonly SourceLibrary[]): void {
  const cleared = new Set<SourceLibrary>();
  const visit = (library: SourceLibrary, trail: readonly string[]): void => {
    const key = library.version === null ? library.name : `${library.name}|${library.version}`;
    if (trail.includes(key)) throw new CyclicInclude([...trail.slice(trail.indexOf(key)), key]);
    if (cleared.has(library)) return;
    for (const include of includesOf(library.cql)) {
      const found = [main, ...libraries].find(
        ({ name, version }) => name === include.name && (include.version === null || version === include.version),
      );
      if (found !== undefined) visit(found, [...trail, key]);
    }
    cleared.add(library);
  };
  visit(main, []);
}

function text(node: ElmNode, property: string): string | null {
  const value = node[property];
  return typeof value === 'string' ? value : null;
}

function column(node: ElmNode, property: string, more: number): number | null {
  const found = number(node, property);
  return found === null ? null : found + more;
}

function number(node: ElmNode, property: string): number | null {
  const value = node[property];
  return typeof value === 'number' ? value : typeof value === 'string' && value !== '' ? Number(value) : null;
}
