import type { Bundle, Resource } from '@medplum/fhirtypes';
import {
  parameterId,
  resourceTypes,
  searchParametersOf,
  structureDefinition,
} from '../../../server/search/definitions.ts';
import { elementsOf } from '../../../server/search/elements.ts';
import { extractorsOf } from '../../../server/search/extract.ts';
import { searchRows } from '../../../server/search/rows.ts';
import { describeWithReferenceData, readReferenceLines } from '../../support/reference-data.ts';

/**
 * Resources of the type with a value in every element, choices in all their forms, as deep as search looks; in each
 * variant references have another target and strings another value, so that every `where` finds something.
 */
function fullExamples(type: string): Resource[] {
  return strings.map((_, variant) => {
    const valueCodeableConcept = example('CodeableConcept', variant, 1);
    const extension = searchedExtensions.map((url) => ({ url, valueCodeableConcept }));
    return { ...(example(type, variant, 0) as object), resourceType: type, extension } as Resource;
  });
}

/** Extensions that parameters of implementation guides look at. */
const searchedExtensions = ['http://hl7.org/fhir/StructureDefinition/measurereport-category'];

/** What expressions compare with; codes that search doesn't look at are all the same to it. */
const strings = ['email', 'phone', 'composed-of', 'depends-on', 'derived-from', 'predecessor', 'successor'];

const primitiveExamples: Readonly<Record<string, unknown>> = {
  boolean: true,
  integer: 7,
  positiveInt: 7,
  unsignedInt: 7,
  decimal: 7.5,
  date: '2026-01-31',
  dateTime: '2026-01-31T10:00:00Z',
  instant: '2026-01-31T10:00:00.000Z',
  time: '10:00:00',
  canonical: 'http://example.org/x|1',
};

function example(type: string, variant: number, depth: number, targets: readonly string[] = []): unknown {
  if (type === 'Resource') return { resourceType: 'Patient', id: 'contained' };
  if (!/^[A-Z]/.test(type)) return primitiveExamples[type] ?? strings[variant];
  if (type === 'Reference') {
    const target = targets[variant % targets.length] ?? 'Patient';
    return { reference: `${target}/p1`, identifier: { system: 'urn:x', value: '1' } };
  }
  if (depth > 5) return {};
  const entries = [...elementsOf(type)].flatMap(([name, facts]) =>
    ['extension', 'modifierExtension', 'contained'].includes(name)
      ? []
      : facts.forms.map(({ property, type: form }) => {
          const value = example(form, variant, depth + 1, facts.targets);
          return [property, facts.repeats ? [value] : value];
        }),
  );
  return Object.fromEntries(entries);
}

/** Parameters that no resource's content answers, with the reason. */
const notIndexed: Readonly<Record<string, string>> = {
  _id: 'a column of the resource',
  _lastUpdated: 'a column of the resource',
  _text: 'full-text search is refused',
  _content: 'full-text search is refused',
  _query: 'named queries are refused',
  near: 'geographic search is refused',
};

describe('The search parameters of R4', () => {
  it.each(resourceTypes())('of %s are all indexed from a full example', (type) => {
    const resources = fullExamples(type).map((resource, i) => ({
      patient: '',
      type,
      id: `x${i}`,
      resource,
      replaces: null,
    }));
    const tables = searchRows(resources);
    const found = new Set(Object.values(tables).flatMap(({ cells }) => cells[1] ?? []));
    const unexplained = [...searchParametersOf(type).values()]
      .filter(({ id, code }) => !found.has(id) && !(code in notIndexed))
      .map(({ code }) => `${type}.${code}`);
    expect(unexplained).toEqual([]);
  });

  it('have numbers of their own, with their parts', () => {
    const names = resourceTypes().flatMap((type) =>
      [...searchParametersOf(type).keys()].flatMap((code) =>
        ['', ':identifier', ':of-type'].map((part) => `${type}.${code}${part}`),
      ),
    );
    expect(new Set(names.map(parameterId)).size).toBe(names.length);
    expect(names.length).toBeGreaterThan(5000);
  });

  it('belong to types that have definitions', () => {
    expect(resourceTypes()).toContain('Observation');
    expect(resourceTypes()).not.toContain('DomainResource');
    expect(structureDefinition('Observation').snapshot?.element.length).toBeGreaterThan(40);
    expect(() => structureDefinition('Nonsense')).toThrow('not a FHIR R4 resource type');
  });
});

describeWithReferenceData('Synthea patients', () => {
  it('are indexed without an error, and as @medplum/core evaluates the expressions', async () => {
    const { evalFhirPathTyped, toTypedValue } = await import('@medplum/core');
    const { indexTypes } = await import('../../../server/search/definitions.ts');
    const [bundle] = readReferenceLines<Bundle>('synthea', 'bundles.ndjson.gz');
    const resources = (bundle?.entry ?? []).flatMap(({ resource }) => (resource === undefined ? [] : [resource]));
    indexTypes(new Set(resources.map(({ resourceType }) => resourceType)));
    expect(resources.length).toBeGreaterThan(100);
    let compared = 0;
    for (const resource of resources.slice(0, 150)) {
      const { resourceType: type } = resource;
      const tables = searchRows([{ patient: '', type, id: 'x', resource, replaces: null }]);
      const found = new Set(Object.values(tables).flatMap(({ cells }) => cells[1] ?? []));
      for (const { definition } of extractorsOf(type)) {
        if (definition.kind === 'composite' || /resolve\(\)|^Resource\./.test(definition.expression)) continue;
        const values = evalFhirPathTyped(definition.expression, [toTypedValue(resource)]).filter(
          ({ value }) => definition.kind !== 'reference' || !/^(#|$)/.test(value.reference ?? ''),
        );
        if (values.length === 0 && found.has(definition.id))
          throw new Error(`${type}.${definition.code} found too much`);
        if (values.length > 0 && !found.has(definition.id)) throw new Error(`${type}.${definition.code} found nothing`);
        compared += 1;
      }
    }
    expect(compared).toBeGreaterThan(1000);
  });
});
