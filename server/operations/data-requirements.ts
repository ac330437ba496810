import type { DataRequirement, Library } from '@medplum/fhirtypes';
import { uuidOf } from '../../bundles/index.ts';
import type { DataRequirements, RetrieveRequirement } from '../../cql/index.ts';
import { measurementPeriod, type PreparedMeasure } from '../../measures/index.ts';
import { formatCanonical } from '../terminology/canonical.ts';
import { resolveMeasures } from './measures.ts';
import { defineOperation } from './operation.ts';

/** R4 Measure/$data-requirements: what evaluating measures asks of records and terminology, as a module definition. */
export const dataRequirements = defineOperation({
  code: 'data-requirements',
  resources: ['Measure'],
  levels: ['type', 'instance'],
  definition: 'http://hl7.org/fhir/OperationDefinition/Measure-data-requirements',
  title: 'Data requirements of measures',
  description: 'Returns a Library of type module-definition: which data and value sets the measures use.',
  scopes: [{ type: 'Measure', permission: 'r' }],
  safe: true,
  input: {
    measureUrl: {
      type: 'canonical*',
      documentation: 'The measures; at instance level, the one of the URL.',
      aliases: ['measure'],
    },
    periodStart: { type: 'date?', documentation: 'Start of the period. The requirements do not depend on it.' },
    periodEnd: { type: 'date?', documentation: 'End of the period. The requirements do not depend on it.' },
  },
  async run(args, context, services) {
    if (args.periodStart !== null && args.periodEnd !== null) measurementPeriod(args.periodStart, args.periodEnd);
    const measures = await resolveMeasures(args, context, services);
    const canonicals = measures.map(formatCanonical);
    const prepared = await Promise.all(
      canonicals.map((canonical) => services.catalogue.prepared(context.tenant, canonical)),
    );
    return moduleDefinition(canonicals, prepared.flatMap(allRequirements));
  },
});

function allRequirements({ requirements, components }: PreparedMeasure): readonly DataRequirements[] {
  return [...requirements.values(), ...components.flatMap(allRequirements)];
}

/** Each requirement once, by type, then profile, then codes. */
function moduleDefinition(canonicals: readonly string[], requirements: readonly DataRequirements[]): Library {
  const unique = new Map<string, DataRequirement>();
  for (const retrieve of requirements.flatMap(({ retrieves }) => retrieves)) {
    const requirement = asDataRequirement(retrieve);
    unique.set(JSON.stringify([requirement.type, requirement.profile, requirement.codeFilter]), requirement);
  }
  const valueSets = new Set(requirements.flatMap((all) => all.valueSets.map(formatCanonical)));
  const parameters = new Set(requirements.flatMap((all) => all.parameters));
  const dataRequirement = [...unique].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, requirement]) => requirement);
  return {
    resourceType: 'Library',
    id: uuidOf('data-requirements', ...canonicals),
    status: 'active',
    type: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/library-type', code: 'module-definition' }] },
    relatedArtifact: [...canonicals, ...[...valueSets].sort()].map((resource) => ({ type: 'depends-on', resource })),
    ...(parameters.has('Measurement Period') && {
      parameter: [{ name: 'Measurement Period', use: 'in', min: 0, max: '1', type: 'Period' }],
    }),
    ...(dataRequirement.length > 0 && { dataRequirement }),
  };
}

function asDataRequirement({
  resourceType,
  profile,
  codeProperty,
  valueSet,
  codes,
}: RetrieveRequirement): DataRequirement {
  const path = codeProperty === null ? {} : { path: codeProperty };
  const filter =
    valueSet !== null
      ? { ...path, valueSet: formatCanonical(valueSet) }
      : codes.length > 0
        ? {
            ...path,
            code: codes.map(({ system, code, display }) => ({ system, code, ...(display !== null && { display }) })),
          }
        : null;
  return {
    type: resourceType as DataRequirement['type'],
    ...(profile !== null && { profile: [profile] }),
    ...(filter !== null && { codeFilter: [filter] }),
  };
}
