import type { Measure, Resource } from '@medplum/fhirtypes';
import fc from 'fast-check';
import { type DeqmVersion, deqmVersions, individualReport, type ReportSettings } from '../../bundles/index.ts';
import { type MeasureDefinition, readMeasure } from '../../measures/index.ts';
import { baseProblems } from '../support/base-r4.ts';
import { claimedIssues } from '../support/profiles.ts';
import { describeWithReferenceData, readReferenceLines } from '../support/reference-data.ts';
import { group, measure, population, subjectResult, withoutLinkIds } from './fixtures.ts';

const cms = withoutLinkIds(measure());
const atRoot = measure({ scoring: 'proportion', scoringAtRoot: true, improvementNotation: 'decrease' });

const composite = measure({
  scoring: 'composite',
  scoringAtRoot: true,
  compositeScoring: 'all-or-nothing',
  improvementNotation: 'increase',
  groups: [],
  supplementalData: [],
  components: ['a', 'b'].map((name) => ({
    measure: `http://example.org/Measure/${name}`,
    weight: null,
    groupId: null,
  })),
});
const compositeCodes = [
  ['initial-population', 1],
  ['denominator', 1],
  ['denominator-exclusion', 0],
  ['numerator', 1],
  ['denominator-exception', 0],
] as const;
const compositeResult = {
  ...subjectResult(composite),
  groups: [
    {
      id: null,
      populations: compositeCodes.map(([code, count]) => population(code, null, count)),
      stratifiers: [],
      score: 1,
    },
  ],
};

function settings(definition: MeasureDefinition, version: DeqmVersion = 'uv-1.0.0'): ReportSettings {
  return {
    definition,
    period: { start: '2026-01-01', end: '2026-12-31' },
    date: '2026-11-22T10:00:00.000Z',
    reporter: { reference: 'Organization/o1' },
    version,
    locations: ['Location/l1'],
  };
}

