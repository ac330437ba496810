import { type Permission, requireScope } from '../auth/scopes.ts';
import type { RequestContext } from '../context.ts';
import type { Database } from '../db/database.ts';
import type { FhirRequest, FhirResponse } from '../interactions/interaction.ts';
import {
  type Feed,
  findFeed,
  listFeeds,
  readFeedSettings,
  removeFeed,
  saveFeed,
  setSince,
} from '../jobs/bulk-feeds.ts';
import { pullJob } from '../jobs/bulk-pull.ts';
import { findPull, listPulls, type Pull } from '../jobs/bulk-pulls.ts';
import type { Jobs } from '../jobs/jobs.ts';
import { InvalidRequest, ResourceNotFound } from '../store/errors.ts';
import { rejectedLines } from '../store/import-state.ts';

export interface FeedsApiServices {
  readonly database: Database;
  readonly jobs: Jobs;
}

interface Call {
  readonly tenant: string;
  readonly id: string;
  readonly pull: string;
  readonly body: string | null;
  readonly services: FeedsApiServices;
}

interface Route {
  readonly method: string;
  /** Below /api. */
  readonly path: readonly string[];
  readonly permission: Permission;
  run(call: Call): Promise<object | string>;
}

const pullsShown = 20;

/** Who pulls data must be allowed to write all of it: `system/*` of the permission. */
const routes: readonly Route[] = [
  {
    method: 'GET',
    path: ['feeds'],
    permission: 'r',
    run: async ({ tenant, services: { database } }) => {
      const feeds = await listFeeds(database, tenant);
      const last = (feed: Feed) => listPulls(database, tenant, feed.settings.id, 1);
      return {
        feeds: await Promise.all(
          feeds.map(async (feed) => ({ ...shown(feed), last: (await last(feed)).map(pulled)[0] ?? null })),
        ),
      };
    },
  },
  {
    method: 'PUT',
    path: ['feeds', ':id'],
    permission: 'u',
    run: async ({ tenant, id, body, services: { database, jobs } }) => {
      const settings = readFeedSettings({ ...json(body), id });
      await jobs.schedule(tenant, pullJob, id, settings.schedule, { feed: id });
      await saveFeed(database, tenant, settings);
      return shown(await findFeed(database, tenant, id));
    },
  },
  {
    method: 'GET',
    path: ['feeds', ':id'],
    permission: 'r',
    run: async ({ tenant, id, services: { database } }) => {
      const feed = await findFeed(database, tenant, id);
      return { ...shown(feed), pulls: (await listPulls(database, tenant, id, pullsShown)).map(pulled) };
    },
  },
  {
    method: 'DELETE',
    path: ['feeds', ':id'],
    permission: 'u',
    run: async ({ tenant, id, services: { database, jobs } }) => {
      await findFeed(database, tenant, id);
      await jobs.schedule(tenant, pullJob, id, null, null);
      await removeFeed(database, tenant, id);
      return { removed: id };
    },
  },
  {
    method: 'POST',
    path: ['feeds', ':id', '$pull'],
    permission: 'u',
    run: async ({ tenant, id, body, services: { database, jobs } }) => {
      const { full = false } = json(body);
      if (typeof full !== 'boolean') throw new InvalidRequest('full: true takes everything, not what changed only');
      await findFeed(database, tenant, id);
      if (full) await setSince(database, tenant, id, null);
      return { job: await jobs.enqueue(tenant, pullJob, { feed: id }) };
    },
  },
  {
    method: 'GET',
    path: ['feeds', ':id', 'pulls', ':pull', 'errors'],
    permission: 'r',
    run: async ({ tenant, id, pull, services: { database } }) => {
      const found = /^[\da-f-]{36}$/i.test(pull) ? await findPull(database, tenant, pull) : null;
      if (found?.source !== id) throw new ResourceNotFound(`The feed "${id}" has no such pull`);
      const lines: string[] = [];
      for await (const { text: _, ...line } of rejectedLines(database, tenant, pull)) lines.push(JSON.stringify(line));
      return lines.map((line) => `${line}\n`).join('');
    },
  },
];

/** Answers what is asked of feeds below /api; null for anything else. */
export function answerFeedsApi(
  services: FeedsApiServices,
  { tenant, scopes }: RequestContext,
  { method, path, body }: FhirRequest,
): Promise<FhirResponse> | null {
  const route = routes.find(
    (one) =>
      one.method === method &&
      one.path.length === path.length &&
      one.path.every((part, position) => part.startsWith(':') || part === path[position]),
  );
  if (route === undefined) return null;
  const answer = async (): Promise<FhirResponse> => {
    requireScope(scopes, '*', route.permission);
    const given = await route.run({ tenant, id: path[1] ?? '', pull: path[3] ?? '', body, services });
    const type = typeof given === 'string' ? 'application/x-ndjson' : 'application/json; charset=utf-8';
    return { status: 200, headers: { 'Content-Type': type }, body: given };
  };
  return answer();
}

function shown({ settings, since }: Feed): object {
  return { ...settings, since };
}

function pulled({ id, status, startedAt, endedAt, error, report, state }: Pull): object {
  const seconds = endedAt === null ? null : (endedAt.getTime() - startedAt.getTime()) / 1000;
  const transactionTime = state.manifest?.transactionTime ?? null;
  return { id, status, startedAt, endedAt, seconds, since: state.since, transactionTime, error, ...report };
}

function json(body: string | null): Readonly<Record<string, unknown>> {
  if (body === null) return {};
  try {
    const value: unknown = JSON.parse(body);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  } catch (error) {
    throw new InvalidRequest(`The body is not JSON: ${(error as Error).message}`);
  }
  throw new InvalidRequest('The body is no JSON object');
}
