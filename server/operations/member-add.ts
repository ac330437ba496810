import type { OperationOutcome } from '@medplum/fhirtypes';
import { type Addition, addition, contractPeriodOf } from '../../bundles/index.ts';
import { coverageOf, listedMembers, openListForMembers } from '../gaps/attribution.ts';
import { dayIn } from '../gaps/practice-day.ts';
import { writeGroup } from '../store/change-group.ts';
import { informed, listChange } from './attribution-answers.ts';
import { attributedProviderOf, memberArguments, memberOf, providerArguments } from './attribution-arguments.ts';
import { invalidArgument } from './errors.ts';
import { defineOperation } from './operation.ts';

/** Da Vinci ATR 2.1.0 `$member-add`. */
export const memberAdd = defineOperation({
  code: 'member-add',
  resources: ['Group'],
  levels: ['instance'],
  definition: 'http://hl7.org/fhir/us/davinci-atr/OperationDefinition/member-add',
  title: 'Add a member to an attribution list',
  description:
    'Attributes a member to a provider, while the list is draft or open. A member of another provider is attributed to the new one from the first day of the period on.',
  scopes: [{ type: 'Group', permission: 'u' }],
  safe: false,
  exact: true,
  input: {
    ...memberArguments,
    ...providerArguments,
    attributionPeriod: {
      type: 'Period?',
      documentation: 'When the attribution holds: from today to the end of the contract unless given.',
    },
  },
  async run(args, context, services): Promise<OperationOutcome> {
    const { tenant, now, timezone } = context;
    const groupId = context.resourceId ?? '';
    const patient = await memberOf(args, context, services);
    const provider = await attributedProviderOf(args, context, services);
    if (provider === null)
      throw invalidArgument(
        'providerNpi',
        'is required, or providerReference: one of them names the provider',
        'required',
      );
    const { start = null, end = null } = args.attributionPeriod ?? {};
    const { kind, version } = await services.database.transaction(async (sql) => {
      const group = await openListForMembers(sql, tenant, groupId);
      const members = await listedMembers(sql, tenant, groupId, patient);
      const coverage = await coverageOf(sql, tenant, patient);
      const isNew = !members.some((member) => !member.inactive && member.provider === provider);
      const wanted = {
        patient,
        provider,
        coverage,
        start,
        end: end ?? (isNew ? contractPeriodOf(group.head).end : null),
      };
      const added = addition(members, wanted, dayIn(now, timezone));
      if (added.kind === 'unchanged') return { kind: added.kind, version: group.version };
      const edit = { members: added.changes };
      const written = await writeGroup(
        sql,
        tenant,
        group,
        edit,
        listChange(context, '$member-add', groupId, [patient]),
      );
      return { kind: added.kind, version: written };
    });
    return informed(`Patient/${patient} ${told[kind]} (Group/${groupId}, version ${version})`);
  },
});

const told: Readonly<Record<Addition['kind'], string>> = {
  new: 'was added to the list',
  changed: 'was on the list, and is attributed as asked now',
  unchanged: 'is on the list already, attributed as asked: nothing was changed',
};
