import { writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { Presets, SingleBar } from 'cli-progress';
import type { Services } from '../../server/services.ts';
import { LivePractice, measureUrls } from './live/live-practice.ts';
import { allPatientIds, type Reading, readRoster } from './live/reread.ts';
import { type Latencies, latenciesOf, timeToVisible, writeFast, writeSteadily } from './live/writes.ts';
import { geometricMean, spread } from './statistics.ts';

const usage = `npm run bench:live [-- --quick] [--json [FILE]] [--keep] [--patients N]

A practice of 10,000 demo patients and 20 measures: how soon a write shows in $care-gaps, what the feed costs a write, and
what reading all gaps again costs beside evaluating them, all in one run. The official measures where the reference data
is present. --quick: 200 patients and our own measures under many urls. --keep uses and leaves the database.`;

const perSecond = 50;
const targets = { visibleMedianMs: 250, visibleP99Ms: 1000, slowdown: 0.15, ratio: 50 };
const everyStatus = ['open-gap', 'closed-gap', 'prospective-gap', 'not-applicable'];

async function main(): Promise<void> {
  const { quick, json, keep, patients } = readOptions();
  const log = json === '' ? console.error : console.log;
  const practice = new LivePractice({ patients, official: !quick, keep });
  log(`${cpus()[0]?.model.trim()}, ${availableParallelism()} cores, Node ${process.version}; ${patients} patients`);
  try {
    await build(practice, log);
    const reread = await measureRereading(practice, { quick, log });
    const writes = await measureWrites(practice, { quick, log });
    const visible = await measureVisibility(practice, { quick, log });
    const report = { patients, quick, targets, ...reread, ...writes, ...visible };
    if (json === '') console.log(JSON.stringify(report, null, 1));
    else if (json !== null) writeFileSync(json, JSON.stringify(report, null, 1));
  } finally {
    practice.remove();
  }
}

interface Settings {
  readonly quick: boolean;
  readonly log: (line: string) => void;
}

async function build(practice: LivePractice, log: Settings['log']): Promise<void> {
  const bar = new SingleBar(
    { format: '{bar} {value}/{total} patients', stream: process.stderr },
    Presets.shades_classic,
  );
  const storing = await practice.start('api');
  bar.start(1, 0);
  await practice.fill(storing, (done, total) => {
    bar.setTotal(total);
    bar.update(done);
  });
  bar.stop();
  await storing.close();
  const began = performance.now();
  const working = await practice.start('all');
  await working.worker?.idle();
  log(`Evaluated what was not yet: ${((performance.now() - began) / 1000).toFixed(1)} s`);
  await working.close();
}

/** (c) Reading everything again against evaluating everything, without other work on the server. */
async function measureRereading(practice: LivePractice, { log }: Settings) {
  const services = await practice.start('api');
  const ids = await allPatientIds(services);
  await services.database.query('ANALYZE');
  await readRoster(services, spread(ids, 100), { state: true, status: everyStatus });
  await readRoster(services, spread(ids, 20), { state: false, status: everyStatus });
  const compared: Record<string, { first: Reading; reread: Reading; recompute: Reading; ratio: number }> = {};
  for (const [name, status] of [
    ['all gaps', everyStatus],
    ['open and prospective gaps', ['open-gap', 'prospective-gap']],
  ] as const) {
    const first = await readRoster(services, ids, { state: true, status });
    const reread = await readRoster(services, ids, { state: true, status });
    const recompute = await readRoster(services, ids, { state: false, status });
    const ratio = recompute.seconds / reread.seconds;
    compared[name] = { first, reread, recompute, ratio };
    const line = ({ seconds, documents, megabytes }: Reading): string =>
      `${seconds.toFixed(1)} s (${documents} documents, ${megabytes.toFixed(1)} MB)`;
    log(`${name}: first from the state ${line(first)}, ${first.evaluated} evaluated; read again ${line(reread)}`);
    log(`  recomputed ${line(recompute)}`);
    log(`  recompute : read again = ${ratio.toFixed(1)}, target ${targets.ratio}`);
  }
  await services.close();
  return { compared };
}

/** (b) The same writes with the feed and its worker, and with neither: in turns, because machines drift. */
async function measureWrites(practice: LivePractice, { quick, log }: Settings) {
  const seconds = quick ? 3 : 20;
  const rates: Record<'with' | 'without', number[]> = { with: [], without: [] };
  const latencies: Record<'with' | 'without', number[]> = { with: [], without: [] };
  for (const feed of ['with', 'without', 'without', 'with'] as const) {
    const services = await practice.start(feed === 'with' ? 'all' : 'api');
    await withFeed(services, feed === 'with');
    const ids = await allPatientIds(services);
    await writeFast(services, ids, { seconds: 1, writers: 4 });
    latencies[feed].push(...(await writeSteadily(services, ids, { perSecond, seconds })));
    rates[feed].push(await writeFast(services, ids, { seconds, writers: 4 }));
    await withFeed(services, true);
    await services.worker?.idle();
    await services.close();
  }
  const of = (feed: 'with' | 'without'): { latency: Latencies; perSecond: number } => ({
    latency: latenciesOf(latencies[feed]),
    perSecond: geometricMean(rates[feed]),
  });
  const writes = { withFeed: of('with'), withoutFeed: of('without') };
  const slower = writes.withFeed.latency.medianMs / writes.withoutFeed.latency.medianMs - 1;
  const throughput = 1 - writes.withFeed.perSecond / writes.withoutFeed.perSecond;
  for (const [name, { latency, perSecond: rate }] of Object.entries(writes))
    log(`writes ${name}: at ${perSecond}/s ${told(latency)}; at most ${rate.toFixed(0)}/s`);
  log(`  slower by ${percent(slower)} at the median, throughput less by ${percent(throughput)}, target 15 %`);
  return { writes, slower, throughput };
}

/** (a) */
async function measureVisibility(practice: LivePractice, { quick, log }: Settings) {
  const services = await practice.start('all');
  await services.worker?.idle();
  const [ids, urls] = [await allPatientIds(services), await measureUrls(services)];
  const load = { perSecond, seconds: quick ? 10 : 120 };
  const { visible, writes } = await timeToVisible(services, ids, urls, load);
  await services.close();
  const result = { visible: latenciesOf(visible), writesMeanwhile: latenciesOf(writes) };
  log(`a write shows in $care-gaps while ${perSecond} writes/s come in: ${told(result.visible)}`);
  log(
    `  target ${targets.visibleMedianMs} ms and ${targets.visibleP99Ms} ms; writes meanwhile ${told(result.writesMeanwhile)}`,
  );
  return result;
}

/** Without the feed, the database drops its rows as they come: the statement is still sent. */
async function withFeed({ database }: Services, on: boolean): Promise<void> {
  await database.query('DROP TRIGGER IF EXISTS no_feed ON change_feed');
  if (on) return;
  await database.query(
    'CREATE OR REPLACE FUNCTION no_feed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$',
  );
  await database.query('CREATE TRIGGER no_feed BEFORE INSERT ON change_feed FOR EACH ROW EXECUTE FUNCTION no_feed()');
}

function told({ medianMs, p99Ms, count }: Latencies): string {
  return `median ${medianMs.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms (${count})`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

function readOptions() {
  // `--json` takes a file or nothing, which parseArgs has no word for.
  const args = process.argv.slice(2).map((arg, i, all) => {
    const next = all[i + 1];
    return arg === '--json' && (next === undefined || next.startsWith('--')) ? '--json=' : arg;
  });
  const { values } = parseArgs({
    args,
    options: {
      quick: { type: 'boolean', default: false },
      json: { type: 'string' },
      keep: { type: 'boolean', default: false },
      patients: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(usage);
    process.exit(0);
  }
  const patients = Number(values.patients ?? (values.quick ? 200 : 10_000));
  if (!Number.isInteger(patients) || patients < 1) throw new Error(`--patients takes a whole number\n\n${usage}`);
  return { quick: values.quick, json: values.json ?? null, keep: values.keep, patients };
}

await main();
