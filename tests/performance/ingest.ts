import { chmodSync, createReadStream, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Bundle } from '@medplum/fhirtypes';
import { auditEvent } from '../../server/auth/audit.ts';
import { readConfig } from '../../server/config.ts';

import { demoIdentity } from '../../server/http/request-context.ts';
import { createLogger } from '../../server/log.ts';
import { type Services, startServices } from '../../server/services.ts';
import { importNdjson } from '../../server/store/import-ndjson.ts';
import { bundleText, sampleBundles, sampleLines, writeSample } from './ingest/data.ts';
import { between, type ProcessorTime, processorTime } from './ingest/processor-time.ts';
import { rawCopy } from './ingest/raw-copy.ts';
import { requestContext } from './live/live-practice.ts';
import { latenciesOf } from './live/writes.ts';
import { spread } from './statistics.ts';

const usage = `npm run bench:ingest [-- --quick] [--json [FILE]] [--resources N]

How fast data come in, beside what the machine can do: NDJSON and transaction Bundles into a fresh database, with
validation, history, all search indexes, AuditEvents and the change feed; against COPY of the same resources into one
table with three indexes. Then searches by patient and code. Processor time is told as well, because machines are shared.
--quick: 10,000 resources and not 100,000.`;

const targets = { ratioToCopy: 4, bundleResourcesPerSecond: 1_500, searchMs: 5, memoryMb: 500 };

interface Phase {
  readonly resources: number;
  readonly seconds: number;
  readonly perSecond: number;
  /** Microseconds of processor time for each resource. */
  readonly node: number;
  readonly postgres: number | null;
}

