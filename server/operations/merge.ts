import type { Parameters, Patient } from '@medplum/fhirtypes';
import type { FhirResource } from '../../cql/index.ts';
import { InvalidMerge, type Merged, mergePatients } from '../gaps/merging/merge-patients.ts';
import { informed } from './attribution-answers.ts';
import { patientsWithIdentifier } from './attribution-arguments.ts';
import { invalidArgument } from './errors.ts';
import { mergeOptions, recordMerge } from './merge-record.ts';
import { defineOperation, type OperationContext } from './operation.ts';
import { localReference } from './references.ts';
import type { OperationServices } from './services.ts';

/** R5 `Patient/$merge`, on R4 resources. */
export const merge = defineOperation({
  code: 'merge',
  resources: ['Patient'],
  levels: ['type'],
  definition: 'http://hl7.org/fhir/OperationDefinition/Patient-merge',
  title: 'Merge patients',
  description:
    'Merges a Patient into another: what referred to the source refers to the target, rosters and remarks follow, and the gaps of both are evaluated again. $unmerge undoes it. With preview=true, tells what would change and changes nothing.',
  scopes: [
    { type: 'Patient', permission: 'u' },
    { type: '*', permission: 'u' },
  ],
  safe: false,
  exact: true,
  input: {
    'source-patient': { type: 'reference?', documentation: 'The Patient that is replaced.' },
    'source-patient-identifier': {
      type: 'token*',
      documentation: 'The same by identifiers, which all have to be its.',
    },
    'target-patient': { type: 'reference?', documentation: 'The Patient that stays.' },
    'target-patient-identifier': {
      type: 'token*',
      documentation: 'The same by identifiers, which all have to be its.',
    },
    'result-patient': { type: 'Resource?', documentation: 'How the target is to be after it, with the target’s id.' },
    preview: { type: 'boolean?', documentation: 'Tells what would change, and changes nothing.' },
  },
  async run(args, context, services): Promise<Parameters> {
    const source = await patientBy('source-patient', args, context, services);
    const target = await patientBy('target-patient', args, context, services);
    const result = args['result-patient'];
    if (result !== null && (result.resourceType !== 'Patient' || result.id !== target))
      throw invalidArgument('result-patient', `must be a Patient with the target's id, ${target}`);
    const preview = args.preview === true;
    const { tenant } = context;
    let merged: Merged | null = null;
    try {
      await services.database.transaction(async (sql) => {
        const done = await mergePatients(sql, tenant, { source, target, result }, mergeOptions(context, '$merge'));
        merged = done;
        if (preview) throw new PreviewDone();
        await recordMerge(sql, context, 'merge', [done.source, done.target]);
      });
    } catch (error) {
      if (!(error instanceof PreviewDone)) throw error;
    }
    if (merged === null) throw new InvalidMerge('The merge came to no end');
    return answerOf(args, merged, preview);
  },
});

/** Undoes what a preview did. */
class PreviewDone extends Error {}

type Side = 'source-patient' | 'target-patient';
type SideArguments = Readonly<Record<Side, string | null> & Record<`${Side}-identifier`, readonly string[]>>;

/** @throws InvalidArguments */
async function patientBy(
  side: Side,
  args: SideArguments,
  { tenant, baseUrl }: OperationContext,
  services: OperationServices,
): Promise<string> {
  const reference = args[side];
  const identifiers = args[`${side}-identifier`];
  const named = reference === null ? null : localReference(side, reference, ['Patient'], baseUrl).id;
  if (identifiers.length === 0) {
    if (named === null) throw invalidArgument(side, `is required, or ${side}-identifier`, 'required');
    return named;
  }
  const found = await Promise.all(identifiers.map((token) => patientsWithIdentifier(token, tenant, services)));
  const [first = [], ...others] = found;
  const all = first.filter((id) => others.every((ids) => ids.includes(id)) && (named === null || id === named));
  const [only] = all;
  if (only === undefined || all.length > 1)
    throw invalidArgument(
      `${side}-identifier`,
      `must be of one Patient, and ${all.length} have ${identifiers.length === 1 ? 'it' : 'all of them'}`,
    );
  return only;
}

function answerOf(args: SideArguments, { source, target, resources, members }: Merged, preview: boolean): Parameters {
  const input = (['source-patient', 'target-patient'] as const).flatMap((side) => [
    ...(args[side] === null ? [] : [{ name: side, valueReference: { reference: args[side] } }]),
    ...args[`${side}-identifier`].map((token) => ({
      name: `${side}-identifier`,
      valueIdentifier: identifierOf(token),
    })),
  ]);
  const what = `Patient/${source.id} ${preview ? 'would be' : 'was'} merged into Patient/${target.id}`;
  const counts = `${resources} resource${resources === 1 ? '' : 's'} and ${members} member${members === 1 ? '' : 's'} of Groups ${preview ? 'would refer' : 'refer'} to it`;
  return {
    resourceType: 'Parameters',
    parameter: [
      { name: 'input', resource: { resourceType: 'Parameters', parameter: input } },
      { name: 'outcome', resource: informed(`${what}: ${counts}`) },
      { name: 'result', resource: JSON.parse(target.content ?? '{}') as Patient & FhirResource },
    ],
  };
}

function identifierOf(token: string): { system?: string; value: string } {
  const at = token.lastIndexOf('|');
  return at === -1 ? { value: token } : { system: token.slice(0, at), value: token.slice(at + 1) };
}
