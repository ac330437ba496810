import type { Command } from 'commander';
import { addLivePeriod, livePeriods, removeLivePeriod } from '../gaps/live-period.ts';
import { livePlan, ownPeriodsAt } from '../gaps/live-plan.ts';
import { dayIn } from '../gaps/practice-day.ts';
import { demoIdentity } from '../http/request-context.ts';
import type { Services } from '../services.ts';
import { InvalidRequest } from '../store/errors.ts';

interface Options {
  readonly measure?: string;
  readonly source: string;
  readonly until?: string;
}

const operator = 'operator';

/** `gapless periods`: which measurement periods are kept live beside the current ones. */
export function registerPeriods(
  program: Command,
  withServices: (work: (services: Services) => Promise<void>) => Promise<void>,
): void {
  const periods = program
    .command('periods')
    .description('measurement periods whose gaps are kept live beside the current ones');

  periods
    .command('list')
    .description('list them, with who asks for each')
    .action(() => withServices(list));

  periods
    .command('add')
    .description('keep a period live: a running server evaluates all patients for it now')
    .argument('<start>', '2025, 2025-07 or 2025-07-01')
    .argument('[end]', 'the same as the start unless given: 2025 is a whole year')
    .option('--measure <url>', 'canonical url of one measure; without it, all live ones')
    .option('--source <name>', 'who asks for it', operator)
    .option('--until <date>', 'last day on which it is kept; without it, until it is removed')
    .action((start: string, end: string | undefined, options: Options) =>
      withServices((services) => add(services, start, end ?? start, options)),
    );

  periods
    .command('remove')
    .description('keep a period no longer: what the state says of it when it is over stays as it is')
    .argument('<start>', '2025, 2025-07 or 2025-07-01')
    .option('--measure <url>', 'as it was added')
    .option('--source <name>', 'as it was added', operator)
    .action((start: string, { measure = '', source }: Options) =>
      withServices(async (services) => {
        const { tenant } = demoIdentity;
        if (!(await removeLivePeriod(services.database, tenant, { measureUrl: measure, start, source })))
          throw new InvalidRequest(`${source} keeps no such period: gapless periods list shows those that are kept`);
        await list(services);
      }),
    );
}

async function add(services: Services, start: string, end: string, { measure, source, until }: Options): Promise<void> {
  const { tenant } = demoIdentity;
  if (until !== undefined && !/^\d{4}-\d\d-\d\d$/.test(until))
    throw new InvalidRequest(`--until ${until} is no date: write it as 2026-03-31`);
  const measureUrl = measure === undefined ? '' : (await services.catalogue.find(tenant, { canonical: measure })).url;
  const period = { measureUrl, start, end, source, until: until ?? null };
  await addLivePeriod(services.database, tenant, period, (day) => ownPeriodsAt(services.catalogue, tenant, day));
  await list(services);
}

async function list({ database, catalogue, config, log }: Services): Promise<void> {
  const kept = await livePeriods(database, demoIdentity.tenant);
  for (const { start, end, measureUrl, source, until } of kept) {
    const till = until === null ? '' : `  until ${until}`;
    console.log(`${start} to ${end}  ${measureUrl === '' ? 'all live measures' : measureUrl}  ${source}${till}`);
  }
  const today = dayIn(new Date(), config.timezone);
  const { displaced } = await livePlan(catalogue, demoIdentity.tenant, today, log, kept);
  for (const { measureUrl, start, end } of displaced)
    console.error(`not kept: ${start} to ${end} of ${measureUrl}, which has another period that starts on that day`);
  console.error(`${kept.length} period${kept.length === 1 ? '' : 's'} beside the current ones`);
}
