import type { OperationOutcome } from '@medplum/fhirtypes';
import { removal } from '../../bundles/index.ts';
import { listedMembers, NotAMember, openListForMembers } from '../gaps/attribution.ts';
import { dayIn } from '../gaps/practice-day.ts';
import { writeGroup } from '../store/change-group.ts';
import { informed, listChange } from './attribution-answers.ts';
import { attributedProviderOf, memberArguments, memberOf, providerArguments } from './attribution-arguments.ts';
import { defineOperation } from './operation.ts';
import { localReference } from './references.ts';

/** Da Vinci ATR 2.1.0 `$member-remove`. */
export const memberRemove = defineOperation({
  code: 'member-remove',
  resources: ['Group'],
  levels: ['instance'],
  definition: 'http://hl7.org/fhir/us/davinci-atr/OperationDefinition/member-remove',
  title: 'Remove a member from an attribution list',
  description:
    'Ends the attribution of a member, while the list is draft or open: of all of them, or of those with a provider or a coverage. The member stays on the list as inactive, its period ended today; one that had not begun is cancelled.',
  scopes: [{ type: 'Group', permission: 'u' }],
  safe: false,
  exact: true,
  input: {
    ...memberArguments,
    ...providerArguments,
    coverageReference: { type: 'reference?', documentation: 'Only the attribution under this Coverage.' },
  },
  async run(args, context, services): Promise<OperationOutcome> {
    const { tenant, baseUrl, now, timezone } = context;
    const groupId = context.resourceId ?? '';
    const patient = await memberOf(args, context, services);
    const provider = await attributedProviderOf(args, context, services);
    const coverage =
      args.coverageReference === null
        ? null
        : `Coverage/${localReference('coverageReference', args.coverageReference, ['Coverage'], baseUrl).id}`;
    const { count, version } = await services.database.transaction(async (sql) => {
      const group = await openListForMembers(sql, tenant, groupId);
      const members = (await listedMembers(sql, tenant, groupId, patient)).filter(
        (member) =>
          (provider === null || member.provider === provider) && (coverage === null || member.coverage === coverage),
      );
      const changes = removal(members, dayIn(now, timezone));
      if (changes.length === 0)
        throw new NotAMember(
          `Patient/${patient} is no active member of Group/${groupId}${provider === null ? '' : ` attributed to ${provider}`}${coverage === null ? '' : ` under ${coverage}`}: $attribution-status tells what the list says of a patient`,
        );
      const options = listChange(context, '$member-remove', groupId, [patient]);
      return { count: changes.length, version: await writeGroup(sql, tenant, group, { members: changes }, options) };
    });
    const times = count === 1 ? '' : `, ${count} attributions`;
    return informed(`Patient/${patient} was dropped from the list${times} (Group/${groupId}, version ${version})`);
  },
});
