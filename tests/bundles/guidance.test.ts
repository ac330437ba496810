import type { DetectedIssue, GuidanceResponse, Resource } from '@medplum/fhirtypes';
import fc from 'fast-check';
import { waysToClose } from '../../bundles/care-gaps/guidance-response.ts';
import { careGapsBundle, dataRequirement } from '../../bundles/index.ts';
import type { DataNeed, GapAnswer } from '../../measures/index.ts';
import { baseProblems } from '../support/base-r4.ts';
import { gap, measure, need, patient, subjectResult } from './fixtures.ts';

const named = (title: string): DataNeed => ({ ...need, title });
const titles = (steps: GapAnswer['nextSteps']): (string | null)[][] =>
  waysToClose(steps).map((needs) => needs.map(({ title }) => title));

describe('The ways to close a gap', () => {
  it.each<[string, GapAnswer['nextSteps'], string[][]]>([
    ['one step', [{ text: 'x', need: named('a') }], [['a']]],
    [
      'two steps, both of which it takes',
      [
        { text: 'x', need: named('a') },
        { text: 'y', need: named('b') },
      ],
      [['a', 'b']],
    ],
    [
      'a step that asks two things of the same resource',
      [{ text: 'x', need: named('systolic'), together: [named('diastolic')] }],
      [['systolic', 'diastolic']],
    ],
    [
      'a step with alternatives',
      [{ text: 'x', need: named('colonoscopy'), alternatives: [named('stool test'), named('CT')] }],
      [['colonoscopy'], ['stool test'], ['CT']],
    ],
    [
      'a step with alternatives among others',
      [
        { text: 'x', need: named('a'), together: [named('a2')], alternatives: [named('b')] },
        { text: 'y', need: named('c'), alternatives: [named('d')] },
      ],
      [
        ['a', 'a2', 'c'],
        ['b', 'c'],
        ['a', 'a2', 'd'],
      ],
    ],
    ['none', [], [[]]],
  ])('are told one by one: %s', (_, steps, ways) => {
    expect(titles(steps)).toEqual(ways);
  });

  it('are few, whatever the number of alternatives, and each says something for every step', () => {
    const step = fc.record({
      text: fc.constant('x'),
      need: fc.constant(need),
      alternatives: fc.array(fc.constant(need), { maxLength: 12 }),
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 5 }), (steps) => {
        const ways = waysToClose(steps);
        expect(ways.length).toBeLessThanOrEqual(8);
        for (const way of ways) expect(way).toHaveLength(steps.length);
      }),
    );
  });
});

describe('A data requirement', () => {
  it('asks for all codes and all bounds of what is needed', () => {
    const pressure: DataNeed = {
      ...need,
      valueSet: null,
      codes: [{ system: 'http://loinc.org', code: '85354-9' }],
      component: { system: 'http://loinc.org', code: '8480-6' },
      elements: [{ path: 'category', codes: [{ code: 'vital-signs' }], valueSet: null }],
      values: [
        { comparator: 'ge', value: 60, unit: 'mm[Hg]' },
        { comparator: 'lt', value: 140, unit: 'mm[Hg]' },
      ],
    };
    const required = dataRequirement(pressure);
    expect(required.codeFilter).toEqual([
      { path: 'code', code: [{ system: 'http://loinc.org', code: '85354-9' }] },
      { path: 'component.code', code: [{ system: 'http://loinc.org', code: '8480-6' }] },
      { path: 'category', code: [{ code: 'vital-signs' }] },
    ]);
    const parts = required.extension?.map(({ extension = [] }) => extension.map((part) => Object.values(part)[1]));
    expect(parts).toEqual([
      ['component.value', 'ge', expect.objectContaining({ value: 60 })],
      ['component.value', 'lt', expect.objectContaining({ value: 140 })],
    ]);
  });

  it('says only what is known of the data', () => {
    const anything = { ...need, codePath: null, valueSet: null, datePath: null, valuePath: null };
    expect(dataRequirement(anything)).toEqual({ type: 'Observation' });
  });
});

describe('Guidance for a gap with alternatives', () => {
  const definition = measure();
  const [group] = definition.groups;
  if (group === undefined) throw new Error('the fixture has groups');
  const answer: GapAnswer = {
    ...gap(group, 'open-gap'),
    nextSteps: [{ text: 'Record one of: a or b', need: named('a'), alternatives: [named('b')] }],
  };
  const evaluatedAt = '2026-11-20T03:00:00.000Z';
  const bundle = careGapsBundle(
    {
      patient,
      find: () => null,
      measures: [{ definition, result: subjectResult(definition), gaps: [answer], evaluatedAt }],
    },
    {
      period: { start: '2026-01-01', end: '2026-12-31' },
      date: '2026-11-22T10:00:00.000Z',
      reporter: { resourceType: 'Organization', id: 'o1', name: 'A practice' },
      version: 'uv-1.0.0',
      statuses: ['open-gap'],
      isDocument: false,
      baseUrl: 'http://localhost/fhir',
    },
  );
  const resources: Resource[] = bundle?.entry?.flatMap(({ resource }) => resource ?? []) ?? [];
  const guidance = resources.filter((r): r is GuidanceResponse => r.resourceType === 'GuidanceResponse');
  const issue = resources.find((r): r is DetectedIssue => r.resourceType === 'DetectedIssue');

  it('is a GuidanceResponse for each, named as evidence in their order', () => {
    expect(guidance.map(({ dataRequirement: required }) => required?.length)).toEqual([1, 1]);
    expect(new Set(guidance.map(({ id }) => id)).size).toBe(2);
    expect(issue?.evidence?.slice(1).map(({ detail }) => detail?.[0]?.reference)).toEqual(
      guidance.map(({ id }) => `GuidanceResponse/${id}`),
    );
    expect(guidance.flatMap(baseProblems)).toEqual([]);
  });

  it('gives the reasons once', () => {
    expect(guidance.map(({ reasonCode }) => reasonCode?.length ?? 0)).toEqual([2, 0]);
  });

  it('is dated, like issue and report, by when the gap was calculated, not by when it was asked for', () => {
    const report = resources.find(({ resourceType }) => resourceType === 'MeasureReport');
    expect(report).toMatchObject({ date: evaluatedAt });
    expect(issue?.identifiedDateTime).toBe(evaluatedAt);
    expect(guidance.map(({ occurrenceDateTime }) => occurrenceDateTime)).toEqual([evaluatedAt, evaluatedAt]);
    expect(bundle?.timestamp).toBe('2026-11-22T10:00:00.000Z');
  });
});
