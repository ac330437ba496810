import type { Parameters, Patient } from '@medplum/fhirtypes';
import { unmergePatient } from '../gaps/merging/unmerge-patient.ts';
import { informed } from './attribution-answers.ts';
import { mergeOptions, recordMerge } from './merge-record.ts';
import { defineOperation } from './operation.ts';
import { localReference } from './references.ts';

/** Our own operation: undoes `$merge`. */
export const unmerge = defineOperation({
  code: 'unmerge',
  resources: ['Patient'],
  levels: ['type'],
  definition: 'http://gapless.health/OperationDefinition/Patient-unmerge',
  title: 'Undo a merge of patients',
  description:
    'Undoes the merge by which a Patient was replaced. What was not changed since is exactly as it was before; of what was, the references that the merge moved go back; what came to the other Patient since stays there. The gaps of both are evaluated again.',
  scopes: [
    { type: 'Patient', permission: 'u' },
    { type: '*', permission: 'u' },
  ],
  safe: false,
  exact: true,
  input: { 'source-patient': { type: 'reference', documentation: 'The Patient that was replaced.' } },
  async run(args, context, services): Promise<Parameters> {
    const { tenant, baseUrl } = context;
    const { id } = localReference('source-patient', args['source-patient'], ['Patient'], baseUrl);
    const undone = await services.database.transaction(async (sql) => {
      const done = await unmergePatient(sql, tenant, id, mergeOptions(context, '$unmerge'));
      const target = { type: 'Patient', id: done.target, version: done.targetVersion };
      await recordMerge(sql, context, 'unmerge', done.targetVersion === 0 ? [done.source] : [done.source, target]);
      return done;
    });
    const since =
      undone.changedSince === 0 ? '' : `; ${undone.changedSince} were changed since, of which the references went back`;
    return {
      resourceType: 'Parameters',
      parameter: [
        {
          name: 'outcome',
          resource: informed(
            `Patient/${id} is apart from Patient/${undone.target} again: ${undone.restored} resources are as they were before the merge${since}`,
          ),
        },
        { name: 'result', resource: JSON.parse(undone.source.content ?? '{}') as Patient },
      ],
    };
  },
});