describe('An individual MeasureReport', () => {
  const { report, resources } = individualReport(subjectResult(measure()), settings(measure()));

  it('names the measure with its version, the period by days, the subject and the reporter', () => {
    expect(report).toMatchObject({
      measure: 'http://example.org/Measure/screening|1.2.0',
      period: { start: '2026-01-01', end: '2026-12-31' },
      subject: { reference: 'Patient/p1' },
      reporter: { reference: 'Organization/o1' },
      type: 'individual',
    });
  });

  it('copies ids, linkIds and codes of the Measure', () => {
    const [first] = report.group ?? [];
    const url = (path: string) => `http://hl7.org/fhir/5.0/StructureDefinition/extension-MeasureReport.${path}.linkId`;
    expect(first).toMatchObject({ id: 'group-1', code: { text: 'Rate 1' } });
    expect(first?.extension).toContainEqual({ url: url('group'), valueString: 'group-link-1' });
    expect(first?.population?.[3]).toMatchObject({
      id: 'numerator-1',
      extension: [{ url: url('group.population'), valueString: 'numerator-link-1' }, expect.anything()],
    });
    expect(first?.stratifier?.[1]?.stratum?.[0]?.component?.[0]?.extension).toEqual([
      { url: url('group.stratifier.stratum.component'), valueString: 'sex-link-1' },
    ]);
  });

  it('says scoring at the root or in every group, as the Measure does, never both', () => {
    const url = 'http://hl7.org/fhir/uv/deqm/StructureDefinition/deqm-measureScoring';
    const scorings = (r: typeof report) =>
      [r, ...(r.group ?? [])].map((e) => (e.extension ?? []).some((x) => x.url === url));
    expect(scorings(report)).toEqual([false, true, true]);
    expect(scorings(individualReport(subjectResult(atRoot), settings(atRoot)).report)).toEqual([true, false, false]);
  });

  it.each([
    ['uv-1.0.0', 'http://hl7.org/fhir/uv/cqm/StructureDefinition/cqm-compositeScoring'],
    ['us-5.0.0', 'http://hl7.org/fhir/us/cqfmeasures/StructureDefinition/cqfm-compositeScoring'],
    ['us-4.0.0', null],
  ] as const)('says how a composite is scored, in %s', (version, url) => {
    const { report: made } = individualReport(compositeResult, settings(composite, version));
    const found = made.group?.[0]?.extension?.filter((e) => /compositeScoring$/.test(e.url)) ?? [];
    expect(found.map((e) => [e.url, e.valueCodeableConcept?.coding?.[0]?.code])).toEqual(
      url === null ? [] : [[url, 'all-or-nothing']],
    );
    expect(made.group?.[0]?.population?.map(({ count }) => count)).toEqual([1, 1, 0, 1, 0]);
  });

  it('says which direction the operator gave, and what the Measure says', () => {
    const [first, second] = atRoot.groups;
    if (first === undefined || second === undefined) throw new Error('the fixture has two groups');
    const given = { improvementNotation: 'decrease', publishedImprovementNotation: 'increase' } as const;
    const text = 'Set to decrease by the operator of this server; the Measure says increase';
    const one = { ...atRoot, improvementNotation: 'increase', groups: [first, { ...second, ...given }] } as const;
    const both = { ...one, ...given, groups: one.groups.map((g) => ({ ...g, ...given })) };
    const byOne = individualReport(subjectResult(one), settings(one)).report;
    expect(byOne.improvementNotation).toEqual({ coding: [expect.objectContaining({ code: 'increase' })] });
    expect(byOne.group?.map((g) => g.extension?.find((e) => e.url.endsWith('groupImprovementNotation')))).toEqual([
      undefined,
      expect.objectContaining({ valueCodeableConcept: expect.objectContaining({ text }) }),
    ]);
    const byBoth = individualReport(subjectResult(both), settings(both)).report;
    expect(byBoth.improvementNotation).toMatchObject({ coding: [{ code: 'decrease' }], text });
    expect(JSON.stringify(byBoth.group)).not.toContain('groupImprovementNotation');
  });

  it('keeps supplemental data: resources by reference, other values as Observations', () => {
    const supplemental = report.extension?.filter(({ url }) => url.endsWith('supplementalData')) ?? [];
    expect(supplemental.map((e) => e.valueReference?.extension?.[0]?.valueString)).toEqual([
      'sde-race-link',
      'sde-payer-link',
      'raf-smoker-link',
    ]);
    expect(supplemental[1]?.valueReference?.reference).toBe('Coverage/c1');
    expect(resources).toHaveLength(2);
    expect(resources[0]).toMatchObject({
      resourceType: 'Observation',
      component: [
        { code: { text: 'codes' }, valueCodeableConcept: { coding: [{ code: '2028-9' }] } },
        { code: { text: 'display' }, valueString: 'Asian' },
      ],
    });
    expect(resources[1]).toMatchObject({ valueBoolean: false });
  });

  it('names each evaluated resource once, with all criteria that used it', () => {
    const references = report.evaluatedResource?.map(({ reference }) => reference) ?? [];
    expect(new Set(references).size).toBe(references.length);
    const used = report.evaluatedResource?.find(({ reference }) => reference === 'Procedure/m1');
    expect(used?.extension?.map(({ valueString }) => valueString)).toEqual(['numerator-link-1', 'denominator-link-1']);
  });

  it('keeps its id when it is calculated again', () => {
    const again = individualReport(subjectResult(measure()), { ...settings(measure()), date: '2026-12-01T00:00:00Z' });
    expect(again.report.id).toBe(report.id);
    expect(again.resources.map(({ id }) => id)).toEqual(resources.map(({ id }) => id));
  });

  it('has no score where there is none', () => {
    const none = individualReport(subjectResult(measure(), [1, 0, 0, 0], null), settings(measure())).report;
    expect(none.group?.[0]).not.toHaveProperty('measureScore');
  });

  it('carries the values of measure observations beside the count', () => {
    const code = 'measure-observation';
    const observed = group(1, {
      scoring: 'continuous-variable',
      stratifiers: [],
      populations: [
        {
          id: 'obs',
          linkId: 'obs-link',
          code,
          concept: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/measure-population', code }] },
          description: null,
          expression: 'Minutes',
          criteriaReference: 'mpop',
          aggregateMethod: 'median',
        },
      ],
    });
    const definition = measure({ groups: [observed], supplementalData: [] });
    const result = {
      ...subjectResult(definition),
      groups: [
        {
          id: observed.id,
          populations: [{ ...population(code, 'obs', 3), observations: [12, 7.5, null] }],
          stratifiers: [],
          score: 9.75,
        },
      ],
    };
    const made = individualReport(result, settings(definition));
    expect(made.report.group?.[0]?.population?.[0]?.count).toBe(3);
    expect(made.resources).toMatchObject([
      { valueInteger: 12 },
      { valueQuantity: { value: 7.5 } },
      { dataAbsentReason: { coding: [{ code: 'unknown' }] } },
    ]);
    const references = made.resources.map(({ id }) => `Observation/${id}`);
    expect(made.report.evaluatedResource?.map(({ reference }) => reference)).toEqual(
      expect.arrayContaining(references),
    );
  });

  it.each(deqmVersions)('is valid base R4 in version %s', (version) => {
    for (const definition of [measure(), cms, atRoot]) {
      const made = individualReport(subjectResult(definition), settings(definition, version));
      expect([made.report, ...made.resources].flatMap((resource: Resource) => baseProblems(resource))).toEqual([]);
    }
  });

  it('travels alone in base R4: no profile, nothing of DEQM, Observations contained', () => {
    const made = individualReport(subjectResult(measure()), settings(measure(), 'r4'));
    expect(made.resources).toEqual([]);
    expect(made.report.contained).toHaveLength(2);
    expect(made.report.improvementNotation?.coding?.[0]?.code).toBe('increase');
    expect(JSON.stringify(made.report)).not.toMatch(/deqm/);
    const inside = new Set(made.report.contained?.map(({ id }) => `#${id}`));
    const local = made.report.evaluatedResource?.flatMap(({ reference = '' }) =>
      reference.startsWith('#') ? reference : [],
    );
    expect(new Set(local)).toEqual(inside);
  });

  it.each([
    ['us-5.0.0', 'indv-measurereport-deqm', 'http://hl7.org/fhir/StructureDefinition/cqf-criteriaReference'],
    [
      'us-4.0.0',
      'indv-measurereport-deqm',
      'http://hl7.org/fhir/us/davinci-deqm/StructureDefinition/extension-criteriaReference',
    ],
    [
      'us-3.0.0',
      'indv-measurereport-deqm',
      'http://hl7.org/fhir/us/davinci-deqm/StructureDefinition/extension-populationReference',
    ],
  ] as const)('uses the names of version %s', (version, profile, criteria) => {
    const text = JSON.stringify(individualReport(subjectResult(measure()), settings(measure(), version)));
    expect(text).toContain(`http://hl7.org/fhir/us/davinci-deqm/StructureDefinition/${profile}`);
    expect(text).toContain(criteria);
    expect(text).not.toContain('uv/deqm');
  });

  it('shows any score and any count as they are', () => {
    fc.assert(
      fc.property(fc.float({ min: 0, max: 1, noNaN: true }), fc.nat(), (score, count) => {
        const made = individualReport(subjectResult(cms, [count, count, 0, 0], score), settings(cms)).report;
        expect(made.group?.[1]?.measureScore?.value).toBe(score);
        expect(made.group?.[1]?.population?.[0]?.count).toBe(count);
      }),
      { numRuns: 25 },
    );
  });
});

