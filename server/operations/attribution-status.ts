import type { Bundle, Group, Resource } from '@medplum/fhirtypes';
import { listedMember, NotAMember, openList } from '../gaps/attribution.ts';
import { membersOfPatient } from '../store/group-members.ts';
import { loadByReference } from '../store/patient-record.ts';
import { memberArguments, memberOf } from './attribution-arguments.ts';
import { defineOperation } from './operation.ts';

/** Da Vinci ATR 2.1.0 `$attribution-status`. */
export const attributionStatus = defineOperation({
  code: 'attribution-status',
  resources: ['Group'],
  levels: ['instance'],
  definition: 'http://hl7.org/fhir/us/davinci-atr/OperationDefinition/attribution-status',
  title: 'Attribution of a member',
  description:
    'What an attribution list says of a member: a Bundle with the Group, of whose members only this one is there, the Patient, and the Coverages and providers that it names.',
  scopes: [
    { type: 'Group', permission: 'r' },
    { type: 'Patient', permission: 'r' },
    { type: 'Coverage', permission: 'r' },
  ],
  safe: true,
  input: memberArguments,
  async run(args, context, services): Promise<Bundle> {
    const { tenant, baseUrl } = context;
    const groupId = context.resourceId ?? '';
    const patient = await memberOf(args, context, services);
    const { head, members } = await services.database.transaction(async (sql) => {
      const { group } = await openList(sql, tenant, groupId);
      return { head: group.head, members: (await membersOfPatient(sql, tenant, groupId, patient)).map(listedMember) };
    });
    if (members.length === 0)
      throw new NotAMember(`Patient/${patient} is not, and never was, a member of Group/${groupId}`);
    const named = members.flatMap(({ provider, coverage }) => [provider, coverage]).filter((one) => one !== null);
    const wanted = new Set([`Patient/${patient}`, ...named]);
    const manager = (head['managingEntity'] as { reference?: unknown } | undefined)?.reference;
    if (typeof manager === 'string') wanted.add(manager);
    const found = await loadByReference(services.database, tenant, wanted);
    await services.audit.record(context, {
      action: 'R',
      interaction: '$attribution-status',
      resources: [
        { type: 'Group', id: groupId, version: null, patient: '' },
        { type: 'Patient', id: patient, version: null, patient },
      ],
      query: null,
    });
    const group = { ...head, member: members.map(({ member }) => member) } as unknown as Group;
    const resources: Resource[] = [
      withTag(group),
      ...[...wanted].flatMap((reference): Resource[] => {
        const content = found.get(reference)?.content;
        return content === undefined ? [] : [JSON.parse(content)];
      }),
    ];
    const entry = resources.map((resource) => ({
      fullUrl: `${baseUrl}/${resource.resourceType}/${resource.id}`,
      resource,
    }));
    return { resourceType: 'Bundle', type: 'collection', timestamp: context.now.toISOString(), entry };
  },
});

/** R4 resource.html#tag: only part of it is there, so that nobody stores it as the whole. */
function withTag(group: Group): Group {
  const subsetted = { system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue', code: 'SUBSETTED' };
  return { ...group, meta: { ...group.meta, tag: [...(group.meta?.tag ?? []), subsetted] } };
}
