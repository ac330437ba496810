import type { Bundle, Extension, MeasureReport, Resource } from '@medplum/fhirtypes';
import { careGapsBundle, individualReport, subjectListReport, summaryReport } from '../../bundles/index.ts';
import { Tally } from '../../measures/index.ts';
import { profileIssues } from '../support/profiles.ts';
import { describeWithReferenceData } from '../support/reference-data.ts';
import { gap, measure, patient, subjectResult } from './fixtures.ts';

const uv = 'http://hl7.org/fhir/uv/deqm/StructureDefinition';
const extensions = 'http://hl7.org/fhir/StructureDefinition';
const definition = measure();
const settings = {
  definition,
  period: { start: '2026-01-01', end: '2026-12-31' },
  date: '2026-11-22T10:00:00.000Z',
  reporter: { reference: 'Organization/o1' },
  version: 'uv-1.0.0',
} as const;

function totals() {
  const tally = new Tally(definition);
  tally.add({ ...subjectResult(definition, [1, 1, 0, 1], 1), subject: 'p1' });
  return tally.totals();
}

function careGaps(): Bundle {
  const bundle = careGapsBundle(
    {
      patient,
      find: () => null,
      measures: [
        { definition, result: subjectResult(definition), gaps: definition.groups.map((g) => gap(g, 'open-gap')) },
      ],
    },
    {
      ...settings,
      reporter: { resourceType: 'Organization', id: 'o1', name: 'A practice' },
      statuses: ['open-gap'],
      isDocument: true,
      baseUrl: 'http://localhost/fhir',
    },
  );
  if (bundle === null) throw new Error('no bundle');
  return bundle;
}

function inBundle<T extends Resource['resourceType']>(type: T): Resource & { resourceType: T } {
  const found = careGaps().entry?.find(({ resource }) => resource?.resourceType === type)?.resource;
  if (found === undefined) throw new Error(`no ${type}`);
  return found as Resource & { resourceType: T };
}

const individual = (): MeasureReport => individualReport(subjectResult(definition, [1, 1, 0, 1], 1), settings).report;
const code = (system: string, value: string) => ({ valueCodeableConcept: { coding: [{ system, code: value }] } });
const remark = (...parts: Extension[]) => ({ url: `${uv}/deqm-careGapRemark`, extension: parts });
const author: Extension = { url: 'author', valueString: 'Dr. A' };

const patch = (path: string, type = 'add', ...value: unknown[]) => ({
  resourceType: 'Parameters',
  parameter: [
    {
      name: 'operation',
      part: [
        { name: 'type', valueCode: type },
        { name: 'path', valueString: path },
        { name: 'name', valueString: 'extension' },
        {
          name: 'value',
          part: [
            { name: 'url', valueUri: `${uv}/deqm-careGapRemark` },
            { name: 'extension', part: [{ name: 'author', valueString: 'Dr. A' }] },
            ...value,
          ],
        },
      ],
    },
  ],
});

/** A resource that conforms, by profile. */
const conforming: { readonly [profile: string]: () => unknown } = {
  'deqm-gapsincarebundle': careGaps,
  'deqm-gapsincarecomposition': () => inBundle('Composition'),
  'deqm-gapsincaredetectedissue': () => inBundle('DetectedIssue'),
  'deqm-detailedcaregapguidanceresponse': () => inBundle('GuidanceResponse'),
  'deqm-individualmeasurereport': individual,
  'deqm-summarymeasurereport': () => summaryReport(totals(), settings, 'Group/g1').report,
  'deqm-subjectlistmeasurereport': () => subjectListReport(totals(), settings, 'Group/g1').report,
  'deqm-individualmeasurereportlist': () =>
    subjectListReport(totals(), settings, 'Group/g1').resources.find(({ resourceType }) => resourceType === 'List'),
  'deqm-caregapremarkpatchparameters': () => patch("MeasureReport.group.where(id='g')"),
};

