import type { MeasureReport, Resource } from '@medplum/fhirtypes';
import fc from 'fast-check';
import {
  failedReport,
  individualReport,
  type ReportSettings,
  returnParameters,
  subjectListReport,
  summaryReport,
  withRemarks,
} from '../../bundles/index.ts';
import type { CqlValue } from '../../cql/index.ts';
import { type MeasureDefinition, Tally } from '../../measures/index.ts';
import { baseProblems } from '../support/base-r4.ts';
import { claimedIssues } from '../support/profiles.ts';
import { describeWithReferenceData } from '../support/reference-data.ts';
import { measure, subjectResult } from './fixtures.ts';

const definition = measure();
const settings = (changes: Partial<ReportSettings> = {}): ReportSettings => ({
  definition,
  period: { start: '2026-01-01', end: '2026-12-31' },
  date: '2026-11-22T10:00:00.000Z',
  reporter: { reference: 'Organization/o1' },
  version: 'uv-1.0.0',
  ...changes,
});

function totals(of: MeasureDefinition = definition) {
  const tally = new Tally(of);
  tally.add({ ...subjectResult(of, [1, 1, 0, 1], 1), subject: 'p1' });
  tally.add({ ...subjectResult(of, [1, 1, 0, 0], 0), subject: 'p2' });
  tally.addError('p3', new Error('"Numerator" at 3:4: failed'));
  return tally.totals();
}

describe('A summary MeasureReport', () => {
  const { report } = summaryReport(totals(), settings(), 'Group/g1');

  it('shows gross counts and the score of all subjects', () => {
    expect(report).toMatchObject({ type: 'summary', subject: { reference: 'Group/g1' } });
    expect(report.group?.[0]?.population?.map(({ count }) => count)).toEqual([2, 2, 0, 1]);
    expect(report.group?.[0]?.measureScore?.value).toBe(0.5);
    expect(report.group?.[0]?.stratifier?.[1]?.stratum?.[0]?.population?.[3]?.count).toBe(1);
  });

  it('names the subjects that could not be evaluated', () => {
    expect(report.contained).toMatchObject([
      { resourceType: 'OperationOutcome', issue: [{ diagnostics: expect.stringContaining('Patient/p3') }] },
    ]);
    const messages = report.extension?.find(({ url }) => url.endsWith('cqf-messages'));
    expect(messages?.valueReference?.reference).toBe(`#${report.contained?.[0]?.id}`);
  });

  it('is another report for another group', () => {
    expect(summaryReport(totals(), settings(), 'Group/g2').report.id).not.toBe(report.id);
  });
});

describe('Supplemental data of many subjects', () => {
  const asian = {
    resourceType: 'Observation',
    code: { coding: [expect.objectContaining({ code: '2028-9' })], text: 'Asian' },
    valueInteger: 2,
  };
  const referred = (report: MeasureReport) =>
    (report.extension ?? []).filter(({ url }) => /upplementalData$/.test(url)).map((e) => e.valueReference);

  it.each([summaryReport, subjectListReport])('is told as how many subjects have each value', (make) => {
    const { report, resources } = make(totals(), settings(), 'Group/g1');
    const observations = resources.filter(({ resourceType }) => resourceType === 'Observation');
    expect(observations).toContainEqual(expect.objectContaining({ ...asian, subject: { reference: 'Group/g1' } }));
    expect(referred(report).map((reference) => reference?.reference)).toEqual(
      observations.map(({ id }) => `Observation/${id}`),
    );
    expect(referred(report)[0]?.extension?.[0]?.valueString).toBe('sde-race-link');
  });

  it('is in reports of the types that the Measure wants it in', () => {
    const criteria = referred(summaryReport(totals(), settings(), null).report).map(
      (r) => r?.extension?.[0]?.valueString,
    );
    expect(new Set(criteria)).toEqual(new Set(['sde-race-link', 'raf-smoker-link', 'sde-summary-link']));
  });

  it('tells nothing of one patient: no resources, no dates', () => {
    const values: CqlValue[] = [
      { type: 'Resource', resource: { resourceType: 'Coverage', id: 'c1' } },
      { type: 'Date', value: '1960-02-03' },
    ];
    const tally = new Tally(definition);
    tally.add({ ...subjectResult(definition), supplementalData: [{ expression: 'SDE Race', value: values }] });
    expect(tally.totals().supplementalData.flatMap((total) => total.values)).toEqual([]);
  });

  it('counts a subject once for each value, and the most frequent values first', () => {
    const tally = new Tally(definition);
    const answers: readonly (readonly string[])[] = [['b'], ['a', 'a'], ['a', 'c']];
    for (const [index, value] of answers.entries())
      tally.add({
        ...subjectResult(definition),
        subject: `p${index}`,
        supplementalData: [{ expression: 'SDE Race', value: [...value, null] }],
      });
    expect(tally.totals().supplementalData[0]?.values).toEqual([
      { value: 'a', count: 2 },
      { value: 'b', count: 1 },
      { value: 'c', count: 1 },
    ]);
  });

  it('is the same in any order, and in parts that are merged', () => {
    const subjects = fc.array(fc.array(fc.constantFrom<CqlValue>('a', 'b', true, 1, null), { maxLength: 3 }));
    fc.assert(
      fc.property(subjects, fc.nat(), (all, split) => {
        const tallied = (some: readonly (readonly CqlValue[])[]): Tally => {
          const tally = new Tally(definition);
          for (const value of some)
            tally.add({ ...subjectResult(definition), supplementalData: [{ expression: 'SDE Race', value }] });
          return tally;
        };
        const at = split % (all.length + 1);
        const merged = tallied(all.slice(at));
        merged.merge(structuredClone(tallied(all.slice(0, at)).state));
        expect(merged.totals().supplementalData).toEqual(tallied(all.toReversed()).totals().supplementalData);
      }),
      { numRuns: 30 },
    );
  });

  it('has no place in US DEQM 3.0.0, and is contained in base R4', () => {
    expect(referred(summaryReport(totals(), settings({ version: 'us-3.0.0' }), null).report)).toEqual([]);
    const { report, resources } = summaryReport(totals(), settings({ version: 'r4' }), null);
    expect(resources).toEqual([]);
    expect(report.contained).toContainEqual(expect.objectContaining(asian));
  });
});

