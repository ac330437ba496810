import type { Library, Measure, ValueSet } from '@medplum/fhirtypes';
import {
  createInterpreter,
  type ElmLibrary,
  type ExpandedValueSet,
  linkLibraries,
  type ValueSetSource,
} from '../../../cql/index.ts';
import { type OwnMeasure, ownMeasures } from '../../../measures/content/own-measures.ts';
import { type PreparedMeasure, prepareMeasure, readMeasure } from '../../../measures/index.ts';

/** The own measure of that name, prepared from nothing but its installable Bundle. */
export function prepareOwn(name: string): PreparedMeasure {
  const own = ownMeasures().find((candidate) => candidate.name === name);
  if (own === undefined) throw new Error(`There is no measure ${name}`);
  const libraries = new Map(
    resourcesOf<Library>(own, 'Library').map((library) => [`${library.name}|${library.version}`, elmOf(library)]),
  );
  const main = libraries.get(`${own.name}|${own.version}`);
  const [measure] = resourcesOf<Measure>(own, 'Measure');
  if (main === undefined || measure === undefined) throw new Error(`The Bundle of ${name} is not complete`);
  return prepareMeasure({
    definition: readMeasure(measure),
    linked: linkLibraries(main, (identifier, version) => libraries.get(`${identifier}|${version}`) ?? null),
    valueSets: valueSetsOf(own),
    evaluator: createInterpreter(),
  });
}

export function resourcesOf<T extends Library | Measure | ValueSet>(
  { bundle }: OwnMeasure,
  resourceType: T['resourceType'],
): T[] {
  return (bundle.entry ?? []).flatMap(({ resource }) =>
    resource?.resourceType === resourceType ? [resource as T] : [],
  );
}

/** Text of a Library's content of that type. */
export function contentOf({ name, content }: Library, contentType: string): string {
  const data = content?.find((attachment) => attachment.contentType === contentType)?.data;
  if (data === undefined) throw new Error(`Library ${name} has no ${contentType}`);
  return Buffer.from(data, 'base64').toString('utf8');
}

function elmOf(library: Library): ElmLibrary {
  return JSON.parse(contentOf(library, 'application/elm+json')) as ElmLibrary;
}

function valueSetsOf(own: OwnMeasure): ValueSetSource {
  const expanded = new Map(
    resourcesOf<ValueSet>(own, 'ValueSet').map(({ url = '', version = null, compose }): [string, ExpandedValueSet] => {
      const codes = (compose?.include ?? []).flatMap(({ system = '', concept = [] }) =>
        concept.map(({ code = '' }) => ({ system, code })),
      );
      return [url, { url, version, codes }];
    }),
  );
  return { find: (url) => expanded.get(url) ?? null };
}
