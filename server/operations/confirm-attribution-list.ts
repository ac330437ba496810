import { withListStatus } from '../../bundles/index.ts';
import type { FhirResource } from '../../cql/index.ts';
import { openList } from '../gaps/attribution.ts';
import { writeGroup } from '../store/change-group.ts';
import { informed, listChange } from './attribution-answers.ts';
import { defineKickOff } from './operation.ts';

/** Da Vinci ATR 2.1.0 `$confirm-attribution-list`: answers 201. */
export const confirmAttributionList = defineKickOff({
  code: 'confirm-attribution-list',
  resources: ['Group'],
  levels: ['instance'],
  definition: 'http://hl7.org/fhir/us/davinci-atr/OperationDefinition/confirm-attribution-list',
  title: 'Confirm an attribution list',
  description:
    'Makes a list final: its members are changed no longer. Answers 201; a list that is final stays as it is.',
  scopes: [{ type: 'Group', permission: 'u' }],
  safe: false,
  exact: true,
  input: {},
  async start(_args, { context, services }) {
    const { tenant, baseUrl } = context;
    const groupId = context.resourceId ?? '';
    const { version, already } = await services.database.transaction(async (sql) => {
      const { group, status } = await openList(sql, tenant, groupId);
      if (status === 'final') return { version: group.version, already: true };
      const head = (tree: FhirResource): FhirResource => withListStatus(tree, 'final');
      const options = listChange(context, '$confirm-attribution-list', groupId, []);
      return { version: await writeGroup(sql, tenant, group, { members: [], head }, options), already: false };
    });
    const text = already ? 'was final already' : 'is final now';
    return {
      status: 201,
      headers: { Location: `${baseUrl}/Group/${groupId}/_history/${version}`, ETag: `W/"${version}"` },
      body: informed(`Group/${groupId} ${text}: its members are changed no longer`),
    };
  },
});
