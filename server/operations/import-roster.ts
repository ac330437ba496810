import type { Parameters, ParametersParameter } from '@medplum/fhirtypes';
import { dayIn } from '../gaps/practice-day.ts';
import { type RosterField, rosterFields } from '../gaps/roster/columns.ts';
import { applyRoster, previewRoster } from '../gaps/roster/import-roster.ts';
import type { RosterPlan } from '../gaps/roster/plan-roster.ts';
import { readRoster } from '../gaps/roster/read-roster.ts';
import { informed, listChange } from './attribution-answers.ts';
import { invalidArgument } from './errors.ts';
import { defineOperation } from './operation.ts';

/** Our own operation: an attribution list from a payer's roster in CSV, after a preview. */
export const importRoster = defineOperation({
  code: 'import-roster',
  resources: ['Group'],
  levels: ['instance'],
  definition: 'http://gapless.health/OperationDefinition/Group-import-roster',
  title: 'Import a roster',
  description:
    'Previews what a roster in CSV would change in an attribution list: who is new, changed, dropped; which rows mean nobody, or nobody with certainty; what is wrong, by row and column. With the preview’s hash, applies exactly that in one transaction.',
  scopes: [
    { type: 'Group', permission: 'u' },
    { type: 'Patient', permission: 's' },
  ],
  safe: false,
  exact: true,
  input: {
    roster: { type: 'string', documentation: 'The file, as a text.' },
    column: {
      type: 'string*',
      documentation: `header=field, where the header does not say it: ${rosterFields.join(', ')}.`,
    },
    asOf: { type: 'date?', documentation: 'First day on which it holds; today unless given.' },
    partial: { type: 'boolean?', documentation: 'Who is not in the file stays on the list.' },
    apply: { type: 'string?', documentation: 'Hash of the preview that is to be applied; a preview without it.' },
  },
  async run(args, context, { database }): Promise<Parameters> {
    const { tenant, now, timezone } = context;
    const groupId = context.resourceId ?? '';
    if (args.asOf !== null && args.asOf.length !== 10)
      throw invalidArgument('asOf', 'must be a day such as 2026-01-31');
    const roster = readRoster(args.roster, columnMapping(args.column));
    const options = { asOf: args.asOf ?? dayIn(now, timezone), partial: args.partial === true };
    if (args.apply === null) return answerOf(await previewRoster(database, tenant, groupId, roster, options), null);
    const change = (patients: readonly string[]) => listChange(context, '$import-roster', groupId, patients);
    const { plan, version } = await applyRoster(database, tenant, groupId, roster, {
      ...options,
      hash: args.apply,
      change,
    });
    return answerOf(plan, `Group/${groupId}/_history/${version}`);
  },
});

/** @param columns `header=field` @throws InvalidArguments */
export function columnMapping(columns: readonly string[]): Readonly<Record<string, RosterField>> {
  return Object.fromEntries(
    columns.map((column) => {
      const at = column.lastIndexOf('=');
      const field = rosterFields.find((known) => known === column.slice(at + 1).trim());
      if (at < 1 || field === undefined)
        throw invalidArgument(
          'column',
          `"${column}" must be header=field, where a field is one of ${rosterFields.join(', ')}`,
        );
      return [column.slice(0, at).trim(), field];
    }),
  );
}

/** How many there are, in a sentence. */
export function rosterSummary({ changes, unchanged, spared, ambiguous, unmatched, problems }: RosterPlan): string {
  const of = (kind: string): number => changes.filter((change) => change.kind === kind).length;
  const counts = `${of('new')} new, ${of('changed')} changed, ${of('dropped')} dropped, ${unchanged} unchanged`;
  const lines = new Set(problems.map(({ line }) => line)).size;
  const left = `${ambiguous.length} rows not certain, ${unmatched.length} rows without a patient, ${lines} rows with problems`;
  return `${counts}; left out: ${left}${spared === 0 ? '' : `; ${spared} members stay because a row that was left out may mean them`}`;
}

function answerOf(plan: RosterPlan, applied: string | null): Parameters {
  const integer = (name: string, valueInteger: number): ParametersParameter => ({ name, valueInteger });
  const text = (name: string, valueString: string): ParametersParameter => ({ name, valueString });
  const change = ({
    kind,
    patient,
    provider,
    previousProvider,
    line,
  }: RosterPlan['changes'][number]): ParametersParameter => ({
    name: 'change',
    part: [
      { name: 'kind', valueCode: kind },
      { name: 'patient', valueReference: { reference: `Patient/${patient}` } },
      ...(provider === null ? [] : [{ name: 'provider', valueReference: { reference: provider } }]),
      ...(previousProvider === null
        ? []
        : [{ name: 'previousProvider', valueReference: { reference: previousProvider } }]),
      ...(line === null ? [] : [integer('line', line)]),
    ],
  });
  const open =
    (name: string) =>
    ({ line, why, candidates }: RosterPlan['ambiguous'][number]): ParametersParameter => ({
      name,
      part: [
        integer('line', line),
        text('problem', why),
        ...candidates.map(({ patient, score }) => ({
          name: 'candidate',
          part: [
            { name: 'patient', valueReference: { reference: `Patient/${patient}` } },
            { name: 'score', valueDecimal: Number(score.toFixed(4)) },
          ],
        })),
      ],
    });
  return {
    resourceType: 'Parameters',
    parameter: [
      { name: 'outcome', resource: informed(`${applied === null ? 'Preview' : 'Applied'}: ${rosterSummary(plan)}`) },
      ...(applied === null ? [text('hash', plan.hash)] : [{ name: 'group', valueReference: { reference: applied } }]),
      integer('unchanged', plan.unchanged),
      ...plan.changes.map(change),
      ...plan.ambiguous.map(open('ambiguous')),
      ...plan.unmatched.map(open('unmatched')),
      ...plan.problems.map(({ line, column, problem }) => ({
        name: 'problem',
        part: [integer('line', line), ...(column === null ? [] : [text('column', column)]), text('problem', problem)],
      })),
    ],
  };
}
