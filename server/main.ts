import { createServer, type RequestListener, type Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Config, InvalidConfig, readConfig } from './config.ts';
import { waitingCount } from './gaps/change-feed.ts';
import { measurePatients } from './gaps/views/measure-patients.ts';
import { createApp } from './http/app.ts';
import { demoIdentity } from './http/request-context.ts';
import { createLogger, type Logger } from './log.ts';
import { isOperatorError } from './main/operator-errors.ts';
import { withPatience } from './main/patience.ts';
import { ProgressLine } from './main/progress.ts';
import { outcomeOf } from './outcomes.ts';
import { seed } from './seed.ts';
import { type Services, startServices } from './services.ts';

/** Starts the server, fills an empty database with the demo practice, and says where to look. */
async function main(): Promise<void> {
  const began = performance.now();
  const config = readConfig();
  const log = createLogger(config);
  let answer: RequestListener = starting;
  const http = createServer((request, response) => answer(request, response));
  const url = await listen(http, config);
  console.log(`Gapless is starting at ${url} (demo mode: one tenant, no login, loopback only)`);
  const services = await startServices(config, log).catch((error: Error) => {
    http.close();
    throw error;
  });
  answer = createApp(services);
  const stopping = new AbortController();
  stopOnSignals(http, services, stopping);
  await settleIn(services, stopping.signal, url, began).catch((error: Error) => {
    if (!stopping.signal.aborted) throw error; // what is stopped under way cannot end well, and need not
  });
}

async function settleIn(services: Services, signal: AbortSignal, url: string, began: number): Promise<void> {
  if (services.config.role !== 'worker') await fillDemo(services, signal);
  await showEvaluation(services, signal);
  signal.throwIfAborted();
  if (services.worker !== null) await withPatience(() => services.queueTrends(), signal, services.log);
  const ms = performance.now() - began;
  console.log(await withPatience(() => welcome(url, ms, services), signal, services.log));
}

const starting: RequestListener = (_request, response) => {
  const diagnostics = 'Gapless is starting: try again in a few seconds';
  response.writeHead(503, { 'content-type': 'application/fhir+json', 'retry-after': '2' });
  response.end(JSON.stringify(outcomeOf([{ severity: 'error', code: 'transient', diagnostics }])));
};

/** Takes the port before anything else starts, so that a port that is taken costs nothing. */
function listen(http: Server, { port, host }: Config): Promise<string> {
  return new Promise((resolve, reject) => {
    http.once('error', (error: NodeJS.ErrnoException) => {
      const taken = `Port ${port} is taken: stop what uses it, or choose another, for example PORT=${port + 1} npm start`;
      reject(error.code === 'EADDRINUSE' ? new InvalidConfig(taken) : error);
    });
    http.listen(port, host, () => {
      const address = http.address();
      const bound = typeof address === 'object' && address !== null ? address.port : port;
      resolve(`http://${host.includes(':') ? `[${host}]` : host}:${bound}`);
    });
  });
}

const stopMs = 20_000;

function stopOnSignals(http: Server, services: Services, stopping: AbortController): void {
  const stop = (signal: NodeJS.Signals): void => {
    if (stopping.signal.aborted) process.exit(130); // asked twice: at once
    stopping.abort();
    services.log.info('stopping', { signal });
    http.close();
    http.closeIdleConnections();
    const grace = setTimeout(() => http.closeAllConnections(), 5_000);
    grace.unref();
    // What still runs then is undone by PostgreSQL; an operator who stops a server wants it stopped.
    const limit = setTimeout(
      () => fail(new Error(`something did not stop within ${stopMs / 1000} s`), services.log),
      stopMs,
    );
    limit.unref();
    services.close().then(
      () => process.exit(0),
      (error: Error) => fail(error, services.log),
    );
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
}

async function fillDemo({ database, config, log }: Services, signal: AbortSignal): Promise<void> {
  const bars = new Map<string, ProgressLine>();
  const labels = { measures: 'Installing measures', patients: 'Loading the demo practice' };
  const load = () =>
    seed({
      database,
      ...demoIdentity,
      patients: config.demoPatients,
      asOf: new Date().toISOString().slice(0, 10),
      signal,
      onProgress(step, done, total) {
        const bar = bars.get(step) ?? new ProgressLine(labels[step], total);
        bars.set(step, bar);
        bar.update(done, total);
      },
    });
  await withPatience(load, signal, log).catch((error: Error) => {
    if (!signal.aborted) throw error;
    log.info('loading the demo practice goes on at the next start');
  });
}

/** Shows how the gaps of all waiting patients are evaluated; the server answers meanwhile. */
async function showEvaluation({ database, worker, log }: Services, signal: AbortSignal): Promise<void> {
  if (worker === null) return;
  worker.wake();
  const count = () => withPatience(() => waitingCount(database, demoIdentity.tenant), signal, log);
  const total = await count();
  if (total === 0) return;
  const bar = new ProgressLine('Evaluating', total);
  for (let waiting = total; waiting > 0 && !signal.aborted; waiting = await count()) {
    bar.update(Math.max(0, total - waiting), total);
    await sleep(250);
  }
  bar.update(signal.aborted ? 0 : total, total);
  bar.end();
}

/** A patient with an unmet gap, so that the example shows one; null where there is none. */
async function examplePatient({ database }: Services, measureUrl: string): Promise<string | null> {
  const year = String(new Date().getUTCFullYear());
  const { items } = await measurePatients(database, {
    tenant: demoIdentity.tenant,
    measureUrl,
    measureVersion: '1.0.0',
    periodStart: `${year}-01-01`,
    status: ['open-gap', 'prospective-gap'],
    count: 1,
  });
  return items[0]?.patient.id ?? null;
}

async function welcome(url: string, ms: number, services: Services): Promise<string> {
  const measure = 'http://gapless.health/Measure/BreastCancerScreening';
  const year = new Date().getUTCFullYear();
  const period = `periodStart=${year}-01-01&periodEnd=${year}-12-31`;
  const patient = await examplePatient(services, measure);
  const gaps = `${url}/fhir/Measure/$care-gaps?measureUrl=${measure}&${period}&status=open-gap&status=prospective-gap`;
  return `
Gapless is ready after ${(ms / 1000).toFixed(1)} s. Demo mode: synthetic patients, no login, reachable from this machine only.

  The page       ${url}/
  The FHIR API   ${url}/fhir/metadata

Try:
  curl '${url}/fhir/Patient?_count=3&_elements=name,birthDate'
  curl '${url}/fhir/Measure/$evaluate-measure?measure=${measure}&${period}'
  curl '${gaps}&subject=Patient/${patient ?? 'demo-1'}'

Ctrl-C stops it; what it stored is there again at the next start.`;
}

function fail(error: Error, log: Logger | null): never {
  if (isOperatorError(error)) console.error(error.message);
  else if (log !== null) log.error('Gapless could not go on', { error });
  else console.error(error);
  process.exit(1);
}

main().catch((error: Error) => fail(error, null));
