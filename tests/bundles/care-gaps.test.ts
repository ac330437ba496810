import type { Bundle, Composition, DetectedIssue, GuidanceResponse, MeasureReport, Resource } from '@medplum/fhirtypes';
import fc from 'fast-check';
import { escapeXml } from '../../bundles/care-gaps/narrative.ts';
import { type CareGapsSettings, careGapsBundle, type SubjectGaps } from '../../bundles/index.ts';
import type { FhirResource } from '../../cql/index.ts';
import type { GapStatus, MeasureDefinition } from '../../measures/index.ts';
import { baseProblems } from '../support/base-r4.ts';
import { claimedIssues } from '../support/profiles.ts';
import { describeWithReferenceData } from '../support/reference-data.ts';
import { gap, mammogram, measure, patient, subjectResult } from './fixtures.ts';

const allStatuses: readonly GapStatus[] = ['open-gap', 'closed-gap', 'prospective-gap', 'not-applicable'];
const settings: CareGapsSettings = {
  period: { start: '2026-01-01', end: '2026-12-31' },
  date: '2026-11-22T10:00:00.000Z',
  reporter: { resourceType: 'Organization', id: 'o1', name: 'A practice' },
  version: 'uv-1.0.0',
  statuses: allStatuses,
  isDocument: true,
  baseUrl: 'http://localhost:8080/fhir',
};

function subject(statuses: readonly GapStatus[], ...definitions: readonly MeasureDefinition[]): SubjectGaps {
  const find = (reference: string): FhirResource | null => (reference === 'Procedure/m1' ? mammogram : null);
  return {
    patient,
    find,
    measures: definitions.map((definition) => ({
      definition,
      result: subjectResult(definition),
      gaps: definition.groups.map((group, index) => gap(group, statuses[index] ?? 'open-gap')),
    })),
  };
}

const other = measure({ url: 'http://example.org/Measure/other', title: 'Other' });
const bundleOf = (s: SubjectGaps, changes: Partial<CareGapsSettings> = {}): Bundle => {
  const bundle = careGapsBundle(s, { ...settings, ...changes });
  if (bundle === null) throw new Error('no bundle');
  return bundle;
};
const resources = (bundle: Bundle): Resource[] => (bundle.entry ?? []).flatMap(({ resource }) => resource ?? []);
function ofType<T extends Resource['resourceType']>(bundle: Bundle, type: T): Extract<Resource, { resourceType: T }>[] {
  return resources(bundle).filter((r): r is Extract<Resource, { resourceType: T }> => r.resourceType === type);
}
const status = (issue: DetectedIssue): string | undefined =>
  issue.modifierExtension?.[0]?.valueCodeableConcept?.coding?.[0]?.code;

