import { type Answer, breast, openPractice, type Practice, parameters } from './practice.ts';

let practice: Practice;
beforeAll(async () => {
  practice = await openPractice();
  await practice.store(
    {
      resourceType: 'Measure',
      id: 'program-measure',
      status: 'active',
      url: 'http://example.org/Measure/none',
    },
    { resourceType: 'Location', id: 'ward', name: 'Ward' },
  );
}, 60_000);
afterAll(() => practice.close());

const group = {
  resourceType: 'Group',
  type: 'person',
  actual: true,
  member: [{ entity: { reference: 'Patient/open' } }],
};
const clinic = { resourceType: 'Organization', id: 'clinic', name: 'A clinic' };
const cql = { resourceType: 'Parameters', parameter: [] };

/** A row of a parameter table: name, how often, and a value that a client may send. */
type Row = readonly [name: string, cardinality: '0..1' | '1..1' | '0..*' | '1..*', value: object];

const period: readonly Row[] = [
  ['periodStart', '1..1', { valueDate: '2026-01-01' }],
  ['periodEnd', '1..1', { valueDate: '2026-12-31' }],
];
const measureUrl: Row = ['measureUrl', '1..*', { valueCanonical: breast }];
const status: Row = ['status', '1..*', { valueCode: 'prospective-gap' }];
const isDocument: Row = ['isDocument', '0..1', { valueBoolean: false }];
const parametersRow: Row = ['parameters', '0..1', { resource: cql }];
const subject: Row = ['subject', '0..1', { valueString: 'Patient/open' }];
const subjectGroup: Row = ['subjectGroup', '0..1', { resource: group }];
const ofMeasure: readonly Row[] = [
  ['measureId', '0..*', { valueId: 'BreastCancerScreening-1.0.0' }],
  ['measureUrl', '0..*', { valueCanonical: breast }],
];

/** What the guides list (spec/standards, 1.1), by version; `instead`: what may not stand beside it. */
const tables: Readonly<
  Record<string, { readonly operation: string; readonly rows: readonly Row[]; readonly names: RegExp }>
> = {
  'UV 1.0.0 $care-gaps': {
    operation: '$care-gaps',
    names: /uv\/deqm/,
    rows: [
      measureUrl,
      ...period,
      subject,
      subjectGroup,
      ['provider', '0..1', { valueString: 'Practitioner/doctor' }],
      ['providerResource', '0..1', { resource: clinic }],
      ['location', '0..*', { valueString: 'Location/ward' }],
      status,
      parametersRow,
      isDocument,
    ],
  },
  'UV ballot $care-gaps': {
    operation: '$care-gaps',
    names: /uv\/deqm/,
    rows: [
      measureUrl,
      ...period,
      subject,
      status,
      ['reporter', '0..1', { valueString: 'Practitioner/doctor' }],
      ['reporterResource', '0..1', { resource: clinic }],
    ],
  },
  'US STU5 $care-gaps': {
    operation: '$care-gaps',
    names: /us\/davinci-deqm/,
    rows: [
      ...period,
      ...ofMeasure,
      ['measure', '0..*', { valueCanonical: breast }],
      subject,
      subjectGroup,
      parametersRow,
      ['practitioner', '0..1', { valueString: 'Practitioner/doctor' }],
      ['organization', '0..1', { valueString: 'Organization/clinic' }],
      ['organizationResource', '0..1', { resource: clinic }],
      status,
      isDocument,
    ],
  },
  'US STU3 and STU4 $care-gaps': {
    operation: '$care-gaps',
    names: /us\/davinci-deqm/,
    rows: [
      ...period,
      ...ofMeasure,
      subject,
      ['practitioner', '0..1', { valueString: 'Practitioner/doctor' }],
      ['organization', '0..1', { valueString: 'Organization/clinic' }],
      status,
    ],
  },
  'UV 1.0.0 $evaluate': {
    operation: '$evaluate',
    names: /uv\/deqm/,
    rows: [
      measureUrl,
      ...period,
      ['reportType', '0..1', { valueCode: 'individual' }],
      subject,
      subjectGroup,
      ['provider', '0..1', { valueString: 'Practitioner/doctor' }],
      ['providerResource', '0..1', { resource: clinic }],
      ['location', '0..*', { valueString: 'Location/ward' }],
      parametersRow,
      ['lastReceivedOn', '0..1', { valueDateTime: '2020-01-01T00:00:00Z' }],
    ],
  },
  'R4 $evaluate-measure': {
    operation: '$evaluate-measure',
    names: /MeasureReport/,
    rows: [
      ...period,
      ['measure', '1..1', { valueCanonical: breast }],
      ['reportType', '0..1', { valueCode: 'subject' }],
      subject,
      ['practitioner', '0..1', { valueString: 'Practitioner/doctor' }],
      ['lastReceivedOn', '0..1', { valueDateTime: '2020-01-01T00:00:00Z' }],
    ],
  },
};

