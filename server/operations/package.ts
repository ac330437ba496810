import type { Bundle, BundleEntry, Measure, Resource } from '@medplum/fhirtypes';
import { gatherPackage, type PackagedArtifact } from '../content/gather-package.ts';
import type { LibraryDefinition } from '../content/library-resource.ts';
import { LibraryShelf } from '../content/library-shelf.ts';
import { pinnedReader, pinsOf } from '../content/pinned-reader.ts';
import { databaseReader, keepTranslations } from '../content/reader.ts';
import { parseExact } from '../store/exact-json.ts';
import { loadByReference } from '../store/patient-record.ts';
import { formatCanonical, parseCanonical } from '../terminology/canonical.ts';
import { artifactArguments, manifestPins, namedArtifact } from './artifacts.ts';
import { invalidArgument } from './errors.ts';
import { defineOperation } from './operation.ts';

/** Extension of Bundle.meta that names a canonical which the package refers to and which is not stored here. */
const missingDependency = 'http://gapless.health/StructureDefinition/missing-dependency';

/** Codes of `include` and `exclude`, with the types that each stands for; null: the artifact itself. */
const contents: Readonly<Record<string, readonly PackagedArtifact['type'][] | null>> = {
  all: ['Measure', 'Library', 'ValueSet', 'CodeSystem'],
  canonical: ['Measure', 'Library', 'ValueSet', 'CodeSystem'],
  artifact: null,
  knowledge: ['Measure', 'Library'],
  terminology: ['ValueSet', 'CodeSystem'],
};

const codes = Object.fromEntries(Object.keys(contents).map((code) => [code, []]));

/** CRMI 1.0.0 $package: a measure or library with what it depends on, to be installed elsewhere. */
export const packageArtifact = defineOperation({
  code: 'package',
  resources: ['Measure', 'Library'],
  levels: ['type', 'instance'],
  definition: 'http://hl7.org/fhir/uv/crmi/OperationDefinition/crmi-package',
  title: 'Package an artifact',
  description:
    'Returns a transaction Bundle that installs the artifact elsewhere: Measure, primary Library, then all that they depend on. A page or a selection is a collection. What is not stored here is named in Bundle.meta.',
  scopes: [
    { type: 'Measure', permission: 'r' },
    { type: 'Library', permission: 'r' },
    { type: 'ValueSet', permission: 'r' },
    { type: 'CodeSystem', permission: 'r' },
  ],
  safe: true,
  input: {
    ...artifactArguments,
    artifactVersion: {
      type: 'canonical*',
      documentation: 'url|version that a reference without a version means.',
      aliases: ['canonicalVersion'],
    },
    checkArtifactVersion: {
      type: 'canonical*',
      documentation: 'url|version: an error when the package would have another version of it.',
      aliases: ['checkCanonicalVersion'],
    },
    manifest: {
      type: 'canonical?',
      documentation: 'A stored Library whose depends-on artifacts are used as artifactVersion.',
    },
    offset: { type: 'integer?', documentation: 'Entries to leave out at the beginning.' },
    count: { type: 'integer?', documentation: 'Entries on a page; 0 asks for the total alone.' },
    include: { type: 'code*', documentation: `What to include: ${Object.keys(contents).join(', ')}.`, codes },
    includeUri: { type: 'canonical*', documentation: 'Only artifacts with these urls.' },
    exclude: { type: 'code*', documentation: 'What to leave out: the codes of include.', codes },
    excludeUri: { type: 'canonical*', documentation: 'Leave out artifacts with these urls.' },
    packageOnly: {
      type: 'boolean?',
      documentation: 'Only false: dependencies are not told apart by their specification.',
    },
  },
  async run(args, context, services) {
    if (args.packageOnly === true)
      throw invalidArgument('packageOnly', 'true is not supported: use include or includeUri', 'not-supported');
    const pins = new Map([...(await manifestPins(args.manifest, context, services)), ...pinsOf(args.artifactVersion)]);
    const reader = pinnedReader(databaseReader(services.database, context.tenant), pins);
    const shelf = new LibraryShelf(reader, services.libraries.translate);
    const root = (await namedArtifact(args, context, services)) as unknown as Measure | LibraryDefinition;
    const { artifacts, missing } = await gatherPackage(reader, shelf, root);
    await keepTranslations(services.database, context.tenant, shelf.translations);
    checkVersions(args.checkArtifactVersion, artifacts);
    const absent = missing.find((canonical) => pins.has(parseCanonical(canonical).url));
    if (absent !== undefined) {
      const { url } = parseCanonical(absent);
      throw invalidArgument(
        args.manifest === null ? 'artifactVersion' : 'manifest',
        `pins ${url}|${pins.get(url)}, which is not stored, or is not the version that ${absent} names`,
      );
    }
    const chosen = artifacts.filter((artifact, index) => isChosen(artifact, index === 0, args));
    if (args.count === '0') return { resourceType: 'Bundle', type: 'searchset', total: chosen.length } satisfies Bundle;
    const from = Number(args.offset ?? 0);
    const page = chosen.slice(from, args.count === null ? undefined : from + Number(args.count));
    const whole = page.length === artifacts.length;
    const stored = await loadByReference(services.database, context.tenant, new Set(page.map(keyOf)));
    const entry = page.flatMap((artifact): BundleEntry[] => {
      const text = stored.get(keyOf(artifact))?.content;
      if (text === undefined) return [];
      const resource = parseExact(text) as Resource;
      const request = whole ? { request: { method: 'PUT' as const, url: keyOf(artifact) } } : {};
      return [{ fullUrl: `${context.baseUrl}/${keyOf(artifact)}`, resource, ...request }];
    });
    return {
      resourceType: 'Bundle',
      ...(missing.length > 0 && {
        meta: { extension: missing.map((canonical) => ({ url: missingDependency, valueCanonical: canonical })) },
      }),
      type: whole ? 'transaction' : 'collection',
      timestamp: context.now.toISOString(),
      entry,
    } satisfies Bundle;
  },
});

interface Selection {
  readonly include: readonly string[];
  readonly includeUri: readonly string[];
  readonly exclude: readonly string[];
  readonly excludeUri: readonly string[];
}

function isChosen(artifact: PackagedArtifact, isRoot: boolean, selection: Selection): boolean {
  const { include, includeUri, exclude, excludeUri } = selection;
  const fits = (code: string): boolean => contents[code]?.includes(artifact.type) ?? isRoot;
  const isNamed = (canonical: string): boolean => {
    const { url, version } = parseCanonical(canonical);
    return artifact.url === url && (version === null || artifact.version === version);
  };
  const wanted = include.length + includeUri.length === 0 || include.some(fits) || includeUri.some(isNamed);
  return wanted && !exclude.some(fits) && !excludeUri.some(isNamed);
}

function checkVersions(canonicals: readonly string[], artifacts: readonly PackagedArtifact[]): void {
  for (const [url, version] of pinsOf(canonicals)) {
    const other = artifacts.find((artifact) => artifact.url === url && artifact.version !== version);
    if (other !== undefined)
      throw invalidArgument(
        'checkArtifactVersion',
        `the package would have ${formatCanonical(other)}, not ${url}|${version}`,
      );
  }
}

function keyOf({ type, id }: PackagedArtifact): string {
  return `${type}/${id}`;
}