describe('A gaps-in-care document', () => {
  const bundle = bundleOf(subject(['open-gap', 'closed-gap'], measure(), other));

  it('begins with its Composition and has an identifier and a timestamp', () => {
    expect(bundle.type).toBe('document');
    expect(resources(bundle)[0]?.resourceType).toBe('Composition');
    expect(bundle.identifier?.value).toMatch(/^urn:uuid:/);
    expect(bundle.timestamp).toBe(settings.date);
  });

  it('has a section for each measure, with its report and its issues', () => {
    const [composition] = ofType(bundle, 'Composition') as [Composition];
    const reports = ofType(bundle, 'MeasureReport').map(({ id }) => `MeasureReport/${id}`);
    expect(composition.section?.map(({ focus }) => focus?.reference)).toEqual(reports);
    expect(composition.section?.map(({ entry }) => entry?.length)).toEqual([2, 2]);
  });

  it('has one DetectedIssue for each group, which says the group', () => {
    const issues = ofType(bundle, 'DetectedIssue');
    expect(issues.map(status)).toEqual(['open-gap', 'closed-gap', 'open-gap', 'closed-gap']);
    expect(issues.map((i) => i.evidence?.[0]?.detail?.[0]?.extension?.[0]?.valueString)).toEqual([
      'group-link-1',
      'group-link-2',
      'group-link-1',
      'group-link-2',
    ]);
  });

  it('says why a gap is open and which data would close it', () => {
    const [guidance] = ofType(bundle, 'GuidanceResponse') as [GuidanceResponse];
    expect(guidance.reasonCode?.map(({ coding }) => coding?.[0]?.code)).toEqual(['NotFound', 'DateOutOfRange']);
    expect(guidance.reasonCode?.[1]?.extension?.[0]?.extension).toEqual([
      { url: 'reference', valueReference: { reference: 'Procedure/m1' } },
      { url: 'path', valueString: 'Procedure.performed' },
    ]);
    expect(guidance.dataRequirement).toEqual([
      {
        extension: [
          {
            url: 'http://hl7.org/fhir/StructureDefinition/cqf-valueFilter',
            extension: [
              { url: 'path', valueString: 'value' },
              { url: 'comparator', valueCode: 'lt' },
              {
                url: 'value',
                valueQuantity: { value: 140, unit: 'mm[Hg]', system: 'http://unitsofmeasure.org', code: 'mm[Hg]' },
              },
            ],
          },
        ],
        type: 'Observation',
        codeFilter: [{ path: 'code', valueSet: 'http://example.org/ValueSet/mammography' }],
        dateFilter: [{ path: 'effective', valuePeriod: { start: '2024-10-01', end: '2026-12-31' } }],
      },
    ]);
    const evidence = ofType(bundle, 'DetectedIssue')[0]?.evidence;
    expect(evidence?.[1]?.detail?.[0]?.reference).toBe(`GuidanceResponse/${guidance.id}`);
  });

  it('holds everything that it refers to', () => {
    const inside = new Set(bundle.entry?.map(({ fullUrl }) => fullUrl));
    const references = [...JSON.stringify(bundle).matchAll(/"reference":"([^"]+)"/g)].map(([, reference]) => reference);
    expect(references.length).toBeGreaterThan(20);
    expect(references.filter((reference) => !inside.has(`${settings.baseUrl}/${reference}`))).toEqual([]);
  });

  it('tells people the same in its narrative, escaped', () => {
    const [composition] = ofType(bundle, 'Composition') as [Composition];
    const div = composition.section?.[0]?.text?.div ?? '';
    expect(div).toContain('<b>Open gap</b> (Rate 1 &lt;b&gt;&amp; more&lt;/b&gt;)');
    expect(div).toContain('No mammography was found &amp; none &lt;planned&gt;.');
    expect(div).toContain('Do a mammography by 31 Dec 2026');
    expect(composition.text?.div).toContain('Screening &lt;script&gt;');
  });

  it('is the same whenever it is made of the same', () => {
    expect(bundleOf(subject(['open-gap', 'closed-gap'], measure(), other))).toEqual(bundle);
  });

  it.each(allStatuses)('holds only the wanted status: %s', (wanted) => {
    for (const present of allStatuses) {
      const made = careGapsBundle(subject([present, present], measure()), { ...settings, statuses: [wanted] });
      if (present === wanted) expect(ofType(made ?? bundle, 'DetectedIssue').map(status)).toEqual([wanted, wanted]);
      else expect(made).toBeNull();
    }
  });

  it('has no score for a group that does not apply', () => {
    const made = bundleOf(subject(['not-applicable', 'open-gap'], measure()));
    const [report] = ofType(made, 'MeasureReport') as [MeasureReport];
    expect(report.group?.map((g) => g.measureScore)).toEqual([undefined, { value: 0 }]);
  });

  it('names the evidence in the report, with the group that it counts for', () => {
    const [report] = ofType(bundleOf(subject(['closed-gap', 'open-gap'], measure())), 'MeasureReport');
    const used = report?.evaluatedResource?.find(({ reference }) => reference === 'Procedure/m1');
    expect(used?.extension?.map(({ valueString }) => valueString)).toContain('group-link-1');
  });

  it('can be a collection without Composition, reports first', () => {
    const made = bundleOf(subject(['open-gap'], measure()), { isDocument: false });
    expect(made.type).toBe('collection');
    expect(resources(made)[0]?.resourceType).toBe('MeasureReport');
    expect(ofType(made, 'Composition')).toEqual([]);
  });

  it.each(['uv-1.0.0', 'us-5.0.0', 'us-4.0.0', 'us-3.0.0'] as const)('is valid base R4 in version %s', (version) => {
    for (const isDocument of [true, false]) {
      const made = bundleOf(subject(['open-gap', 'not-applicable'], measure(), other), { version, isDocument });
      expect([made, ...resources(made)].flatMap((resource) => baseProblems(resource))).toEqual([]);
      if (version !== 'uv-1.0.0') expect(JSON.stringify(made)).not.toContain('/uv/deqm');
    }
  });

  it('escapes any text so that it is text again', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(escapeXml(text)).not.toMatch(/[<>"']/);
        expect(escapeXml(text)).not.toMatch(/&(?!(amp|lt|gt|quot|#39);)/);
      }),
    );
  });
});

describeWithReferenceData('A gaps-in-care Bundle of DEQM 1.0.0', () => {
  it.each(
    [true, false].flatMap((isDocument) => allStatuses.map((s) => [isDocument ? 'document' : 'collection', s] as const)),
  )('conforms to its profiles: %s, %s', (type, s) => {
    const made = bundleOf(subject([s, s], measure(), other), { isDocument: type === 'document' });
    expect(claimedIssues(made)).toEqual([]);
  });

  it.each<[string, (bundle: Bundle) => unknown, string]>([
    ['no identifier', ({ identifier: _, ...b }) => b, 'gic-0'],
    ['no gap status', (b) => without(b, 'DetectedIssue', 'modifierExtension'), 'gapStatus: 0 < min 1'],
    ['no section', (b) => without(b, 'Composition', 'section'), 'section: 0 < min 1'],
    ['no code', (b) => without(b, 'DetectedIssue', 'code'), 'code: 0 < min 1'],
    ['no evidence', (b) => without(b, 'DetectedIssue', 'evidence'), 'evidence: 0 < min 1'],
  ])('would fail with %s', (_, spoil, problem) => {
    const made = bundleOf(subject(['open-gap'], measure()));
    expect(claimedIssues(spoil(made)).join('\n')).toContain(problem);
  });
});

function without(bundle: Bundle, type: string, element: string): unknown {
  return {
    ...bundle,
    entry: bundle.entry?.map((entry) =>
      entry.resource?.resourceType === type
        ? { ...entry, resource: { ...entry.resource, [element]: undefined } }
        : entry,
    ),
  };
}