describeWithReferenceData('An individual MeasureReport of DEQM 1.0.0', () => {
  it.each([
    ['scoring by group', measure()],
    ['scoring at the root', atRoot],
    ['no score', measure()],
  ])('conforms to its profile: %s', (name, definition) => {
    const result = subjectResult(definition, [1, 1, 0, 1], name === 'no score' ? null : 1);
    const { report, resources } = individualReport(result, settings(definition));
    expect(claimedIssues(report)).toEqual([]);
    expect(resources.flatMap(claimedIssues)).toEqual([]);
  });

  it('conforms without linkIds, as the guidance allows for measures that have none', () => {
    const { report } = individualReport(subjectResult(cms), settings(cms));
    const problems = claimedIssues(report);
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.filter((problem) => !/extension:linkId: 0 < min 1$/.test(problem))).toEqual([]);
  });

  it('conforms for a composite, but for linkIds, which its populations cannot have, and a code that R4 is too old for', () => {
    const { report } = individualReport(compositeResult, settings(composite));
    const accepted = /extension:linkId: 0 < min 1$|measure-scoring has no code composite|"composite".*\(extensible\)$/;
    expect(claimedIssues(report).filter((issue) => !accepted.test(issue))).toEqual([]);
  });

  it.each<[string, (report: Record<string, never>) => unknown, string]>([
    ['a measure without version', (r) => ({ ...r, measure: 'http://example.org/x' }), 'deqm-0'],
    ['a period by month', (r) => ({ ...r, period: { start: '2026-01', end: '2026-12' } }), 'deqm-1'],
    ['no scoring at all', (r) => ({ ...r, group: [{ population: [] }] }), 'deqm-3'],
    ['no reporter', ({ reporter: _, ...r }) => r, 'reporter: 0 < min 1'],
    ['a patient as reporter', (r) => ({ ...r, reporter: { reference: 'Patient/x' } }), 'refers to Patient/x'],
    ['another type', (r) => ({ ...r, type: 'summary' }), 'is not the fixedCode'],
  ])('would fail with %s', (_, spoil, problem) => {
    const { report } = individualReport(subjectResult(measure()), settings(measure()));
    const spoiled = spoil(JSON.parse(JSON.stringify(report)));
    expect(claimedIssues(spoiled).join('\n')).toContain(problem);
  });
});

describeWithReferenceData('The individual MeasureReports of the official measures', () => {
  const measures = readReferenceLines<Measure>('ecqm', 'measures.ndjson.gz').map((resource) => readMeasure(resource));

  it.each(measures.map((definition) => [definition.name, definition] as const))('conform: %s', (_, definition) => {
    const { report } = individualReport(subjectResult(definition, [1, 1, 0, 1], 1), settings(definition));
    const problems = claimedIssues(report).filter((problem) => !/extension:linkId: 0 < min 1$/.test(problem));
    expect([...problems, ...baseProblems(report)]).toEqual([]);
  });
});
