import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { setPriority } from 'node:os';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import { auditEvent } from '../auth/audit.ts';
import { endpointRules } from '../connectors/endpoint-addresses.ts';
import { fileSources, standardInput, urlSource } from '../connectors/import-sources.ts';
import { demoIdentity } from '../http/request-context.ts';
import { type ImportedSource, type ImportState, runImport, sumOf } from '../jobs/import-run.ts';
import { toOutcome } from '../outcomes.ts';
import type { Services } from '../services.ts';
import { rejectionOutcome } from '../store/import-outcome.ts';
import type { NdjsonSource, RejectedLine } from '../store/import-source.ts';
import { forgetPosition, readPosition, rejectedLines } from '../store/import-state.ts';

interface Options {
  readonly type?: string;
  readonly errors: string;
  readonly anew: boolean;
}

/** `gapless import`: NDJSON of files, folders, URLs and standard input, also while the server runs. */
export function registerImport(
  program: Command,
  withServices: (work: (services: Services) => Promise<void>) => Promise<void>,
): void {
  program
    .command('import')
    .description('store the resources of NDJSON, each under its own id; interrupted, the same command goes on')
    .argument('<source...>', 'files and folders (.ndjson, .jsonl, also with .gz), URLs, or - for standard input')
    .option('--type <type>', 'resource type that every line must have')
    .option('--errors <file>', 'where lines that were not stored go, with the reason', 'import-errors.ndjson')
    .option('--anew', 'read everything again, whatever an interrupted import has stored', false)
    .action((names: string[], options: Options) => withServices((services) => importAll(services, names, options)));
}

async function importAll(services: Services, names: readonly string[], options: Options): Promise<void> {
  const { database, interactionServices, config } = services;
  const { tenant } = demoIdentity;
  setPriority(10); // a server beside it goes first
  const rules = endpointRules(['0.0.0.0/0', '::/0']); // whoever starts a command may reach what this machine reaches
  const sources = (await Promise.all(names.map((name) => sourcesOf(name, options.type ?? null, rules)))).flat();
  const importId = `command ${createHash('sha256')
    .update(sources.map(({ name }) => name).join('\n'))
    .digest('hex')
    .slice(0, 32)}`;
  await beginOrGoOn(services, importId, sources, options.anew);
  const stop = new AbortController();
  const interrupt = (): void => stop.abort();
  process.once('SIGINT', interrupt);
  process.once('SIGTERM', interrupt);
  try {
    const done = await runImport(sources, {
      database,
      tenant,
      importId,
      baseUrl: config.publicUrl === null ? null : `${config.publicUrl}/fhir`,
      audit: (resources) =>
        auditEvent(
          { ...demoIdentity, requestId: 'import' },
          { action: 'E', interaction: 'transaction', resources, query: null },
          new Date(),
        ),
      check: interactionServices.check,
      explain,
      signal: stop.signal,
      onProgress: progressLine(),
    });
    await report(services, importId, done, options.errors);
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    console.error('\nStopped. What was read is stored; the same command goes on from there.');
    process.exitCode = 130;
  } finally {
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
  }
}

async function sourcesOf(
  name: string,
  type: string | null,
  rules: ReturnType<typeof endpointRules>,
): Promise<NdjsonSource[]> {
  if (name === '-') return [standardInput(process.stdin, type)];
  return /^https?:\/\//.test(name) ? [urlSource(name, type, rules)] : fileSources(name, type);
}

/** An import that is done is done again from the start, where nothing that is stored just so makes a version. */
async function beginOrGoOn(
  { database }: Services,
  importId: string,
  sources: readonly NdjsonSource[],
  anew: boolean,
): Promise<void> {
  const keys = sources.map(({ name }) => ({ tenant: demoIdentity.tenant, importId, source: name }));
  const positions = await Promise.all(keys.map((key) => readPosition(database, key)));
  const isDone = positions.every((position) => position?.complete === true);
  if (isDone || anew) for (const key of keys) await forgetPosition(database, key);
  else if (positions.some((position) => position !== null)) console.error('Going on where the last import stopped');
}

/** What a reader of the error file can act on. */
function explain(error: Error): Pick<RejectedLine, 'code' | 'diagnostics' | 'expression'> {
  const { issue } = toOutcome(error).outcome;
  return {
    code: issue[0]?.code ?? 'exception',
    diagnostics: issue.map(({ diagnostics, code }) => diagnostics ?? code).join('; '),
    expression: issue.flatMap(({ expression }) => expression ?? []),
  };
}

/** Rewrites a line of the terminal; where there is none, a line every ten seconds. */
function progressLine(): (state: ImportState) => void {
  let shownAt = performance.now();
  return (state) => {
    if (!process.stderr.isTTY && performance.now() - shownAt < 10_000) return;
    shownAt = performance.now();
    process.stderr.write(process.stderr.isTTY ? `\r\u001B[K${said(state)}` : `${said(state)}\n`);
  };
}

function said({ lines, linesPerSecond, fraction, secondsLeft, failed, position, sources }: ImportState): string {
  const parts = [
    `${sources === 1 ? '' : `source ${position} of ${sources}, `}${lines} lines`,
    ...(fraction === null ? [] : [`${Math.floor(fraction * 100)} %`]),
    `${Math.round(linesPerSecond)}/s`,
    ...(secondsLeft === null ? [] : [`${Math.ceil(secondsLeft)} s left`]),
    ...(failed === 0 ? [] : [`${failed} not stored`]),
  ];
  return parts.join(', ');
}

async function report(
  { database }: Services,
  importId: string,
  done: readonly ImportedSource[],
  errors: string,
): Promise<void> {
  if (process.stderr.isTTY) process.stderr.write('\r\u001B[K');
  for (const { source, lines, created, updated, unchanged, replaced, failed } of done)
    console.log(
      `${source}: ${lines} lines, ${created} created, ${updated} updated, ${unchanged} unchanged, ${replaced} replaced by later lines, ${failed} not stored`,
    );
  const all = sumOf(done);
  if (all.failed + all.replaced === 0) return;
  await pipeline(Readable.from(errorLines(database, importId)), createWriteStream(errors, { mode: 0o600 }));
  console.error(`${errors} has the lines that were not stored, each with its reason. They hold patient data.`);
  if (all.failed > 0) process.exitCode = 2;
}

async function* errorLines(database: Services['database'], importId: string): AsyncGenerator<string> {
  for await (const line of rejectedLines(database, demoIdentity.tenant, importId))
    yield `${JSON.stringify(rejectionOutcome(line))}\n`;
}
