import type { Bundle, Library, Measure, MeasureReport, ValueSet } from '@medplum/fhirtypes';
import {
  type ElmLibrary,
  type FhirResource,
  type LinkedLibrary,
  linkLibraries,
  PatientRecord,
  type ValueSetSource,
} from '../../cql/index.ts';
import type { ValueSetDefinition } from '../../server/terminology/definitions.ts';
import { valueSetsOf } from '../../server/terminology/source.ts';
import { readReferenceLines } from '../support/reference-data.ts';

/** A test case of the reference data: a patient, and the report that is expected of it. */
export interface ConformanceCase {
  readonly measure: string;
  readonly case: string;
  readonly description?: string;
  readonly expected: MeasureReport;
  readonly bundle: Bundle;
}

/** Official measure content, as an operator would have installed it. */
export interface Content {
  readonly measures: ReadonlyMap<string, Measure>;
  readonly valueSets: ValueSetSource;
  link(measure: Measure): LinkedLibrary;
}

export function loadContent(): Content {
  const measures = readReferenceLines<Measure>('ecqm', 'measures.ndjson.gz');
  const libraries = new Map(
    readReferenceLines<Library>('ecqm', 'libraries.ndjson.gz').map((library) => [library.name ?? '', library]),
  );
  const elm = new Map<string, ElmLibrary>();
  const resolve = (identifier: string): ElmLibrary | null => {
    const known = elm.get(identifier);
    if (known !== undefined) return known;
    const library = libraries.get(identifier);
    const found = library === undefined ? null : elmOf(library);
    if (found !== null) elm.set(identifier, found);
    return found;
  };
  return {
    measures: new Map(measures.map((measure) => [measure.name ?? '', measure])),
    valueSets: valueSetsOf(readReferenceLines<ValueSet & ValueSetDefinition>('ecqm', 'valuesets.ndjson.gz')),
    link: (measure) => {
      const name = measure.library?.[0]?.split('/').at(-1)?.split('|')[0] ?? '';
      const main = resolve(name);
      if (main === null) throw new Error(`${measure.name}: no library ${name}`);
      return linkLibraries(main, resolve);
    },
  };
}

function elmOf(library: Library): ElmLibrary {
  const data = library.content?.find(({ contentType }) => contentType === 'application/elm+json')?.data ?? '';
  const elm = JSON.parse(Buffer.from(data, 'base64').toString('utf8')) as ElmLibrary;
  const identifier = { id: library.name ?? '', version: library.version ?? '' };
  return { library: { ...elm.library, identifier } };
}

export function casesOf(measure: string): ConformanceCase[] {
  return readReferenceLines<ConformanceCase>('ecqm', 'cases', `${measure}.ndjson.gz`);
}

export function recordOf(bundle: Bundle): PatientRecord {
  return new PatientRecord(
    (bundle.entry ?? []).flatMap(({ resource }) => (resource === undefined ? [] : [resource as FhirResource])),
  );
}