type Spoil = (resource: never) => unknown;
const group =
  (change: object): Spoil =>
  ({ group, ...report }: MeasureReport) => ({
    ...report,
    group: group?.map((one) => ({ ...one, ...change })),
  });
const without =
  (...names: string[]): Spoil =>
  (resource: object) =>
    Object.fromEntries(Object.entries(resource).filter(([name]) => !names.includes(name)));
const plus =
  (change: object): Spoil =>
  (resource: object) => ({ ...resource, ...change });
const extended =
  (extension: Extension): Spoil =>
  (resource: MeasureReport) => ({ ...resource, extension: [...(resource.extension ?? []), extension] });
const groupExtended =
  (extension: Extension): Spoil =>
  ({ group, ...report }: MeasureReport) => ({
    ...report,
    group: group?.map((one) => ({ ...one, extension: [...(one.extension ?? []), extension] })),
  });

const broken: readonly (readonly [profile: string, what: string, spoil: Spoil, issue: RegExp])[] = [
  // Base R4
  ['deqm-individualmeasurereport', 'an unknown element', plus({ colour: 'red' }), /colour/],
  [
    'deqm-individualmeasurereport',
    'a status that is no code of its value set',
    plus({ status: 'done' }),
    /MeasureReport.status: "done" is not in .*measure-report-status.*required/,
  ],
  [
    'deqm-individualmeasurereport',
    'a direction that is none',
    plus({
      improvementNotation: {
        coding: [{ system: 'http://terminology.hl7.org/CodeSystem/measure-improvement-notation', code: 'up' }],
      },
    }),
    /has no code up/,
  ],
  [
    'deqm-individualmeasurereport',
    'a period that ends before it starts',
    plus({ period: { start: '2026-12-31', end: '2026-01-01' } }),
    /per-1/,
  ],
  [
    'deqm-gapsincarebundle',
    'a document that does not begin with its Composition',
    (b: Bundle) => ({ ...b, entry: b.entry?.toReversed() }),
    /bdl-11/,
  ],
  [
    'deqm-gapsincarebundle',
    'a broken resource inside',
    (b: Bundle) => ({ ...b, entry: [...(b.entry ?? []), { resource: { resourceType: 'Patient', gender: 'x' } }] }),
    /entry\[\d+\].resource.gender: "x" is not in/,
  ],
  [
    'deqm-gapsincaredetectedissue',
    'another type of resource',
    plus({ resourceType: 'Flag' }),
    /is not a DetectedIssue/,
  ],
  // Cardinality
  ['deqm-individualmeasurereport', 'no subject', without('subject'), /MeasureReport.subject: 0 < min 1/],
  [
    'deqm-individualmeasurereport',
    'no end of the period',
    plus({ period: { start: '2026-01-01' } }),
    /period.end: 0 < min 1/,
  ],
  [
    'deqm-gapsincaredetectedissue',
    'two details of one evidence',
    plus({ evidence: [{ detail: [{ reference: 'MeasureReport/a' }, { reference: 'MeasureReport/b' }] }] }),
    /evidence.detail: 2 > max 1/,
  ],
  [
    'deqm-summarymeasurereport',
    'evaluated resources',
    plus({ evaluatedResource: [{ reference: 'Procedure/a' }] }),
    /evaluatedResource: 1 > max 0/,
  ],
  [
    'deqm-subjectlistmeasurereport',
    'no lists',
    group({ population: [{ code: { text: 'x' }, count: 1 }] }),
    /subjectResults: 0 < min 1/,
  ],
  ['deqm-gapsincarecomposition', 'no section', without('section'), /section: 0 < min 1/],
  // Fixed values, patterns, types, targets
  ['deqm-individualmeasurereport', 'another type of report', plus({ type: 'summary' }), /is not the fixedCode/],
  [
    'deqm-gapsincaredetectedissue',
    'another code',
    plus({ code: { coding: [{ system: 'http://loinc.org', code: '96315-7' }] } }),
    /is not the patternCodeableConcept/,
  ],
  [
    'deqm-individualmeasurereport',
    'a certificate of another system',
    extended({ url: `${uv}/deqm-certificationIdentifier`, valueIdentifier: { system: 'urn:x' } }),
    /is not the patternIdentifier/,
  ],
  [
    'deqm-individualmeasurereport',
    'a vendor by name',
    extended({ url: `${uv}/deqm-reportingVendor`, valueString: 'Us' }),
    /deqm-reportingVendor .* valueString is of no type/,
  ],
  [
    'deqm-individualmeasurereport',
    'a patient as reporter',
    plus({ reporter: { reference: 'Patient/x' } }),
    /reporter: refers to Patient\/x/,
  ],
  [
    'deqm-individualmeasurereportlist',
    'patients instead of reports',
    plus({ entry: [{ item: { reference: 'Patient/x' } }] }),
    /refers to Patient\/x/,
  ],
  // Slices
  [
    'deqm-individualmeasurereport',
    'no linkId of a group',
    group({ extension: undefined }),
    /group.extension:linkId: 0 < min 1/,
  ],
  ['deqm-gapsincaredetectedissue', 'no gap status', without('modifierExtension'), /gapStatus: 0 < min 1/],
  [
    'deqm-gapsincarebundle',
    'two Compositions',
    (b: Bundle) => ({ ...b, entry: [...(b.entry ?? []), ...(b.entry?.slice(0, 1) ?? [])] }),
    /entry:gaps-composition-deqm: 2 > max 1/,
  ],
  [
    'deqm-caregapremarkpatchparameters',
    'no url in the value',
    (p: { parameter: { part: { part?: unknown[] }[] }[] }) => ({
      ...p,
      parameter: p.parameter.map((one) => ({
        ...one,
        part: one.part.map((part) => ({ ...part, ...(part.part && { part: part.part.slice(1) }) })),
      })),
    }),
    /part:url: 0 < min 1/,
  ],
  [
    'deqm-caregapremarkpatchparameters',
    'a deletion',
    () => patch("MeasureReport.group.where(id='g')", 'delete'),
    /part:type.value: "delete" is not the fixedCode/,
  ],
  // Invariants: at the root, at elements, at slices, of extensions
  [
    'deqm-individualmeasurereport',
    'a measure without version',
    plus({ measure: 'http://example.org/x' }),
    /deqm-0 does not hold/,
  ],
  [
    'deqm-individualmeasurereport',
    'a period by month',
    plus({ period: { start: '2026-01', end: '2026-12' } }),
    /deqm-1 does not hold/,
  ],
  ['deqm-individualmeasurereport', 'no scoring at all', group({ extension: [] }), /deqm-3 does not hold/],
  [
    'deqm-individualmeasurereport',
    'a group with a scoring and no direction',
    (r: MeasureReport) => ({
      ...r,
      group: r.group?.map((g) => ({
        ...g,
        extension: g.extension?.filter(({ url }) => !url.endsWith('deqm-groupImprovementNotation')),
      })),
    }),
    /deqm-4 does not hold/,
  ],
  [
    'deqm-individualmeasurereport',
    'a proportion above one',
    group({ measureScore: { value: 1.5 } }),
    /deqm-6 does not hold/,
  ],
  [
    'deqm-individualmeasurereport',
    'a stratifier with neither code nor components',
    group({ stratifier: [{ stratum: [] }] }),
    /deqm-7 does not hold/,
  ],
  [
    'deqm-individualmeasurereport',
    'a population with neither count nor quantity',
    group({ population: [{ code: { text: 'x' } }] }),
    /deqm-8 does not hold/,
  ],
  ['deqm-gapsincarebundle', 'a document without identifier', without('identifier'), /gic-0 does not hold/],
  ['deqm-gapsincarebundle', 'a Composition in a collection', plus({ type: 'collection' }), /gic-1 does not hold/],
  ['deqm-caregapremarkpatchparameters', 'a path elsewhere', () => patch('MeasureReport.status'), /ra-3 does not hold/],
  [
    'deqm-individualmeasurereport',
    'a remark of nobody',
    groupExtended(remark({ url: 'text', valueString: 'x' })),
    /cgr-1 does not hold/,
  ],
  // Extensions: parts, codes, places, names
  [
    'deqm-individualmeasurereport',
    'a remark by code of its system that is none',
    groupExtended(
      remark(author, {
        url: 'code',
        ...code('http://hl7.org/fhir/uv/deqm/CodeSystem/deqm-care-gap-remark', 'whatever'),
      }),
    ),
    /has no code whatever/,
  ],
  [
    'deqm-individualmeasurereport',
    'two authors of a remark',
    groupExtended(remark(author, author)),
    /extension:author: 2 > max 1/,
  ],
  [
    'deqm-individualmeasurereport',
    'a remark with a value',
    groupExtended({ ...remark(author), valueString: 'x' }),
    /deqm-careGapRemark Extension.value\[x\]: 1 > max 0/,
  ],
  [
    'deqm-individualmeasurereport',
    'a reason where none belongs',
    extended({ url: `${uv}/deqm-reasonDetail`, extension: [{ url: 'path', valueString: 'x' }] }),
    /deqm-reasonDetail may stand on GuidanceResponse.reasonCode only/,
  ],
  [
    'deqm-individualmeasurereport',
    'a reason without reference',
    extended({ url: `${uv}/deqm-reasonDetail`, extension: [{ url: 'path', valueString: 'x' }] }),
    /extension:reference: 0 < min 1/,
  ],
  [
    'deqm-individualmeasurereport',
    'an extension that DEQM does not have',
    extended({ url: `${uv}/deqm-weather`, valueString: 'x' }),
    /DEQM has no extension/,
  ],
  [
    'deqm-individualmeasurereport',
    'supporting evidence without a name',
    group({
      population: [
        {
          code: { text: 'x' },
          count: 1,
          extension: [
            { url: `${extensions}/cqf-supportingEvidence`, extension: [{ url: 'value', valueBoolean: true }] },
          ],
        },
      ],
    }),
    /cqf-supportingEvidence Extension.extension:name: 0 < min 1/,
  ],
  [
    'deqm-gapsincaredetectedissue',
    'a gap status that can be ignored',
    (i: Resource) => ({ ...i, extension: 'modifierExtension' in i ? i.modifierExtension : [] }),
    /deqm-gapStatus is a modifier extension/,
  ],
  [
    'deqm-gapsincaredetectedissue',
    'a gap status that is none',
    plus({
      modifierExtension: [
        {
          url: `${uv}/deqm-gapStatus`,
          ...code('http://hl7.org/fhir/uv/deqm/CodeSystem/deqm-gaps-status', 'wide-open'),
        },
      ],
    }),
    /"wide-open".* is not in .*deqm-gaps-status \(extensible\)/,
  ],
];

describeWithReferenceData('The check against official profiles', () => {
  it.each(Object.entries(conforming))('finds nothing wrong with what conforms: %s', (profile, make) => {
    expect(profileIssues(make(), `${uv}/${profile}`)).toEqual([]);
  });

  it.each(broken)('finds in %s: %s', (profile, _, spoil, issue) => {
    const resource = JSON.parse(JSON.stringify(conforming[profile]?.()));
    const spoiled: unknown = JSON.parse(JSON.stringify(spoil(resource as never)));
    expect(profileIssues(spoiled, `${uv}/${profile}`).join('\n')).toMatch(issue);
  });

  it('knows every profile that it is asked for, or says that it does not', () => {
    expect(() => profileIssues(individual(), `${uv}/other`)).toThrow('no profile');
  });
});
