import type { DataRequirement, Library } from '@medplum/fhirtypes';
import { uuidOf } from '../../bundles/index.ts';
import type { DataRequirements, FhirResource, RetrieveRequirement } from '../../cql/index.ts';
import { measurementPeriod, type PreparedMeasure } from '../../measures/index.ts';
import { LibraryShelf } from '../content/library-shelf.ts';
import { loadLibrary } from '../content/load-library.ts';
import { type Pins, pinnedReader } from '../content/pinned-reader.ts';
import { databaseReader, keepTranslations } from '../content/reader.ts';
import { type Canonical, formatCanonical } from '../terminology/canonical.ts';
import { artifactArguments, manifestPins, type NamedArtifact, namedArtifact } from './artifacts.ts';
import { invalidArgument } from './errors.ts';
import { resolveMeasures } from './measures.ts';
import { defineOperation, type OperationContext } from './operation.ts';
import type { OperationServices } from './services.ts';

/**
 * R4 and CRMI 1.0.0 $data-requirements of measures and libraries: what evaluating them asks of records and terminology,
 * as a module definition.
 */
export const dataRequirements = defineOperation({
  code: 'data-requirements',
  resources: ['Measure', 'Library'],
  levels: ['type', 'instance'],
  definition: 'http://hl7.org/fhir/uv/crmi/OperationDefinition/crmi-data-requirements',
  furtherDefinitions: { Measure: 'http://hl7.org/fhir/OperationDefinition/Measure-data-requirements' },
  title: 'Data requirements of measures and libraries',
  description: 'Returns a Library of type module-definition: which data, value sets and parameters they use.',
  scopes: [
    { type: 'Measure', permission: 'r' },
    { type: 'Library', permission: 'r' },
  ],
  safe: true,
  input: {
    measureUrl: {
      type: 'canonical*',
      documentation: 'The measures; at instance level, the one of the URL.',
      aliases: ['measure'],
    },
    ...artifactArguments,
    expression: {
      type: 'string*',
      documentation: 'Of a Library: the definitions that are meant. Without it, all of them.',
    },
    manifest: { type: 'canonical?', documentation: 'A stored Library that pins the versions of what is used.' },
    periodStart: { type: 'date?', documentation: 'Start of the period. The requirements do not depend on it.' },
    periodEnd: { type: 'date?', documentation: 'End of the period. The requirements do not depend on it.' },
  },
  async run(args, context, services) {
    if (args.periodStart !== null && args.periodEnd !== null) measurementPeriod(args.periodStart, args.periodEnd);
    const pins = await manifestPins(args.manifest, context, services);
    if (context.resourceType === 'Library') return libraryRequirements(args, pins, context, services);
    if (args.expression.length > 0) throw invalidArgument('expression', 'is for a Library only', 'invalid');
    const named = args.id !== null || args.url !== null || args.identifier !== null;
    const own = named ? [urlOf(await namedArtifact(args, context, services))] : [];
    const measures = await resolveMeasures({ measureUrl: [...args.measureUrl, ...own] }, context, services);
    const canonicals = measures.map(formatCanonical);
    const prepared = await Promise.all(
      canonicals.map((canonical) => services.catalogue.prepared(context.tenant, canonical)),
    );
    return moduleDefinition(canonicals, prepared.flatMap(allRequirements), pins);
  },
});

async function libraryRequirements(
  args: NamedArtifact & { readonly expression: readonly string[]; readonly measureUrl: readonly string[] },
  pins: Pins,
  context: OperationContext,
  services: OperationServices,
): Promise<Library> {
  if (args.measureUrl.length > 0) throw invalidArgument('measureUrl', 'is for a Measure: use url', 'invalid');
  const reader = pinnedReader(databaseReader(services.database, context.tenant), pins);
  const shelf = new LibraryShelf(reader, services.libraries.translate);
  const library = await namedArtifact(args, context, services);
  const loaded = await loadLibrary(reader, shelf, { ...library, resourceType: 'Library' });
  await keepTranslations(services.database, context.tenant, shelf.translations);
  const requirements = loaded.requirements(args.expression.length > 0 ? args.expression : null);
  return moduleDefinition([urlOf(library)], [requirements], pins);
}

function urlOf({ url, version }: FhirResource): string {
  return formatCanonical({ url: String(url), version: typeof version === 'string' ? version : null });
}

function allRequirements({ requirements, components }: PreparedMeasure): readonly DataRequirements[] {
  return [...requirements.values(), ...components.flatMap(allRequirements)];
}

/** Each requirement once, by type, then profile, then codes. */
function moduleDefinition(
  canonicals: readonly string[],
  requirements: readonly DataRequirements[],
  pins: Pins,
): Library {
  const unique = new Map<string, DataRequirement>();
  for (const retrieve of requirements.flatMap(({ retrieves }) => retrieves)) {
    const requirement = asDataRequirement(retrieve, pins);
    unique.set(JSON.stringify([requirement.type, requirement.profile, requirement.codeFilter]), requirement);
  }
  const valueSets = new Set(requirements.flatMap((all) => all.valueSets.map((set) => pinned(set, pins))));
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

/** The canonical with the version that it names, or else the pinned one. */
function pinned({ url, version }: Canonical, pins: Pins): string {
  return formatCanonical({ url, version: version ?? pins.get(url) ?? null });
}

function asDataRequirement(
  { resourceType, profile, codeProperty, valueSet, codes }: RetrieveRequirement,
  pins: Pins,
): DataRequirement {
  const path = codeProperty === null ? {} : { path: codeProperty };
  const filter =
    valueSet !== null
      ? { ...path, valueSet: pinned(valueSet, pins) }
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
