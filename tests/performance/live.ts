import { existsSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { Presets, SingleBar } from 'cli-progress';
import { FeedSwitch } from './live/feed-switch.ts';
import { LivePractice, measureUrls } from './live/live-practice.ts';
import { millisecondsSince, processorTime } from './live/processor-time.ts';
import { allPatientIds, type Reading, readRoster } from './live/reread.ts';
import {
  type Latencies,
  latenciesOf,
  patientsThatShow,
  timeToVisible,
  writeFast,
  writeSteadily,
} from './live/writes.ts';
import { geometricMean, median, spread } from './statistics.ts';

const usage = `npm run bench:live [-- --quick] [--json [FILE]] [--keep] [--patients N]

A practice of 10,000 demo patients and 20 measures: how soon a write shows in $care-gaps, what the feed costs a write, and
what reading all gaps again costs beside evaluating them, all in one run. The official measures where the reference data
is present. --quick: 200 patients and our own measures under many urls. --keep uses and leaves the database.

Ratios are of processor time (this process and its PostgreSQL) where there is /proc: others on the machine don't count.
Of a write that shows, every one changes an answer. "Without the feed" its statement is not sent, and nobody works.
Documents are counted and dropped, as texts, whether read or made.`;

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
async function measureRereading(practice: LivePractice, { quick, log }: Settings) {
  const services = await practice.start('api');
  const ids = await allPatientIds(services);
  const { folder } = practice;
  // Evaluating takes as long for each patient, however many there are.
  const evaluated = spread(ids, quick ? 200 : 1_000);
  await services.database.query('ANALYZE');
  await readRoster(services, spread(ids, 100), { state: true, status: everyStatus, folder });
  await readRoster(services, spread(ids, 50), { state: false, status: everyStatus, folder });
  const compared: Record<string, { first: Reading; reread: Reading; recompute: Reading; ratio: number }> = {};
  for (const [name, status] of [
    ['open and prospective gaps', ['open-gap', 'prospective-gap']],
    ['every status', everyStatus],
  ] as const) {
    const first = await readRoster(services, ids, { state: true, status, folder });
    const reread = await readRoster(services, ids, { state: true, status, folder });
    const recompute = await readRoster(services, evaluated, { state: false, status, folder });
    const perPatient = ({ seconds, patients, processorMs }: Reading): number =>
      hasProcessorTime ? processorMs : (1000 * seconds) / patients;
    const ratio = perPatient(recompute) / perPatient(reread);
    compared[name] = { first, reread, recompute, ratio };
    log(`${name}, a patient: recomputed ${line(recompute)}`);
    log(`  first from the state ${line(first)}, ${first.evaluated} evaluated; read again ${line(reread)}`);
    log(`  recompute : read again = ${ratio.toFixed(1)}, target ${targets.ratio}`);
  }
  await services.close();
  return { compared };
}

const hasProcessorTime = existsSync('/proc/self/stat');

function line({ seconds, processorMs, patients, documents, megabytes }: Reading): string {
  const ms = (1000 * seconds) / patients;
  const size = documents === 0 ? 0 : (1000 * megabytes) / documents;
  const each = `${documents} documents of ${patients} patients, ${size.toFixed(0)} kB each`;
  return `${ms.toFixed(2)} ms, ${processorMs.toFixed(2)} ms of processors (${each})`;
}

/** (b) The same writes with the feed and its worker, and with neither: in short turns, because machines drift. */
async function measureWrites(practice: LivePractice, { quick, log }: Settings) {
  const turns = quick ? 4 : 12;
  const seconds = quick ? 2 : 5;
  const services = await practice.start('all');
  const ids = await allPatientIds(services);
  const feed = new FeedSwitch(services.database);
  const rates: Record<'with' | 'without', number[]> = { with: [], without: [] };
  const latencies: Record<'with' | 'without', number[]> = { with: [], without: [] };
  const processors: Record<'with' | 'without', number[]> = { with: [], without: [] };
  await writeSteadily(services, ids, { perSecond, seconds });
  for (let turn = 0; turn < 2 * turns; turn += 1) {
    const mode = turn % 4 === 0 || turn % 4 === 3 ? 'with' : 'without';
    await services.worker?.idle();
    feed.on = mode === 'with';
    const used = processorTime(practice.folder);
    latencies[mode].push(...(await writeSteadily(services, ids, { perSecond, seconds })));
    await services.worker?.idle();
    const spent = millisecondsSince(used, processorTime(practice.folder));
    processors[mode].push(spent / (perSecond * seconds));
    rates[mode].push(await writeFast(services, ids, { seconds: seconds / 2, writers: 4 }));
    feed.on = true;
  }
  await services.worker?.idle();
  await services.close();
  if (feed.withheld === 0) throw new Error('Nothing was written without the feed: its statement has another name now');
  const of = (mode: 'with' | 'without') => ({
    latency: latenciesOf(latencies[mode]),
    processorMs: median(processors[mode]),
    perSecond: geometricMean(rates[mode]),
  });
  const writes = { withFeed: of('with'), withoutFeed: of('without') };
  const slower = writes.withFeed.latency.medianMs / writes.withoutFeed.latency.medianMs - 1;
  const throughput = 1 - writes.withFeed.perSecond / writes.withoutFeed.perSecond;
  for (const [name, { latency, processorMs, perSecond: rate }] of Object.entries(writes))
    log(
      `writes ${name}: at ${perSecond}/s ${told(latency)}, ${processorMs.toFixed(1)} ms of processors each; ` +
        `4 writers at once ${rate.toFixed(0)}/s`,
    );
  log(`  slower by ${percent(slower)} at the median, target 15 %; 4 writers at once by ${percent(throughput)}`);
  return { writes, slower, throughput };
}

/** (a) */
async function measureVisibility(practice: LivePractice, { quick, log }: Settings) {
  const services = await practice.start('all');
  await services.worker?.idle();
  const [patients, urls] = [await allPatientIds(services), await measureUrls(services)];
  const sought = quick ? { looked: 100, wanted: 20 } : { looked: 1_000, wanted: 200 };
  const shown = await patientsThatShow(services, patients, urls, sought);
  if (shown.length === 0) throw new Error('No answer shows a blood pressure: these measures look at none');
  const load = { perSecond, seconds: quick ? 15 : 120 };
  const { visible, writes } = await timeToVisible(services, { patients, shown, urls }, load);
  await services.close();
  const result = { visible: latenciesOf(visible), writesMeanwhile: latenciesOf(writes) };
  log(`a write shows in $care-gaps while ${perSecond} writes/s come in: ${told(result.visible)}`);
  log(
    `  target ${targets.visibleMedianMs} ms and ${targets.visibleP99Ms} ms; writes meanwhile ${told(result.writesMeanwhile)}`,
  );
  return result;
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