describe('A subject-list MeasureReport', () => {
  const { report, resources } = subjectListReport(totals(), settings(), null);
  const lists = new Map(resources.map((resource) => [`${resource.resourceType}/${resource.id}`, resource]));

  it('leads from every count to the individual reports behind it', () => {
    const strata = (report.group ?? []).flatMap((g) => g.stratifier?.flatMap((s) => s.stratum ?? []) ?? []);
    const populations = [...(report.group ?? []), ...strata].flatMap((g) => g.population ?? []);
    expect(populations.length).toBe(2 * 4 + 2 * 2 * 4);
    for (const { count, subjectResults } of populations) {
      const list = lists.get(subjectResults?.reference ?? '');
      expect(list).toMatchObject({ resourceType: 'List', status: 'current' });
      expect(list?.resourceType === 'List' ? (list.entry ?? []).length : null).toBe(count);
    }
    const numerator = lists.get(report.group?.[0]?.population?.[3]?.subjectResults?.reference ?? '');
    const individual = individualReport(subjectResult(definition), settings()).report;
    expect(numerator).toMatchObject({ entry: [{ item: { reference: `MeasureReport/${individual.id}` } }] });
  });

  it('has no evaluated resources of its own', () => {
    expect(report).not.toHaveProperty('evaluatedResource');
  });

  it('contains its Lists of patients in base R4', () => {
    const alone = subjectListReport(totals(), settings({ version: 'r4' }), null);
    expect(alone.resources).toEqual([]);
    expect(alone.report.contained).toContainEqual(
      expect.objectContaining({
        entry: [{ item: { reference: 'Patient/p1' } }, { item: { reference: 'Patient/p2' } }],
      }),
    );
    expect(baseProblems(alone.report)).toEqual([]);
  });

  it.each(['uv-1.0.0', 'us-5.0.0', 'us-4.0.0', 'us-3.0.0', 'r4'] as const)('is valid base R4 in %s', (version) => {
    const made = [summaryReport, subjectListReport].map((make) => make(totals(), settings({ version }), 'Group/g1'));
    const all: Resource[] = made.flatMap(({ report: r, resources: others }) => [r, ...others]);
    expect(all.flatMap(baseProblems)).toEqual([]);
  });
});

describe('The answer of an operation without results', () => {
  it('is an empty Parameters resource', () => {
    expect(returnParameters([])).toEqual({ resourceType: 'Parameters' });
  });
});

describeWithReferenceData('Reports of many subjects of DEQM 1.0.0', () => {
  it.each([
    ['summary', summaryReport],
    ['subject-list', subjectListReport],
  ] as const)('conform to their profile: %s', (_, make) => {
    const { report, resources } = make(totals(), settings(), 'Group/g1');
    expect([report, ...resources].flatMap(claimedIssues)).toEqual([]);
  });

  it('conform for a subject that could not be evaluated, too', () => {
    const { report } = failedReport('p3', { name: 'EvaluationFailed', message: 'at 3:4' }, settings());
    expect(report).toMatchObject({ type: 'individual', status: 'error' });
    expect(report.group?.flatMap((g) => g.population?.map(({ count }) => count))).toEqual(Array(8).fill(undefined));
    expect(claimedIssues(report)).toEqual([]);
  });

  it('conform with a remark on a group', () => {
    const { report } = individualReport(subjectResult(definition), settings());
    const remark = {
      measureUrl: definition.url,
      groupId: 'group-1',
      period: { start: '2026-01-01', end: '2026-12-31' },
      extension: {
        url: 'http://hl7.org/fhir/uv/deqm/StructureDefinition/deqm-careGapRemark',
        extension: [
          { url: 'author', valueString: 'Dr. A' },
          {
            url: 'code',
            valueCodeableConcept: {
              coding: [
                { system: 'http://hl7.org/fhir/uv/deqm/CodeSystem/deqm-care-gap-remark', code: 'patient-refused' },
              ],
            },
          },
        ],
      },
    };
    const remarked = withRemarks(report, [remark], 'uv-1.0.0');
    expect(JSON.stringify(remarked)).toContain('patient-refused');
    expect(claimedIssues(remarked)).toEqual([]);
  });

  it('would fail without the Lists', () => {
    const { report } = summaryReport(totals(), settings(), null);
    const profile = 'http://hl7.org/fhir/uv/deqm/StructureDefinition/deqm-subjectlistmeasurereport';
    const claimed = { ...report, type: 'subject-list', meta: { profile: [profile] } };
    expect(claimedIssues(claimed).join()).toContain('subjectResults: 0 < min 1');
  });
});
