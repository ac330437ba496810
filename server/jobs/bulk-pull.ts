import { BulkClient, ExportGone, PullFailed, type PullPace } from '../connectors/bulk-client.ts';
import type { SignAssertion } from '../connectors/bulk-token.ts';
import { bare, type EndpointRules, endpointRules } from '../connectors/endpoint-addresses.ts';
import type { Database } from '../db/database.ts';
import type { Logger } from '../log.ts';
import { type Feed, findFeed, setSince } from './bulk-feeds.ts';
import { aloneWith, endPull, openPull, type Pull, savePull } from './bulk-pulls.ts';
import { type TakeServices, takeFiles } from './bulk-take.ts';
import type { JobHandler } from './jobs.ts';

/** Kind of the jobs that pull feeds. */
export const pullJob = 'bulk-pull';

/** JSON. */
export interface PullJobInput {
  readonly feed: string;
}

export interface PullServices extends TakeServices {
  readonly database: Database;
  readonly log: Logger;
  /** Hosts that an operator allowed beside public ones (GAPLESS_ALLOWED_HOSTS). */
  readonly allowedHosts: readonly string[];
  readonly sign: (tenant: string, assertion: Parameters<SignAssertion>[0]) => Promise<string>;
  readonly pace: PullPace;
}

export interface PullRun {
  readonly tenant: string;
  readonly signal: AbortSignal;
  progress(fraction: number, message: string): Promise<void>;
  /** Is the stop that `signal` tells of for good? Otherwise the pull stays open, and goes on with the next start. */
  readonly isCancelled: () => Promise<boolean>;
}

export function pullJobHandler(services: PullServices): JobHandler {
  return async ({ tenant, id, input, signal, progress }) => {
    const { feed } = input as PullJobInput;
    const isCancelled = async (): Promise<boolean> => {
      const { rows } = await services.database.query<{ status: string }>(
        'SELECT status FROM job WHERE tenant = $1 AND id = $2',
        [tenant, id],
      );
      return rows[0]?.status === 'cancelled';
    };
    const { id: pull, report } = await pullFeed(feed, { tenant, signal, progress, isCancelled }, services);
    return { pull, report };
  };
}

/**
 * Pulls what changed in a feed's system since the last complete pull, or goes on with the pull that was left behind.
 * When all files are taken, and only then, its transactionTime becomes the next `_since`.
 *
 * @throws ResourceNotFound, PullUnderWay, PullFailed, TokenRefused, RefusedAddress
 */
export async function pullFeed(feedId: string, run: PullRun, services: PullServices): Promise<Pull> {
  const { tenant, signal } = run;
  const { database } = services;
  return aloneWith(database, tenant, feedId, async () => {
    const feed = await findFeed(database, tenant, feedId);
    const pull = await openPull(database, tenant, feedId, { since: feed.since, manifest: null });
    try {
      const taken = await exportAndTake(feed, pull, run, services);
      const transactionTime = taken.state.manifest?.transactionTime ?? null;
      if (transactionTime !== null) await setSince(database, tenant, feedId, transactionTime);
      await endPull(database, tenant, pull.id, 'completed', null);
      return { ...taken, status: 'completed', endedAt: new Date() };
    } catch (error) {
      const stopped = signal.aborted;
      if (!stopped) await endPull(database, tenant, pull.id, 'failed', (error as Error).message);
      else if (await run.isCancelled()) await endPull(database, tenant, pull.id, 'stopped', 'It was cancelled');
      throw error;
    }
  });
}

async function exportAndTake(feed: Feed, pull: Pull, run: PullRun, services: PullServices): Promise<Pull> {
  const client = clientOf(feed, run, services);
  try {
    return await exportOnce(feed, pull, client, run, services);
  } catch (error) {
    if (!(error instanceof ExportGone)) throw error;
    // Exports are kept for a while only: what a pull that was interrupted asked for may be gone.
    const again: Pull = {
      ...pull,
      state: { ...pull.state, statusUrl: null, manifest: null, done: 0 },
      report: { ...pull.report, types: {}, files: 0, bytes: 0, warnings: [] },
    };
    try {
      return await exportOnce(feed, again, client, run, services);
    } catch (second) {
      throw second instanceof ExportGone ? new PullFailed(`${second.message}, twice in a row`) : second;
    }
  }
}

async function exportOnce(
  { settings }: Feed,
  pull: Pull,
  client: BulkClient,
  run: PullRun,
  services: PullServices,
): Promise<Pull> {
  const { tenant, signal } = run;
  const keep = async (next: Pull): Promise<Pull> => {
    await savePull(services.database, tenant, next);
    return next;
  };
  let now = pull;
  if (now.state.statusUrl === null) {
    await run.progress(0, 'asking for an export');
    const statusUrl = await client.kickOff(pathOf(settings), parametersOf(settings, now.state.since));
    now = await keep({ ...now, state: { ...now.state, statusUrl } });
  }
  const { statusUrl } = now.state;
  if (now.state.manifest === null && statusUrl !== null) {
    const manifest = await client.manifest(statusUrl, (told) => run.progress(0, `the export there: ${told}`));
    now = await keep({ ...now, state: { ...now.state, manifest } });
  }
  const taken = await takeFiles(
    now,
    {
      tenant,
      client,
      signal,
      mapping: { mode: settings.ids, source: settings.id, base: settings.url },
      origin: {
        source: settings.id,
        manifest: null,
        adopts: settings.ids === 'adopt',
        ownIds: settings.ids === 'map',
      },
      progress: run.progress,
      attempts: services.pace.attempts,
    },
    services,
  );
  if (statusUrl !== null) await client.release(statusUrl);
  return taken;
}

function clientOf({ settings }: Feed, { tenant, signal }: PullRun, services: PullServices): BulkClient {
  const { url, authorization, tokenHosts } = settings;
  return new BulkClient({
    base: url,
    authorization,
    tokenHosts,
    headers: {},
    rules: rulesFor(
      [url, ...(authorization.type === 'none' ? [] : [authorization.tokenUrl ?? url])],
      tokenHosts,
      services,
    ),
    sign: (assertion) => services.sign(tenant, assertion),
    pace: services.pace,
    signal,
    log: services.log,
  });
}

/** What an operator registered may lie in a private network; where a manifest leads to may not, unless it is allowed. */
function rulesFor(urls: readonly string[], hosts: readonly string[], { allowedHosts }: PullServices): EndpointRules {
  const named = [...urls, ...hosts.map((host) => `https://${host}`)].map((url) => bare(new URL(url).hostname));
  return endpointRules([...allowedHosts, ...named]);
}

function pathOf({ level, group }: Feed['settings']): string {
  return level === 'system' ? '$export' : level === 'patient' ? 'Patient/$export' : `Group/${group}/$export`;
}

function parametersOf({ types, typeFilters }: Feed['settings'], since: string | null): [string, string][] {
  return [
    ['_outputFormat', 'application/fhir+ndjson'],
    ...(types.length === 0 ? [] : [['_type', types.join(',')] satisfies [string, string]]),
    ...typeFilters.map((filter): [string, string] => ['_typeFilter', filter]),
    ...(since === null ? [] : [['_since', since] satisfies [string, string]]),
  ];
}
