import { userInfo } from 'node:os';
import { Argument, type Command } from 'commander';
import { directionOf, directions, removeDirection, setDirection } from '../content/directions.ts';
import { demoIdentity } from '../http/request-context.ts';
import type { Services } from '../services.ts';
import { InvalidRequest } from '../store/errors.ts';

interface Options {
  readonly group?: string;
  readonly reason?: string;
}

/** `gapless measures direction`: shows, gives or takes back the direction of a measure, or of one of its groups. */
export function registerDirection(
  measures: Command,
  withServices: (work: (services: Services) => Promise<void>) => Promise<void>,
): void {
  measures
    .command('direction')
    .description('show or override which direction of a rate is better, where a Measure says it the wrong way')
    .argument('<url>', 'canonical url of the measure')
    .addArgument(
      new Argument('[direction]', 'none: show; published: what the Measure says holds again').choices([
        'increase',
        'decrease',
        'published',
      ]),
    )
    .option('--group <id>', 'one group; without it, all that have no direction of their own')
    .option('--reason <text>', 'why: it is shown wherever results are')
    .action((url: string, wanted: 'increase' | 'decrease' | 'published' | undefined, options: Options) =>
      withServices((services) => direct(services, url, wanted, options)),
    );
}

async function direct(
  { database, catalogue, interactionServices: { audit } }: Services,
  url: string,
  wanted: 'increase' | 'decrease' | 'published' | undefined,
  { group, reason }: Options,
): Promise<void> {
  const { tenant } = demoIdentity;
  const { id, definition } = await catalogue.find(tenant, { canonical: url });
  if (group !== undefined && !definition.groups.some((one) => one.id === group)) {
    const ids = definition.groups.map((one) => one.id).join(', ');
    throw new InvalidRequest(`The measure has no group ${group}: it has ${ids}`);
  }
  const about = { measureUrl: definition.url, groupId: group ?? null };
  if (wanted === 'published') await removeDirection(database, tenant, about);
  else if (wanted !== undefined) {
    if (reason === undefined || reason.trim() === '')
      throw new InvalidRequest('Say why with --reason: it is shown wherever results are');
    const givenBy = `${userInfo().username} (command line)`;
    await setDirection(database, tenant, { ...about, improvementNotation: wanted, reason: reason.trim(), givenBy });
  }
  if (wanted !== undefined) {
    const resources = [{ type: 'Measure', id, version: null, patient: '' }];
    const access = { action: 'U', interaction: 'update', resources, query: null } as const;
    await audit.record({ ...demoIdentity, requestId: 'cli' }, access);
  }
  const given = await directions(database, tenant);
  const now = await catalogue.find(tenant, { canonical: url });
  for (const { id: groupId, improvementNotation } of now.definition.groups) {
    const by = directionOf(given, definition.url, groupId);
    const because = by === null ? 'as published' : `overridden by ${by.givenBy}: ${by.reason}`;
    console.log(`${groupId ?? '(the only group)'}  ${improvementNotation ?? 'none'}  ${because}`);
  }
  if (wanted !== undefined) console.error('A running server evaluates all patients for it now.');
}
