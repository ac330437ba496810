import type { Extension, MeasureReport } from '@medplum/fhirtypes';
import fc from 'fast-check';
import {
  type CareGapRemark,
  careGapRemarkCodes,
  careGapRemarkUrl,
  deqmVersions,
  isReportId,
  readReportId,
  remarkIn,
  remarkProblems,
  subjectDigest,
  universalRemark,
  withoutRemarks,
  withRemarks,
} from '../../bundles/index.ts';
import { reportIdOf } from '../../bundles/measure-report/report-id.ts';
import { claimedIssues } from '../support/profiles.ts';
import { describeWithReferenceData, readReference } from '../support/reference-data.ts';

const author: Extension = { url: 'author', valueString: 'Dr. A' };
const coded = (system: string, code: string): Extension => ({
  url: 'code',
  valueCodeableConcept: { coding: [{ system, code }] },
});
const remark = (...extension: Extension[]): Extension => ({ url: careGapRemarkUrl, extension });
const system = 'http://hl7.org/fhir/uv/deqm/CodeSystem/deqm-care-gap-remark';

describe('A remark', () => {
  it.each<[string, Extension]>([
    ['from a person', remark(author)],
    ['from software', remark({ url: 'authorSoftware', valueIdentifier: { value: 'EHR' } })],
    [
      'from an organisation that is referred to',
      remark({ url: 'authorOrganization', valueReference: { reference: 'Organization/1' } }),
    ],
    ['with several texts', remark(author, { url: 'text', valueString: 'a' }, { url: 'text', valueString: 'b' })],
    ['with a code of another system', remark(author, coded('http://example.org/codes', 'mine'))],
    ...Object.keys(careGapRemarkCodes).map((code): [string, Extension] => [
      `with the code ${code}`,
      remark(author, coded(system, code)),
    ]),
    ['with related data', remark(author, { url: 'relatedData', valueReference: { reference: 'ServiceRequest/1' } })],
  ])('%s is one', (_, extension) => {
    expect(remarkProblems(extension)).toEqual([]);
  });

  it.each<[string, Extension, RegExp]>([
    ['from nobody', remark({ url: 'text', valueString: 'x' }), /cgr-1/],
    ['with an unknown code', remark(author, coded(system, 'x')), /"x" is not one of/],
    ['with two codes', remark(author, coded(system, 'deferred'), coded(system, 'rejected')), /code may occur once/],
    ['with a text that is none', remark(author, { url: 'text', valueInteger: 1 }), /text needs valueString/],
    ['with a part that there is not', remark(author, { url: 'mood', valueString: 'x' }), /no part "mood"/],
    ['with a value', { ...remark(author), valueString: 'x' }, /no value of its own/],
  ])('%s is none', (_, extension, reason) => {
    expect(remarkProblems(extension).join()).toMatch(reason);
  });

  it.each(deqmVersions)('comes back from the spelling of %s as it went', (version) => {
    const given = remark(author, coded(system, 'deferred'), { url: 'relatedData', valueIdentifier: { value: '1' } });
    expect(universalRemark(remarkIn(version, given))).toEqual(given);
  });
});

describe('Remarks on a report', () => {
  const report: MeasureReport = {
    resourceType: 'MeasureReport',
    status: 'complete',
    type: 'individual',
    measure: 'http://example.org/Measure/m|1',
    period: { start: '2026-01-01', end: '2026-12-31' },
    group: [{ id: 'one', population: [{ count: 1 }] }, { id: 'two' }],
  };
  const about = (changes: Partial<CareGapRemark>): CareGapRemark => ({
    measureUrl: 'http://example.org/Measure/m',
    groupId: 'one',
    period: { start: '2026-01-01', end: '2026-06-30' },
    extension: remark(author),
    ...changes,
  });

  it.each<[string, Partial<CareGapRemark>, number[]]>([
    ['its group', {}, [1, 0]],
    ['another group', { groupId: 'two' }, [0, 1]],
    ['a group that it lacks', { groupId: 'three' }, [0, 0]],
    ['another measure', { measureUrl: 'http://example.org/Measure/n' }, [0, 0]],
    ['another year', { period: { start: '2025-01-01', end: '2025-12-31' } }, [0, 0]],
  ])('about %s stand where they belong', (_, changes, expected) => {
    const { group = [] } = withRemarks(report, [about(changes)], 'uv-1.0.0');
    expect(group.map(({ extension = [] }) => extension.length)).toEqual(expected);
  });

  it('change nothing else', () => {
    expect(withoutRemarks(withRemarks(report, [about({}), about({ groupId: 'two' })], 'us-5.0.0'))).toEqual(report);
  });
});

describe('The id of an individual report', () => {
  const dates = fc.date({ min: new Date('1900-01-01'), max: new Date('2199-12-31'), noInvalidDate: true });
  const day = dates.map((date) => date.toISOString().slice(0, 10));

  it('is a FHIR id that says of whom and when it is, and is recognised', () => {
    const ids = fc.stringMatching(/^[A-Za-z0-9.-]{1,64}$/);
    fc.assert(
      fc.property(
        fc.webUrl(),
        ids,
        day,
        day,
        fc.constantFrom(...deqmVersions),
        (measure, subject, start, end, version) => {
          const reported = { measure, subject, period: { start, end } };
          const id = reportIdOf(reported, version);
          expect(id).toMatch(/^[A-Za-z0-9.-]{1,64}$/);
          expect(readReportId(id)).toEqual({ subject: subjectDigest(subject), period: { start, end } });
          expect(isReportId(id, reported)).toBe(true);
          expect(isReportId(id, { ...reported, measure: `${measure}x` })).toBe(false);
        },
      ),
    );
  });
});

describeWithReferenceData('Remarks by the guide', () => {
  it('have the codes that it publishes', () => {
    const { concept } = JSON.parse(readReference('profiles', 'deqm', 'CodeSystem-deqm-care-gap-remark.json'));
    const published = concept.map(({ code, display }: { code: string; display: string }) => [code, display]);
    expect(Object.entries(careGapRemarkCodes)).toEqual(published);
  });

  it('conform to deqm-careGapRemark in a report', () => {
    const extension = remark(author, coded(system, 'deferred'), { url: 'authorDatetime', valueDateTime: '2026-01-31' });
    const report = {
      resourceType: 'MeasureReport',
      status: 'complete',
      type: 'individual',
      measure: 'http://example.org/Measure/m|1',
      period: { start: '2026-01-01', end: '2026-12-31' },
      group: [{ id: 'one', extension: [extension] }],
    };
    expect(claimedIssues(report)).toEqual([]);
  });
});