const single = (cardinality: Row[1]): boolean => cardinality.endsWith('1');
const required = ([, cardinality]: Row): boolean => cardinality.startsWith('1');
/** Of a pair that excludes each other, what stands beside a parameter that is tried. */
const rivals: Readonly<Record<string, readonly string[]>> = {
  subject: ['subjectGroup'],
  subjectGroup: ['subject'],
};
/** US versions ask for one measure by any of the names. */
const needed = (table: readonly Row[], tried: string): Row[] => {
  const names = [...table.filter(required).map(([name]) => name), 'subject', 'measureUrl', 'reportType'];
  return table.filter(
    ([name]) =>
      name !== tried && names.includes(name) && rivals[tried]?.includes(name) !== true && !alsoMeasure(name, tried),
  );
};
const measureNames = ['measureUrl', 'measureId', 'measure'];
const alsoMeasure = (name: string, tried: string): boolean =>
  measureNames.includes(name) && measureNames.includes(tried) && name !== tried;

const call = (operation: string, rows: readonly Row[]): Promise<Answer> =>
  practice.post(`Measure/${operation}`, parameters(rows.map(([name, , value]) => ({ name, ...value }))));

describe.each(Object.entries(tables))('%s', (label, { operation, rows, names }) => {
  it.each(rows.map((row) => [row[0], row] as const))('takes %s', async (name, row) => {
    const answer = await call(operation, [...needed(rows, name), row]);
    expect([answer.status, answer.body['issue']]).toEqual([200, undefined]);
    const usNames = ['practitioner', 'organization', 'measureId'];
    if (!label.startsWith('US') || usNames.includes(name)) expect(JSON.stringify(answer.body)).toMatch(names);
  });

  it.each(rows.filter(required).map(([name]) => [name]))('requires %s', async (name) => {
    const answer = await call(
      operation,
      needed(rows, name).filter(([other]) => other !== name),
    );
    expect([answer.status, JSON.stringify(answer.body)]).toEqual([400, expect.stringContaining(name)]);
  });

  it.each(rows.map((row) => [row[0], row] as const))('takes %s as often as it may stand', async (name, row) => {
    const answer = await call(operation, [...needed(rows, name), row, row]);
    const once = single(row[1]);
    expect([answer.status, JSON.stringify(answer.body).includes('may be given once')]).toEqual([
      once ? 400 : 200,
      once,
    ]);
  });
});

describe('A parameter that would change the answer and cannot be honoured', () => {
  it('is refused, not ignored: measureResource of US STU5', async () => {
    const rows = tables['US STU5 $care-gaps']?.rows ?? [];
    const measure: Row = ['measureResource', '0..*', { resource: { resourceType: 'Measure', status: 'draft' } }];
    const answer = await call('$care-gaps', [...needed(rows, 'measureResource'), measure]);
    expect([answer.status, JSON.stringify(answer.body)]).toEqual([400, expect.stringContaining('measureResource')]);
  });

  it.each(['$care-gaps', '$evaluate'])('is refused, not ignored: manifest of %s', async (operation) => {
    const rows = tables[`UV 1.0.0 ${operation}`]?.rows ?? [];
    const manifest: Row = ['manifest', '0..1', { valueCanonical: 'http://example.org/Library/manifest' }];
    const answer = await call(operation, [...needed(rows, 'manifest'), manifest]);
    expect([answer.status, JSON.stringify(answer.body)]).toEqual([400, expect.stringContaining('manifest')]);
  });
});
