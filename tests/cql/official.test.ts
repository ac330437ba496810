import {
  dataRequirements,
  type ElmLibrary,
  type ExpandedValueSet,
  type FhirResource,
  identifiedAs,
  type LinkedLibrary,
  linkLibraries,
  PatientRecord,
  type ValueSetSource,
} from '../../cql/index.ts';
import { describeWithReferenceData, readReferenceLines } from '../support/reference-data.ts';
import { evaluator } from './evaluate.ts';

interface Library {
  readonly name: string;
  readonly version: string;
  readonly content: readonly { readonly contentType: string; readonly data: string }[];
}
interface ValueSet {
  readonly url: string;
  readonly version: string;
  readonly expansion?: { readonly contains?: readonly { system: string; code: string }[] };
}
interface Case {
  readonly case: string;
  readonly expected: {
    readonly period: { readonly start: string; readonly end: string };
    readonly group: readonly {
      readonly population: readonly { code: { coding: { code: string }[] }; count: number }[];
    }[];
  };
  readonly bundle: { readonly entry: readonly { readonly resource: FhirResource }[] };
}

/** Official measures with boolean basis and one group, whose population criteria bear the populations' names. */
const measures = ['CMS125FHIRBreastCancerScreen', 'CMS165FHIRControllingHighBP', 'CMS130FHIRColorectalCancerScrn'];
const populations = [
  ['initial-population', 'Initial Population'],
  ['denominator', 'Denominator'],
  ['denominator-exclusion', 'Denominator Exclusions'],
] as const;

describeWithReferenceData('Official measures', () => {
  const libraries = new Map<string, ElmLibrary>();
  const valueSets = new Map<string, ExpandedValueSet[]>();
  const source: ValueSetSource = {
    find: (url, version) => valueSets.get(url)?.findLast((set) => version === null || set.version === version) ?? null,
  };
  const link = (name: string): LinkedLibrary => {
    const main = [...libraries].find(([key]) => key.startsWith(`${name}|`))?.[1];
    if (main === undefined) throw new Error(`no library ${name}`);
    return linkLibraries(main, (id, version) => libraries.get(`${id}|${version}`) ?? null);
  };

  beforeAll(() => {
    for (const { name, version, content } of readReferenceLines<Library>('ecqm', 'libraries.ndjson.gz')) {
      const elm = content.find(({ contentType }) => contentType === 'application/elm+json');
      if (elm === undefined) continue;
      const parsed: ElmLibrary = JSON.parse(Buffer.from(elm.data, 'base64').toString());
      libraries.set(`${name}|${version}`, identifiedAs(parsed, { id: name, version }));
    }
    const sets = readReferenceLines<ValueSet>('ecqm', 'valuesets.ndjson.gz');
    for (const { url, version, expansion } of sets.sort((a, b) => (a.version < b.version ? -1 : 1)))
      valueSets.set(url, [...(valueSets.get(url) ?? []), { url, version, codes: expansion?.contains ?? [] }]);
  });

  it('can all be linked and prepared, with every value set that they ask for', () => {
    const mains = [...libraries.keys()].map((key) => key.split('|')[0] ?? '').filter((name) => name.startsWith('CMS'));
    expect(mains.length).toBeGreaterThan(60);
    for (const name of mains) expect(evaluator.prepare(link(name), source).linked.includes.length).toBeGreaterThan(0);
  });

  it('ask only for types that FHIR has, each with a profile', () => {
    for (const name of measures) {
      const { retrieves } = dataRequirements(link(name), null);
      expect(retrieves.length).toBeGreaterThan(10);
      for (const { resourceType, profile, locator } of retrieves) {
        expect(resourceType).toMatch(/^[A-Z]\w+$/);
        expect(profile).toContain('http://hl7.org/fhir/');
        // What the translator adds to a retrieve of medications has no place in the text.
        expect(locator ?? '1:1').toMatch(/^\d+:\d+/);
      }
    }
  });

  it.each(measures)('count the populations of %s as their cases expect', async (measure) => {
    const prepared = evaluator.prepare(link(measure), source);
    for (const { case: id, expected, bundle } of readReferenceLines<Case>('ecqm', 'cases', `${measure}.ndjson.gz`)) {
      const instant = (date: string, time: string) =>
        ({ type: 'DateTime', value: `${date.slice(0, 10)}T${time}+00:00` }) as const;
      const { values } = await prepared.evaluate(new PatientRecord(bundle.entry.map(({ resource }) => resource)), {
        expressions: populations.map(([, definition]) => definition),
        parameters: {
          'Measurement Period': {
            type: 'Interval',
            low: instant(expected.period.start, '00:00:00.000'),
            high: instant(expected.period.end, '23:59:59.999'),
            lowClosed: true,
            highClosed: true,
          },
        },
        now: '2026-12-31T12:00:00.000+00:00',
      });
      const gives = (index: number): boolean =>
        populations.slice(0, index + 1).every(([, definition], i) => i === 1 || values.get(definition) === true);
      for (const [index, [code]] of populations.entries()) {
        const population = expected.group[0]?.population.find((p) => p.code.coding[0]?.code === code);
        expect([id, code, gives(index)]).toEqual([id, code, population?.count === 1]);
      }
    }
  });
});