async function main(): Promise<void> {
  const { quick, json, resources } = readOptions();
  const log = json === '' ? console.error : console.log;
  const folder = mkdtempSync(join(tmpdir(), 'gapless-bench-ingest-'));
  chmodSync(folder, 0o755); // as root, PostgreSQL runs as nobody, who has to get in
  const { name, bundles } = sampleBundles();
  log(`${cpus()[0]?.model.trim()}, ${availableParallelism()} cores, Node ${process.version}; ${name}`);
  const dataDir = join(folder, 'data');
  mkdirSync(dataDir);
  chmodSync(dataDir, 0o755);
  const config = readConfig({ GAPLESS_DATA_DIR: dataDir, GAPLESS_ROLE: 'api', GAPLESS_DEMO_PATIENTS: '0' });
  const services = await startServices(config, createLogger({ logLevel: 'error', logFormat: 'text' }));
  try {
    const file = join(folder, 'sample.ndjson');
    const warm = join(folder, 'warm.ndjson');
    await writeSample(warm, bundles.slice(0, 3), 1);
    await writeSample(file, bundles, resources);
    const postgres = join(dataDir, 'postgres');
    const { warmUp, copy } = await measureCopy(services, { file, warm, postgres });
    log(told('COPY into one table', copy));
    const ndjson = await measureNdjson(services, file, postgres);
    log(
      `${told('NDJSON', ndjson)}; at most ${ndjson.memoryMb} MB, ${ndjson.growthMb} MB more at the end than at a third`,
    );
    const transactions = await measureBundles(services, bundles, quick ? 6_000 : 20_000, postgres);
    log(told('transaction Bundles', transactions));
    const search = await measureSearch(services, bundles, ndjson.resources);
    log(
      `search by patient and code, ${search.stored} stored: ${search.medianMs.toFixed(2)} ms, p99 ${search.p99Ms.toFixed(1)}`,
    );
    const ratio = copy.perSecond / ndjson.perSecond;
    const ratioOfTime = ratioOf(ndjson, copy);
    log(
      `NDJSON : COPY = 1 : ${ratio.toFixed(1)} by the clock, 1 : ${ratioOfTime.toFixed(1)} by processor time; target ${targets.ratioToCopy}`,
    );
    log(
      `Bundles ${transactions.perSecond.toFixed(0)}/s, target ${targets.bundleResourcesPerSecond}; search target ${targets.searchMs} ms`,
    );
    const report = { sample: name, quick, targets, warmUp, copy, ndjson, transactions, search, ratio, ratioOfTime };
    if (json === '') console.log(JSON.stringify(report, null, 1));
    else if (json !== null) writeFileSync(json, JSON.stringify(report, null, 1));
  } finally {
    await services.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Files {
  readonly file: string;
  readonly warm: string;
  readonly postgres: string;
}

/** The definitions are read and the code is compiled before anything counts. */
async function measureCopy(services: Services, { file, warm, postgres }: Files) {
  const began = performance.now();
  await importFile(services, warm, 'warm up');
  const warmUp = (performance.now() - began) / 1000;
  const copy = await timed(postgres, () => rawCopy(services.database, file));
  return { warmUp, copy };
}

async function measureNdjson(services: Services, file: string, postgres: string) {
  const memory: number[] = [];
  const phase = await timed(postgres, () =>
    importFile(services, file, 'sample', () => memory.push(process.memoryUsage().rss / 1e6)),
  );
  const third = memory[Math.floor(memory.length / 3)] ?? 0;
  const growthMb = Math.round((memory.at(-1) ?? 0) - third);
  return { ...phase, memoryMb: Math.round(Math.max(...memory)), growthMb, megabytes: statSync(file).size / 1e6 };
}

async function importFile(
  services: Services,
  file: string,
  tenant: string,
  onProgress = (): unknown => null,
): Promise<number> {
  const { lines, failed } = await importNdjson(
    { name: file, resourceType: null, size: null, open: () => createReadStream(file, { highWaterMark: 1_048_576 }) },
    {
      database: services.database,
      tenant: tenant === 'sample' ? demoIdentity.tenant : tenant,
      importId: tenant,
      baseUrl: null,
      audit: (resources) =>
        auditEvent(
          { ...demoIdentity, requestId: 'bench' },
          { action: 'E', interaction: 'transaction', resources, query: null },
          new Date(),
        ),
      check: services.interactionServices.check,
      explain: ({ message }) => ({ code: 'invalid', diagnostics: message, expression: [] }),
      signal: new AbortController().signal,
      onProgress,
    },
  );
  if (failed > 0) throw new Error(`${failed} of ${lines} lines were refused`);
  return lines;
}

const clients = 2;

/** Two clients, each with one Bundle after another. */
async function measureBundles(services: Services, bundles: readonly Bundle[], atLeast: number, postgres: string) {
  const texts: { readonly text: string; readonly count: number }[] = [];
  for (let round = 1_000_000, count = 0; count < atLeast; round += 1)
    for (const bundle of bundles) {
      if (count >= atLeast) break;
      const size = bundle.entry?.length ?? 0;
      texts.push({ text: bundleText(bundle, round), count: size });
      count += size;
    }
  return timed(postgres, async () => {
    let resources = 0;
    const client = async (): Promise<void> => {
      for (let next = texts.pop(); next !== undefined; next = texts.pop()) {
        const request = { method: 'POST', path: [], query: new URLSearchParams(), headers: {}, body: next.text };
        const { status } = await services.dispatch(requestContext(), request);
        if (status !== 200) throw new Error(`a Bundle was answered with ${status}`);
        resources += next.count;
      }
    };
    await Promise.all(Array.from({ length: clients }, client));
    return resources;
  });
}

/** A patient's results of one code, as a measure, a page or a client asks for most. */
async function measureSearch(services: Services, bundles: readonly Bundle[], stored: number) {
  await services.database.query('ANALYZE');
  const rounds = Math.floor(stored / sampleLines(bundles, 0).length);
  const observations = spread(
    Array.from({ length: Math.max(1, rounds) }, (_, round) => round),
    5,
  ).flatMap((round) =>
    spread(
      sampleLines(bundles, round).filter(({ type }) => type === 'Observation'),
      60,
    ),
  );
  const times: number[] = [];
  for (const [turn, { patient, text }] of observations.entries()) {
    const [, system = '', code = ''] = /"code":\{"coding":\[\{"system":"([^"]+)","code":"([^"]+)"/.exec(text) ?? [];
    const query = new URLSearchParams({ patient, code: `${system}|${code}` });
    const began = performance.now();
    const request = { method: 'GET', path: ['Observation'], query, headers: {}, body: null };
    const { status, body } = await services.dispatch(requestContext(), request);
    if (status !== 200 || !JSON.stringify(body).includes('entry'))
      throw new Error(`a search gave ${status} or nothing`);
    if (turn >= 20) times.push(performance.now() - began);
  }
  return { stored, ...latenciesOf(times) };
}

async function timed(postgres: string, work: () => Promise<number>): Promise<Phase> {
  const before = processorTime(postgres);
  const began = performance.now();
  const resources = await work();
  const seconds = (performance.now() - began) / 1000;
  const used: ProcessorTime = between(before, processorTime(postgres));
  const each = (time: number): number => (time * 1e6) / resources;
  return {
    resources,
    seconds,
    perSecond: resources / seconds,
    node: each(used.node),
    postgres: used.postgres === null ? null : each(used.postgres),
  };
}

function ratioOf(one: Phase, other: Phase): number {
  const of = ({ node, postgres }: Phase): number => node + (postgres ?? 0);
  return of(one) / of(other);
}

function told(what: string, { resources, seconds, perSecond, node, postgres }: Phase): string {
  const time = `${node.toFixed(0)} + ${postgres?.toFixed(0) ?? '?'} µs of Node and PostgreSQL each`;
  return `${what}: ${resources} in ${seconds.toFixed(1)} s, ${perSecond.toFixed(0)}/s, ${time}`;
}

function readOptions() {
  const args = process.argv.slice(2);
  const bare = args.flatMap((arg, i) => (arg === '--json' && !/^[^-]/.test(args[i + 1] ?? '') ? ['--json='] : [arg]));
  const { values } = parseArgs({
    args: bare,
    options: {
      quick: { type: 'boolean', default: false },
      json: { type: 'string' },
      resources: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(usage);
    process.exit(0);
  }
  const resources = Number(values.resources ?? (values.quick ? 10_000 : 100_000));
  return { quick: values.quick, json: values.json ?? null, resources };
}

await main();
