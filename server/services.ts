import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Resource } from '@medplum/fhirtypes';
import { openHccTables } from '../measures/index.ts';
import { AuditTrail, auditEvent } from './auth/audit.ts';
import { publicKeys, signAssertion } from './auth/client-keys.ts';
import type { Config } from './config.ts';
import { standardPace } from './connectors/bulk-client.ts';
import { endpointRules } from './connectors/endpoint-addresses.ts';
import { type Catalogue, createCatalogue } from './content/catalogue.ts';
import { edition, program } from './content/edition.ts';
import { installCheck } from './content/install-check.ts';
import { SealedFolder } from './content/sealed-folder.ts';
import type { RequestContext } from './context.ts';
import { type Database, openDatabase } from './db/database.ts';
import { startEmbeddedPostgres } from './db/embedded.ts';
import { listen, notifier } from './db/listener.ts';
import { migrate } from './db/migrate.ts';
import { requireDatabase } from './db/reachable.ts';
import { changeChannel, tenantsWithContent } from './gaps/change-feed.ts';
import { type GapWorker, startGapWorker } from './gaps/gap-worker.ts';
import { startDeliverer } from './gaps/subscriptions/deliverer.ts';
import { trendJob, trendJobHandler } from './gaps/trend-job.ts';
import { answerApi } from './http/api.ts';
import { answerFeedsApi } from './http/api-feeds.ts';
import { capabilityHandler } from './http/capability-statement.ts';
import { dispatch, type Handler, interactionHandler } from './http/dispatch.ts';
import { operationDefinitionHandler } from './http/operation-definition.ts';
import { demoIdentity } from './http/request-context.ts';
import { subscriptionTopicHandler } from './http/subscription-topics.ts';
import { interactions } from './interactions/index.ts';
import type { FhirRequest, FhirResponse, InteractionServices } from './interactions/interaction.ts';
import { transaction } from './interactions/transaction.ts';
import { removeOldExports } from './jobs/bulk-exports.ts';
import { type PullServices, pullJob, pullJobHandler } from './jobs/bulk-pull.ts';
import { submitJob, submitJobHandler } from './jobs/bulk-submit-job.ts';
import { createEvaluationPool, type EvaluationPool } from './jobs/evaluation-pool.ts';
import { type Jobs, startJobs } from './jobs/jobs.ts';
import { createLibraryEvaluator } from './jobs/library-evaluator.ts';
import type { Logger } from './log.ts';
import { operationHandler } from './operations/answer.ts';
import { operationJob, operationJobHandler } from './operations/async.ts';
import { submissionStatusHandler } from './operations/bulk-submit-status.ts';
import { exportJob, exportJobHandler } from './operations/export-job.ts';
import { exportStatusHandler } from './operations/export-status.ts';
import { operations } from './operations/operations.ts';
import { poolEvaluation } from './operations/pool-evaluation.ts';
import type { OperationServices } from './operations/services.ts';
import { toOutcome } from './outcomes.ts';
import type { SearchTerminology } from './search/terminology.ts';
import { parseExact } from './store/exact-json.ts';
import { findIds } from './store/find-ids.ts';
import { membersOfValueSet } from './terminology/source.ts';

/** Every component of the server, built once, closed in reverse. */
export interface Services {
  readonly config: Config;
  readonly log: Logger;
  readonly version: string;
  readonly database: Database;
  readonly catalogue: Catalogue;
  readonly pool: EvaluationPool;
  readonly interactionServices: InteractionServices;
  /** Null in a process of role `api`. */
  readonly worker: GapWorker | null;
  dispatch(context: RequestContext, request: FhirRequest): Promise<FhirResponse>;
  api(context: RequestContext, request: FhirRequest): Promise<FhirResponse>;
  readonly jobs: Jobs;
  /** What pulls of feeds need, for who runs one in this process. */
  readonly pulls: PullServices;
  /** Our public keys as a JWK Set. */
  clientKeys(): Promise<object>;
  health(): Promise<Readonly<Record<string, unknown>>>;
  /** Has the trends filled in the background. Points that are there are not computed again: call it once data is in. */
  queueTrends(): Promise<void>;
  close(): Promise<void>;
}

/** What is running, to be stopped last first. */
class Running {
  readonly #parts: { readonly name: string; readonly stop: () => Promise<unknown> }[] = [];
  readonly #log: Logger;

  constructor(log: Logger) {
    this.#log = log;
  }

  add<T>(name: string, part: T, stop: (part: T) => Promise<unknown>): T {
    this.#parts.push({ name, stop: () => stop(part) });
    return part;
  }

