import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Bundle, BundleEntry, Library, Measure, Resource, ValueSet } from '@medplum/fhirtypes';

/** A measure that comes with Gapless, as an operator would install it. */
export interface OwnMeasure {
  /** Name of the Measure and of its primary Library, e.g. `BreastCancerScreening`. */
  readonly name: string;
  readonly url: string;
  readonly version: string;
  /** A transaction: Measure, primary Library, included Libraries, ValueSets; each is put under its own id. */
  readonly bundle: Bundle;
}

/** Where a library's CQL is written and where its ELM lies beside it, as absolute paths. */
export interface LibrarySource {
  readonly name: string;
  readonly version: string;
  readonly cql: string;
  readonly elmPath: string;
}

const root = fileURLToPath(new URL('.', import.meta.url));
const canonicalRoot = 'http://gapless.health';
const measureNames = ['BreastCancerScreening', 'ControllingHighBloodPressure'] as const;

/**
 * The measures that Gapless itself publishes, read from its own files at each call. ELM stands beside the CQL in every
 * Library, so that installing them takes no translation; a test keeps it equal to a new one.
 */
export function ownMeasures(): readonly OwnMeasure[] {
  const sources = new Map(librarySources().map((source) => [source.name, source]));
  const valueSets = readValueSets();
  return measureNames.map((name) => {
    const measure = readJson<Measure>(`${root}${name}/measure.json`);
    const libraries = includedFrom(name, sources);
    const named = new Set(libraries.flatMap(({ cql }) => valueSetsOf(cql)));
    const resources: Resource[] = [
      measure,
      ...libraries.map(toLibrary),
      ...valueSets.filter(({ url }) => url !== undefined && named.has(url)),
    ];
    return {
      name,
      url: measure.url ?? '',
      version: measure.version ?? '',
      bundle: { resourceType: 'Bundle', type: 'transaction', entry: resources.map(toEntry) },
    };
  });
}

/** Every CQL library of the content, those that are included by others first. */
export function librarySources(): readonly LibrarySource[] {
  const shared = readdirSync(`${root}libraries`)
    .filter((file) => file.endsWith('.cql'))
    .map((file) => `libraries/${file}`);
  return [...shared, ...measureNames.map((name) => `${name}/${name}.cql`)].map((file) => {
    const cql = readFileSync(`${root}${file}`, 'utf8');
    const [, name = '', version = ''] = /^library (\w+) version '([^']+)'$/m.exec(cql) ?? [];
    return { name, version, cql, elmPath: `${root}${file.replace(/\.cql$/, '.elm.json')}` };
  });
}

function includesOf(cql: string): string[] {
  return [...cql.matchAll(/^include (\w+) version/gm)].map(([, name = '']) => name);
}

function valueSetsOf(cql: string): string[] {
  return [...cql.matchAll(/^valueset .*: '([^']+)'$/gm)].map(([, url = '']) => url);
}

/** A library and all that it includes, directly and indirectly; the library itself first. */
function includedFrom(name: string, sources: ReadonlyMap<string, LibrarySource>): LibrarySource[] {
  const found = new Map<string, LibrarySource>();
  const add = (wanted: string): void => {
    const source = sources.get(wanted);
    if (source === undefined || found.has(wanted)) return;
    found.set(wanted, source);
    for (const included of includesOf(source.cql)) add(included);
  };
  add(name);
  return [...found.values()];
}

function toLibrary({ name, version, cql, elmPath }: LibrarySource): Library {
  const dependencies = [
    ...includesOf(cql).map((included) => `${canonicalRoot}/Library/${included}|1.0.0`),
    ...valueSetsOf(cql),
  ];
  return {
    resourceType: 'Library',
    id: `${name}-${version}`,
    url: `${canonicalRoot}/Library/${name}`,
    version,
    name,
    status: 'active',
    experimental: false,
    publisher: 'Gapless',
    type: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/library-type', code: 'logic-library' }] },
    relatedArtifact: dependencies.map((resource) => ({ type: 'depends-on', resource })),
    content: [
      { contentType: 'text/cql', data: base64(cql) },
      { contentType: 'application/elm+json', data: base64(readFileSync(elmPath, 'utf8')) },
    ],
  };
}

function readValueSets(): ValueSet[] {
  return readdirSync(`${root}value-sets`)
    .sort()
    .map((file) => readJson<ValueSet>(`${root}value-sets/${file}`));
}

function toEntry(resource: Resource): BundleEntry {
  const path = `${resource.resourceType}/${resource.id}`;
  return {
    fullUrl: `${canonicalRoot}/${path}`,
    resource,
    request: { method: 'PUT', url: path },
  };
}

function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}

/** Our own files: that they are what they say is a test's business (tests/measures/content). */
function readJson<T extends Resource>(path: string): T {
  return JSON.parse(readFileSync(path, 'utf8')) as T;
}
