import type { FhirResource } from '../../../cql/index.ts';
import type { MeasureDefinition, SubjectResult } from '../../../measures/index.ts';
import { keepResult, readKept, UnkeepableResult } from '../../../server/jobs/kept-result.ts';

const visit: FhirResource = { resourceType: 'Encounter', id: 'visit', status: 'finished' };
const reading: FhirResource = { resourceType: 'Observation', id: 'reading', status: 'final' };
const record = new Map([visit, reading].map((resource) => [`${resource.resourceType}/${resource.id}`, resource]));
const definition = { compositeScoring: null, groups: [{ id: 'main' }] } as unknown as MeasureDefinition;
const value = { type: 'Resource', resource: visit } as const;

const result: SubjectResult = {
  subject: 'someone',
  groups: [
    {
      id: 'main',
      populations: [
        {
          id: 'ip',
          code: 'initial-population',
          count: 1,
          members: [value],
          criterion: [value, null],
          observations: [1.5, null],
        },
      ],
      stratifiers: [{ id: null, strata: [{ values: ['x', value], populations: [], score: null }] }],
      score: 0.5,
    },
  ],
  supplementalData: [
    { expression: 'SDE', value: { type: 'Tuple', elements: { encounter: value, resource: 3 } } },
    { expression: 'Payer', value: { type: 'Element', fhirType: 'Coding', value: { code: 'x', system: 'urn:x' } } },
  ],
  evaluatedResources: [
    { resource: reading, criteria: ['ip', 'numerator'] },
    { resource: visit, criteria: ['ip', 'numerator'] },
  ],
  components: [],
  trace: null,
};

describe('A result that is kept as text', () => {
  it('is read back as it was, on the resources at hand', () => {
    const kept = keepResult(result, [], { definition, holdThrough: null });
    expect(kept.references).toEqual(['Patient/someone', 'Observation/reading', 'Encounter/visit']);
    expect(kept.text).not.toContain('finished');
    const read = readKept('someone', kept, definition, (reference) => record.get(reference) as FhirResource);
    expect(read).toEqual({ result, gaps: [] });
  });

  it('keeps the answers by the place of their group', () => {
    const [group] = definition.groups;
    if (group === undefined) throw new TypeError('no group');
    const gap = {
      group,
      status: 'closed-gap' as const,
      reasons: [],
      evidence: ['Procedure/p/_history/2'],
      nextSteps: [],
    };
    const kept = keepResult(result, [gap], { definition, holdThrough: '2026-12-31' });
    expect(kept).toMatchObject({ statuses: ['closed-gap'], holdThrough: '2026-12-31' });
    expect(kept.references).toContain('Procedure/p');
    const { gaps } = readKept('someone', kept, definition, (reference) => record.get(reference) as FhirResource);
    expect(gaps).toEqual([gap]);
    expect(gaps[0]?.group).toBe(group);
  });

  it('cannot be kept with a resource that nobody could find again', () => {
    const nameless = { ...result, evaluatedResources: [{ resource: { resourceType: 'Encounter' }, criteria: [] }] };
    expect(() => keepResult(nameless, [], { definition, holdThrough: null })).toThrow(UnkeepableResult);
  });
});