  async close(): Promise<void> {
    for (let part = this.#parts.pop(); part !== undefined; part = this.#parts.pop()) {
      const { name, stop } = part;
      const began = performance.now();
      await stop().catch((error: Error) => this.#log.error(`${name} did not stop cleanly`, { reason: error.message }));
      this.#log.debug(`${name} stopped`, { ms: Math.round(performance.now() - began) });
    }
  }
}

/**
 * The composition root: database → audit → measures → evaluation threads → jobs and gap worker → FHIR.
 *
 * @throws EmbeddedPostgresFailed, UnusableDatabase, MigrationChanged
 */
export async function startServices(config: Config, log: Logger): Promise<Services> {
  const running = new Running(log);
  try {
    return await start(config, log, running);
  } catch (error) {
    await running.close();
    throw error;
  }
}

async function start(config: Config, log: Logger, running: Running): Promise<Services> {
  const version = packageVersion(config.root);
  const connectionString = config.databaseUrl ?? (await embedded(config, log, running));
  const database = running.add(
    'the database',
    openDatabase({ connectionString, log, max: 20, statementTimeoutMs }),
    (part) => part.close(),
  );
  await requireDatabase(database, connectionString);
  const ran = await migrate(database);
  if (ran.length > 0) log.info('the schema is up to date', { migrations: ran.length });

  const audit = running.add('the audit trail', new AuditTrail(database, log), (part) => part.close());
  const cache = { path: join(dataDir(config), 'cache'), edition: edition(config.root) };
  const onProblem = (problem: string): void => {
    log.warn('the cache of prepared measures', { problem });
  };
  const catalogue = createCatalogue(database, new SealedFolder({ ...cache, onProblem }));
  const hcc = openHccTables();
  const pool = running.add('the evaluation threads', createEvaluationPool({ log, cache }), (part) => part.close());
  const libraries = running.add('the threads of libraries', createLibraryEvaluator(), (part) => part.close());
  const terminologyOf = (tenant: string): SearchTerminology => ({
    expand: async (url) => (await membersOfValueSet(database, tenant, url)).codes,
    related: async () => null,
  });
  const operationServices: OperationServices = {
    database,
    audit,
    catalogue,
    hcc,
    libraries,
    imports: {
      rules: endpointRules(config.allowedHosts),
      check: (sql, tenant, written) => interactionServices.check(sql, tenant, written),
      explain: explainLine,
    },
    findIds: (tenant, type, query) => findIds(database, tenant, type, query),
    keepDocuments: edition(config.root, program),
    submit: async (bundle, context, provenance) => {
      const headers: FhirRequest['headers'] = provenance === null ? {} : { 'x-provenance': provenance };
      const request = { method: 'POST', path: [], query: new URLSearchParams(), headers, body: null };
      const { body } = await transaction(bundle, request, context, interactionServices);
      return parseExact(String(body)) as Resource;
    },
    evaluate: poolEvaluation(database, catalogue, pool),
  };
  const works = config.role !== 'api';
  const pulls: PullServices = {
    database,
    log,
    allowedHosts: config.allowedHosts,
    baseUrl: config.publicUrl === null ? null : `${config.publicUrl}/fhir`,
    pace: standardPace,
    sign: (tenant, assertion) => signAssertion(database, tenant, assertion),
    audit: (written) =>
      auditEvent(
        { tenant: demoIdentity.tenant, actor: demoIdentity.actor, requestId: 'bulk-pull' },
        { action: 'E', interaction: 'transaction', resources: written, query: null },
        new Date(),
      ),
    check: (sql, tenant, written) => interactionServices.check(sql, tenant, written),
    explain: explainLine,
  };
  const handlers = {
    [operationJob]: operationJobHandler(operations, operationServices, log),
    [exportJob]: exportJobHandler({ database, audit, terminology: terminologyOf }),
    [pullJob]: pullJobHandler(pulls),
    [submitJob]: submitJobHandler(pulls),
    [trendJob]: trendJobHandler({ database, catalogue, pool, log, timezone: config.timezone }),
  };
  const jobs: Jobs = running.add(
    'the jobs',
    await startJobs({ database, log, handlers, work: works, timezone: config.timezone }),
    (part) => part.close(),
  );
  const worker = works
    ? running.add(
        'the gap worker',
        startGapWorker({ database, catalogue, pool, log, timezone: config.timezone }),
        (part) => part.stop(),
      )
    : null;
  if (worker !== null)
    running.add(
      'the listener for changes',
      listen({ connectionString, channel: changeChannel, log, onNotice: () => worker.wake() }),
      (part) => part.close(),
    );
  const wakeWorker = worker === null ? notifier(database, changeChannel, log) : () => worker.wake();

  const endpoints = endpointRules(config.allowedHosts);
  if (works)
    running.add('the deliverer of notifications', startDeliverer({ database, log, rules: endpoints }), (part) =>
      part.stop(),
    );

  const queueTrends = async (): Promise<void> => {
    for (const tenant of await tenantsWithContent(database)) await jobs.enqueue(tenant, trendJob, {});
  };
  if (works) {
    const stop = keepTrends(queueTrends, log);
    running.add('the trends', stop, async () => stop());
    const stopTidying = forgetOldExports(database, log);
    running.add('the clean-up of exports', stopTidying, async () => stopTidying());
  }

  const interactionServices: InteractionServices = {
    database,
    audit,
    dispatch: (request, context, services) => dispatch(handlersWith(services), request, context),
    translate: toOutcome,
    terminology: ({ tenant }) => terminologyOf(tenant),
    check: async (sql, tenant, written) => {
      const measures = await installCheck(sql, tenant, written);
      if (measures.length > 0) await jobs.enqueue(tenant, trendJob, {}, sql);
      wakeWorker();
    },
    measures: (tenant) => catalogue.list(tenant),
    collect: null,
    endpoints,
    dangling: 'keep',
  };
  const described = { interactions, operations, version, date: new Date() };
  const operate = operationHandler({ operations, services: operationServices, jobs });
  const handlersWith = (services: InteractionServices): readonly Handler[] => [
    capabilityHandler(described),
    operationDefinitionHandler(operations, version),
    subscriptionTopicHandler,
    exportStatusHandler({ database, jobs, requiresAccessToken: false }),
    submissionStatusHandler(database, false),
    operate,
    interactionHandler(services),
  ];
  const fixed = handlersWith(interactionServices);
  return {
    config,
    log,
    version,
    database,
    catalogue,
    pool,
    interactionServices,
    worker,
    dispatch: (context, request) => dispatch(fixed, request, context),
    jobs,
    pulls,
    api: (context, request) =>
      answerFeedsApi({ database, jobs }, context, request) ??
      answerApi({ database, catalogue, hcc, audit, version }, context, request),
    clientKeys: () => publicKeys(database, demoIdentity.tenant),
    health: async () => {
      await database.query('SELECT 1');
      return { version };
    },
    queueTrends,
    close: () => running.close(),
  };
}

/** What is told of a line that was refused: as a client would be, whatever the reason. */
function explainLine(error: Error): { code: string; diagnostics: string; expression: readonly string[] } {
  const [issue] = toOutcome(error).outcome.issue;
  return {
    code: issue?.code ?? 'exception',
    diagnostics: issue?.diagnostics ?? error.name,
    expression: issue?.expression ?? [],
  };
}

/** No statement of ours takes nearly as long: one that does is stuck. */
const statementTimeoutMs = 300_000;
const trendEveryMs = 6 * 3_600_000;

/**
 * Queues the trend job of every tenant now and then, because months end without anybody writing anything. What is there
 * already costs nothing.
 */
function keepTrends(queue: () => Promise<void>, log: Logger): () => void {
  const tryToQueue = (): void => {
    queue().catch((error: Error) => log.warn('the trends were not queued', { reason: error.message }));
  };
  const timer = setInterval(tryToQueue, trendEveryMs);
  timer.unref();
  return () => clearInterval(timer);
}

const exportsForgottenEveryMs = 3_600_000;

/** Forgets exports whose files nobody may fetch any more. */
function forgetOldExports(database: Database, log: Logger): () => void {
  const forget = (): void => {
    removeOldExports(database, [exportJob]).then(
      (count) => count > 0 && log.info('old exports were forgotten', { count }),
      (error: Error) => log.warn('old exports were not forgotten', { reason: error.message }),
    );
  };
  const timer = setInterval(forget, exportsForgottenEveryMs);
  timer.unref();
  forget();
  return () => clearInterval(timer);
}

function dataDir(config: Config): string {
  return config.dataDir ?? join(config.root, '.gapless');
}

async function embedded(config: Config, log: Logger, running: Running): Promise<string> {
  const postgres = await startEmbeddedPostgres({ dataDir: join(dataDir(config), 'postgres'), log });
  running.add('PostgreSQL', postgres, (part) => part.stop());
  return postgres.connectionString;
}

function packageVersion(root: string): string {
  return (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }).version;
}
