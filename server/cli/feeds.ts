import { type Command, InvalidArgumentError } from 'commander';
import { publicKeys } from '../auth/client-keys.ts';
import { demoIdentity } from '../http/request-context.ts';
import { findFeed, listFeeds, readFeedSettings, removeFeed, saveFeed, setSince } from '../jobs/bulk-feeds.ts';
import { pullFeed, pullJob } from '../jobs/bulk-pull.ts';
import { listPulls, type Pull } from '../jobs/bulk-pulls.ts';
import type { Services } from '../services.ts';
import { rejectedLines } from '../store/import-state.ts';

type WithServices = (work: (services: Services) => Promise<void>) => Promise<void>;

interface AddOptions {
  readonly level: string;
  readonly group?: string;
  readonly types?: readonly string[];
  readonly typeFilter: readonly string[];
  readonly clientId?: string;
  readonly tokenUrl?: string;
  readonly scope?: string;
  readonly alg?: string;
  readonly ids: string;
  readonly schedule?: string;
  readonly tokenHost: readonly string[];
}

const { tenant } = demoIdentity;

/** `gapless feeds`: the EHRs that data is pulled from by Bulk Data. */
export function registerFeeds(program: Command, withServices: WithServices): void {
  const feeds = program.command('feeds').description('EHRs that data is pulled from (FHIR Bulk Data)');

  feeds
    .command('list')
    .description('list them, with how their last pull went')
    .action(() => withServices(list));

  feeds
    .command('add')
    .description('register an EHR, or change what is known of it')
    .argument('<id>', 'a short name, such as north-clinic')
    .argument('<url>', 'its FHIR base')
    .option('--level <level>', 'system, patient or group', 'patient')
    .option('--group <id>', 'the Group there, with --level group')
    .option('--types <list>', 'resource types, with commas; those that measures need unless given', listOf)
    .option('--type-filter <search>', 'Type?query: of this type only what it finds; may be repeated', collect, [])
    .option('--client-id <id>', 'our client id there (SMART backend services); without it, no authorization')
    .option('--token-url <url>', 'token endpoint; what .well-known/smart-configuration says unless given')
    .option('--scope <scopes>', 'scopes to ask for')
    .option('--alg <name>', 'RS384 or ES384')
    .option('--ids <mode>', 'keep, adopt or map: what becomes of its ids', 'keep')
    .option('--schedule <cron>', 'when to pull, such as "30 2 * * *"')
    .option('--token-host <host>', 'another host that may be given its token; may be repeated', collect, [])
    .action((id: string, url: string, options: AddOptions) =>
      withServices((services) => add(services, id, url, options)),
    );

  feeds
    .command('remove')
    .description('forget an EHR; what it brought stays')
    .argument('<id>')
    .action((id: string) =>
      withServices(async ({ database, jobs }) => {
        await findFeed(database, tenant, id);
        await jobs.schedule(tenant, pullJob, id, null, null);
        await removeFeed(database, tenant, id);
      }),
    );

  feeds
    .command('run')
    .description('pull what changed now, or go on with the pull that was left behind')
    .argument('<id>')
    .option('--full', 'everything, not what changed only')
    .action((id: string, { full = false }: { full?: boolean }) => withServices((services) => run(services, id, full)));

  feeds
    .command('errors')
    .description('the lines that the last pull could not take, with the reasons')
    .argument('<id>')
    .action((id: string) => withServices((services) => errors(services, id)));

  feeds
    .command('keys')
    .description('our public keys (JWK Set), to be registered with an EHR that cannot fetch /.well-known/jwks.json')
    .action(() =>
      withServices(async ({ database }) => console.log(JSON.stringify(await publicKeys(database, tenant), null, 2))),
    );
}

async function add({ database, jobs }: Services, id: string, url: string, options: AddOptions): Promise<void> {
  const { clientId, tokenUrl, scope, alg, types, typeFilter, tokenHost, group, schedule, ...rest } = options;
  const settings = readFeedSettings({
    ...rest,
    id,
    url,
    group: group ?? null,
    schedule: schedule ?? null,
    typeFilters: typeFilter,
    tokenHosts: tokenHost,
    ...(types === undefined ? {} : { types }),
    ...(clientId === undefined
      ? {}
      : {
          authorization: { type: 'backend-services', clientId, tokenUrl: tokenUrl ?? null, ...given({ scope, alg }) },
        }),
  });
  await jobs.schedule(tenant, pullJob, id, settings.schedule, { feed: id });
  const isNew = await saveFeed(database, tenant, settings);
  console.error(`${id} is ${isNew ? 'registered' : 'changed'}. Try it: gapless feeds run ${id}`);
}

async function list({ database }: Services): Promise<void> {
  const feeds = await listFeeds(database, tenant);
  for (const { settings, since } of feeds) {
    const [last] = await listPulls(database, tenant, settings.id, 1);
    const state = last === undefined ? 'never pulled' : `${last.status} ${last.startedAt.toISOString()}`;
    console.log(
      `${settings.id}  ${settings.url}  ${settings.level}  ids ${settings.ids}  ${settings.schedule ?? 'no schedule'}`,
    );
    console.log(
      `  ${state}${since === null ? '' : `, complete up to ${since}`}${last?.error ? `\n  ${last.error}` : ''}`,
    );
  }
  console.error(`${feeds.length} feed${feeds.length === 1 ? '' : 's'}`);
}

async function run(services: Services, id: string, full: boolean): Promise<void> {
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  if (full) await setSince(services.database, tenant, id, null);
  const show = (text: string): void => {
    if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
  };
  const pull = await pullFeed(
    id,
    {
      tenant,
      signal: stop.signal,
      progress: async (_, message) => show(message),
      isCancelled: async () => false,
    },
    services.pulls,
  );
  show('');
  print(pull);
}

function print({ report, state, startedAt, endedAt }: Pull): void {
  for (const [type, { lines, created, updated, unchanged, replaced, failed }] of Object.entries(report.types)) {
    const what = { created, updated, unchanged, replaced, failed };
    const counts = Object.entries(what).filter(([, count]) => count > 0);
    console.log(`${type}  ${lines}: ${counts.map(([name, count]) => `${count} ${name}`).join(', ')}`);
  }
  if (report.deleted + report.deletedSkipped > 0)
    console.log(`deleted  ${report.deleted}, ${report.deletedSkipped} were not here or not its own`);
  for (const warning of report.warnings) console.log(`it says: ${warning}`);
  const seconds = ((endedAt ?? new Date()).getTime() - startedAt.getTime()) / 1000;
  console.error(
    `${report.files} files in ${seconds.toFixed(1)} s; the next run asks for what changes after ${state.manifest?.transactionTime}`,
  );
}

async function errors({ database }: Services, id: string): Promise<void> {
  await findFeed(database, tenant, id);
  const [last] = await listPulls(database, tenant, id, 1);
  if (last === undefined) return;
  for await (const { source, line, code, diagnostics } of rejectedLines(database, tenant, last.id))
    console.log(`${source}, line ${line}: ${code}: ${diagnostics}`);
}

function given(values: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

function listOf(text: string): string[] {
  const list = text.split(',').map((one) => one.trim());
  if (list.includes('')) throw new InvalidArgumentError('names with commas between them');
  return list;
}

function collect(value: string, before: readonly string[]): string[] {
  return [...before, value];
}
