import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { auditEvent } from '../auth/audit.ts';
import { dayIn } from '../gaps/practice-day.ts';
import { applyRoster, previewRoster } from '../gaps/roster/import-roster.ts';
import type { RosterPlan } from '../gaps/roster/plan-roster.ts';
import { readRoster } from '../gaps/roster/read-roster.ts';
import { demoIdentity } from '../http/request-context.ts';
import { columnMapping, rosterSummary } from '../operations/import-roster.ts';
import type { Services } from '../services.ts';
import { InvalidRequest } from '../store/errors.ts';

interface Options {
  readonly group: string;
  readonly preview?: boolean;
  readonly apply?: string;
  readonly column: readonly string[];
  readonly asOf?: string;
  readonly partial?: boolean;
  readonly all?: boolean;
}

/** `gapless roster import`: an attribution list from a payer's roster in CSV. */
export function registerRoster(
  program: Command,
  withServices: (work: (services: Services) => Promise<void>) => Promise<void>,
): void {
  program
    .command('roster')
    .description('attribution lists of payers')
    .command('import')
    .description('preview what a roster in CSV changes in an attribution list, then apply exactly that')
    .argument(
      '<file>',
      'CSV with a header: member id or name and birth date, NPI of the provider, start, end, contract',
    )
    .requiredOption('--group <id>', 'the attribution list, a Group that is draft or open')
    .option('--preview', 'tell what would change, with the hash to apply it by (the default)')
    .option('--apply <hash>', 'apply the preview of this hash, in one transaction')
    .option(
      '--column <header=field>',
      'what a column holds, where its header does not say it',
      (one, all: string[]) => [...all, one],
      [],
    )
    .option('--as-of <date>', 'first day on which the file holds; today unless given')
    .option('--partial', 'who is not in the file stays on the list')
    .option('--all', 'show every change, not the first twenty of a kind')
    .action((file: string, options: Options) => withServices((services) => importFile(services, file, options)));
}

async function importFile({ database, config }: Services, file: string, options: Options): Promise<void> {
  if (options.preview === true && options.apply !== undefined)
    throw new InvalidRequest('Give --preview or --apply, not both: a preview shows the hash to apply it by');
  if (options.asOf !== undefined && !/^\d{4}-\d\d-\d\d$/.test(options.asOf))
    throw new InvalidRequest(`--as-of ${options.asOf} is no date: write it as 2026-03-31`);
  const { tenant } = demoIdentity;
  const roster = readRoster(readFileSync(file, 'utf8'), columnMapping(options.column));
  const settings = { asOf: options.asOf ?? dayIn(new Date(), config.timezone), partial: options.partial === true };
  if (options.apply === undefined) {
    const plan = await previewRoster(database, tenant, options.group, roster, settings);
    show(plan, options.all === true);
    console.log(`Nothing was changed. Apply it with --apply ${plan.hash}`);
    return;
  }
  const { group } = options;
  const { plan, version } = await applyRoster(database, tenant, group, roster, {
    ...settings,
    hash: options.apply,
    change: (patients) => ({
      baseUrl: null,
      audit: () =>
        auditEvent(
          { ...demoIdentity, requestId: 'cli' },
          {
            action: 'U',
            interaction: '$import-roster',
            resources: [
              { type: 'Group', id: group, version: null, patient: '' },
              ...patients.map((id) => ({ type: 'Patient', id, version: null, patient: id })),
            ],
            query: null,
          },
          new Date(),
        ),
    }),
  });
  show(plan, options.all === true);
  console.log(`Applied: Group/${group} is at version ${version}`);
}

function show(plan: RosterPlan, all: boolean): void {
  const most = all ? Number.POSITIVE_INFINITY : 20;
  const list = (title: string, lines: readonly string[]): void => {
    if (lines.length === 0) return;
    console.log(`${title}:`);
    for (const line of lines.slice(0, most)) console.log(`  ${line}`);
    if (lines.length > most) console.log(`  … and ${lines.length - most} more: --all shows them`);
  };
  for (const kind of ['new', 'changed', 'dropped'] as const) {
    const changes = plan.changes.filter((change) => change.kind === kind);
    list(
      kind,
      changes.map(({ patient, provider, previousProvider, line }) =>
        [
          line === null ? '' : `line ${line}  `,
          `Patient/${patient}  `,
          [previousProvider, provider].filter((one) => one !== null).join(' → '),
        ].join(''),
      ),
    );
  }
  list(
    'not certain, left out',
    plan.ambiguous.map(({ line, why, candidates }) => {
      const scored = candidates.map(({ patient, score }) => `Patient/${patient} ${score.toFixed(3)}`);
      return `line ${line}  ${why}  (${scored.join(', ')})`;
    }),
  );
  list(
    'without a patient, left out',
    plan.unmatched.map(({ line, why }) => `line ${line}  ${why}`),
  );
  list(
    'problems, left out',
    plan.problems.map(
      ({ line, column, problem }) => `line ${line}${column === null ? '' : `, column "${column}"`}: ${problem}`,
    ),
  );
  console.log(rosterSummary(plan));
}
