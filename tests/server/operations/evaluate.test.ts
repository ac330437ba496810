import type { Bundle, MeasureReport, Parameters, Resource } from '@medplum/fhirtypes';
import { baseProblems } from '../../support/base-r4.ts';
import {
  type Answer,
  baseUrl,
  breast,
  issuesOf,
  openPractice,
  type Practice,
  parameters,
  pressure,
  year,
} from './practice.ts';

let practice: Practice;
beforeAll(async () => {
  practice = await openPractice();
}, 60_000);
afterAll(() => practice.close());

const reportOf = ({ body }: Answer): MeasureReport => body as unknown as MeasureReport;
const bundlesOf = ({ body }: Answer): Bundle[] =>
  ((body as unknown as Parameters).parameter ?? []).flatMap(({ resource }) =>
    resource?.resourceType === 'Bundle' ? [resource] : [],
  );
const inBundle = (bundle: Bundle | undefined): Resource[] =>
  (bundle?.entry ?? []).flatMap(({ resource }) => resource ?? []);
function counts(report: MeasureReport | undefined): Record<string, number | undefined> {
  const populations = report?.group?.[0]?.population ?? [];
  return Object.fromEntries(populations.map(({ code, count }) => [code?.coding?.[0]?.code ?? '', count]));
}

describe('$evaluate-measure', () => {
  it('reports of one patient, as a MeasureReport that is valid', async () => {
    const answer = await practice.get('Measure/$evaluate-measure', {
      measure: breast,
      subject: 'Patient/closed',
      ...year,
    });
    expect(answer.status).toBe(200);
    expect(reportOf(answer)).toMatchObject({
      type: 'individual',
      measure: `${breast}|1.0.0`,
      subject: { reference: 'Patient/closed' },
      period: { start: '2026-01-01', end: '2026-12-31' },
    });
    expect(counts(reportOf(answer))).toMatchObject({ 'initial-population': 1, denominator: 1, numerator: 1 });
    expect(baseProblems(reportOf(answer))).toEqual([]);
  });

  it.each([
    ['GET', '2026', '2026'],
    ['GET', '2026-01', '2026-12'],
    ['GET', '2026-01-01', '2026-12-31'],
    ['GET', '2026-01-01T00:00:00Z', '2026-12-31T23:59:59Z'],
    ['POST', '2026', '2026-12'],
  ])('takes a period of any precision by %s: %s to %s', async (method, periodStart, periodEnd) => {
    const path = 'Measure/BreastCancerScreening-1.0.0/$evaluate-measure';
    const answer =
      method === 'GET'
        ? await practice.get(path, { periodStart, periodEnd })
        : await practice.post(
            path,
            parameters([
              { name: 'periodStart', valueDate: periodStart },
              { name: 'periodEnd', valueDate: periodEnd },
            ]),
          );
    expect(reportOf(answer)).toMatchObject({ type: 'summary', period: { start: '2026-01-01', end: '2026-12-31' } });
    expect(counts(reportOf(answer))).toMatchObject({ 'initial-population': 2, denominator: 2, numerator: 1 });
    expect(reportOf(answer).group?.[0]?.measureScore?.value).toBe(0.5);
    const sex = reportOf(answer).extension?.find(
      ({ valueReference }) => valueReference?.extension?.[0]?.valueString === 'sex',
    );
    const counted = reportOf(answer).contained?.find(({ id }) => `#${id}` === sex?.valueReference?.reference);
    expect(counted).toMatchObject({ resourceType: 'Observation', valueInteger: 2 });
  });

  it('lists the subjects behind each count', async () => {
    const answer = await practice.get('Measure/$evaluate-measure', {
      measure: breast,
      subject: 'Group/roster',
      reportType: 'subject-list',
      ...year,
    });
    const report = reportOf(answer);
    expect(report.subject).toEqual({ reference: 'Group/roster' });
    const numerator = report.group?.[0]?.population?.find(({ code }) => code?.coding?.[0]?.code === 'numerator');
    const list = report.contained?.find(({ id }) => `#${id}` === numerator?.subjectResults?.reference);
    expect(list).toMatchObject({ entry: [{ item: { reference: 'Patient/closed' } }] });
    expect(baseProblems(report)).toEqual([]);
  });

  it.each([
    ['Practitioner/doctor', 2],
    ['PractitionerRole/role', 2],
    ['Practitioner/other', 0],
  ])('restricts to the patients of %s', async (practitioner, initialPopulation) => {
    const answer = await practice.get('Measure/$evaluate-measure', { measure: breast, practitioner, ...year });
    expect(counts(reportOf(answer))['initial-population']).toBe(initialPopulation);
    expect(reportOf(answer).reporter).toEqual({ reference: practitioner });
  });

  it('names everything that is wrong at once', async () => {
    const answer = await practice.get('Measure/$evaluate-measure', {
      periodStart: 'soon',
      reportType: 'all',
      nonsense: '1',
    });
    expect(answer.status).toBe(400);
    expect(issuesOf(answer).map((text) => text.split(':')[0])).toEqual([
      'nonsense',
      'periodStart',
      'periodEnd',
      'reportType',
    ]);
  });

  it.each<[string, Record<string, string>, number, string]>([
    ['an unknown measure', { measure: 'http://example.org/Measure/none' }, 404, 'is not installed'],
    ['an unknown version', { measure: `${breast}|9` }, 404, 'is not installed'],
    ['an unknown patient', { measure: breast, subject: 'Patient/none' }, 404, 'does not exist'],
    ['an unknown group', { measure: breast, subject: 'Group/none' }, 404, 'does not exist'],
    ['an unknown practitioner', { measure: breast, practitioner: 'Practitioner/none' }, 404, 'does not exist'],
    ['a subject that is no person', { measure: breast, subject: 'Device/x' }, 400, 'Patient or Group'],
    ['a subject of another server', { measure: breast, subject: 'http://elsewhere/Patient/x' }, 400, 'on this server'],
    ['no measure', {}, 400, 'measureUrl: is required'],
    [
      'one report of many subjects',
      { measure: breast, subject: 'Group/roster', reportType: 'subject' },
      400,
      'subject-list',
    ],
    ['lastReceivedOn of a summary', { measure: breast, lastReceivedOn: '2026-01-01' }, 400, 'lastReceivedOn'],
    [
      'a period that ends before it starts',
      { measure: breast, periodStart: '2026', periodEnd: '2025' },
      400,
      'before it starts',
    ],
    ['a date that is not in the calendar', { measure: breast, periodStart: '2026-02-31' }, 400, 'not a date'],
    ['storing by GET', { measure: breast, storeReport: 'true' }, 405, 'POST'],
  ])('refuses %s', async (_, query, status, text) => {
    const answer = await practice.get('Measure/$evaluate-measure', { ...year, ...query });
    expect(answer.status).toBe(status);
    expect(issuesOf(answer).join()).toContain(text);
  });

  it('takes a reference with the base of the server', async () => {
    const subject = `${baseUrl}/Patient/open`;
    const answer = await practice.get('Measure/$evaluate-measure', { measure: breast, subject, ...year });
    expect(counts(reportOf(answer))).toMatchObject({ denominator: 1, numerator: 0 });
  });

  it('names the members of a Group that are not there, instead of counting without a word', async () => {
    const member = [{ entity: { reference: 'Patient/open' } }, { entity: { reference: 'Patient/gone' } }];
    await practice.store({ resourceType: 'Group', id: 'partly', type: 'person', actual: true, member });
    const report = reportOf(
      await practice.get('Measure/$evaluate-measure', { measure: breast, subject: 'Group/partly', ...year }),
    );
    expect(counts(report)['initial-population']).toBe(1);
    expect(JSON.stringify(report.contained)).toContain('Patient/gone does not exist');
  });

  it.each<[string, object, string]>([
    ['of devices', { type: 'device', actual: true }, 'for persons'],
    ['that is described, not listed', { type: 'person', actual: false }, 'characteristics'],
  ])('refuses a Group %s', async (_, group, text) => {
    await practice.store({ resourceType: 'Group', id: 'odd', ...group });
    const answer = await practice.get('Measure/$evaluate-measure', { measure: breast, subject: 'Group/odd', ...year });
    expect(answer.status).toBe(422);
    expect(issuesOf(answer)[0]).toContain(text);
  });

  it('follows Groups in Groups, without members that are inactive, and ends when they are circular', async () => {
    const member = [
      { entity: { reference: 'Group/outer' } },
      { entity: { reference: 'Patient/open' } },
      { entity: { reference: 'Patient/man' }, inactive: true },
    ];
    const group = { resourceType: 'Group', type: 'person', actual: true };
    await practice.store({ ...group, id: 'inner', member });
    await practice.store({
      ...group,
      id: 'outer',
      member: [{ entity: { reference: 'Group/inner' } }, { entity: { reference: 'Patient/closed' } }],
    });
    const query = { measure: breast, subject: 'Group/outer', reportType: 'subject-list', ...year };
    const text = JSON.stringify(reportOf(await practice.get('Measure/$evaluate-measure', query)).contained);
    expect(text).toContain('Patient/open');
    expect(text).toContain('Patient/closed');
    expect(text).not.toContain('Patient/man');
  });

  it('leaves an AuditEvent that names the patients', async () => {
    await practice.get('Measure/$evaluate-measure', { measure: breast, subject: 'Patient/open', ...year });
    await practice.services.audit.flush();
    const { rows } = await practice.database.query<{ content: string }>(
      `SELECT content FROM resource WHERE type = 'AuditEvent' ORDER BY last_updated DESC, id`,
    );
    const event = rows.map(({ content }) => content).find((content) => content.includes('$evaluate-measure'));
    expect(event).toContain('"Patient/open"');
  });
});

describe('$evaluate', () => {
  it('gives a Bundle for each subject, with its reports first and the data behind them', async () => {
    const answer = await practice.get('Measure/$evaluate', {
      measureUrl: [breast, pressure],
      subject: 'Group/roster',
      reportType: 'individual',
      ...year,
    });
    const bundles = bundlesOf(answer);
    expect(bundles).toHaveLength(3);
    for (const bundle of bundles) {
      const resources = inBundle(bundle);
      expect(resources.slice(0, 2).map(({ resourceType }) => resourceType)).toEqual(['MeasureReport', 'MeasureReport']);
      expect(resources.map(({ resourceType }) => resourceType)).toEqual(
        expect.arrayContaining(['Patient', 'Organization']),
      );
      expect([bundle, ...resources].flatMap(baseProblems)).toEqual([]);
    }
    const closed = inBundle(bundles.find((b) => JSON.stringify(b).includes('"Patient/closed"')));
    expect(closed.map(({ id }) => id)).toContain('mammogram');
  });

  it.each([
    [{ subject: 'Patient/open' }, 'individual'],
    [{ subject: 'Group/roster' }, 'summary'],
    [{}, 'summary'],
    [{ subject: 'Patient/open', reportType: 'population' }, 'summary'],
    [{ subject: 'Patient/open', reportType: 'subject' }, 'individual'],
  ])('chooses the report type: %j gives %s', async (query, type) => {
    const answer = await practice.get('Measure/$evaluate', { measureUrl: breast, ...year, ...query });
    expect(bundlesOf(answer)).toHaveLength(1);
    expect(inBundle(bundlesOf(answer)[0])[0]).toMatchObject({ resourceType: 'MeasureReport', type });
  });

  it('leaves out data that has not changed since it was last received', async () => {
    const ids = async (lastReceivedOn: string): Promise<unknown[]> => {
      const query = { measureUrl: breast, subject: 'Patient/closed', lastReceivedOn, ...year };
      return inBundle(bundlesOf(await practice.get('Measure/$evaluate', query))[0]).map(({ id }) => id);
    };
    expect(await ids('2020-01-01')).toContain('mammogram');
    expect(await ids('2099-01-01')).not.toContain('mammogram');
  });

  it('keeps reports on request: stored once, searchable, with Lists that lead to the individual reports', async () => {
    const body = parameters([
      { name: 'measureUrl', valueCanonical: breast },
      { name: 'periodStart', valueDate: '2026-01-01' },
      { name: 'periodEnd', valueDate: '2026-12-31' },
      { name: 'subject', valueString: 'Group/roster' },
      { name: 'reportType', valueCode: 'subject-list' },
      { name: 'storeReport', valueBoolean: true },
    ]);
    for (let i = 0; i < 2; i += 1) expect((await practice.post('Measure/$evaluate', body)).status).toBe(200);
    const { rows } = await practice.database.query<{ type: string; content: string; version: number }>(
      `SELECT type, content, version FROM resource WHERE type IN ('MeasureReport', 'List') AND NOT deleted`,
    );
    const stored = rows.map(({ content }) => JSON.parse(content));
    const list = stored.find(({ type }) => type === 'subject-list');
    const populations = list.group[0].population as { subjectResults: { reference: string }; count: number }[];
    for (const { subjectResults, count } of populations) {
      const found = stored.find(({ id, resourceType }) => `${resourceType}/${id}` === subjectResults.reference);
      expect((found.entry ?? []).length).toBe(count);
      for (const { item } of found.entry ?? []) {
        expect(stored.map(({ id }) => `MeasureReport/${id}`)).toContain(item.reference);
      }
    }
    expect(stored.filter(({ type }) => type === 'individual')).toHaveLength(3);
    expect(rows.every(({ version }) => version === 2)).toBe(true);
  });

  it('does not change an Organization that a request names as its provider', async () => {
    const body = parameters([
      { name: 'measureUrl', valueCanonical: breast },
      { name: 'periodStart', valueDate: '2026' },
      { name: 'periodEnd', valueDate: '2026' },
      { name: 'providerResource', resource: { resourceType: 'Organization', id: 'clinic', name: 'Another name' } },
      { name: 'storeReport', valueBoolean: true },
    ]);
    expect((await practice.post('Measure/$evaluate', body)).status).toBe(200);
    const { rows } = await practice.database.query<{ id: string; version: number }>(
      `SELECT id, version FROM resource WHERE type = 'Organization' ORDER BY id`,
    );
    expect(rows).toEqual([
      { id: 'clinic', version: 1 },
      { id: 'gapless', version: 1 },
    ]);
  });

  it('stores nothing for who may only read', async () => {
    const body = parameters([
      { name: 'measureUrl', valueCanonical: breast },
      { name: 'periodStart', valueDate: '2026' },
      { name: 'periodEnd', valueDate: '2026' },
      { name: 'subject', valueString: 'Patient/open' },
      { name: 'storeReport', valueBoolean: true },
    ]);
    const answer = await practice.post('Measure/$evaluate', body, {}, { scopes: ['system/*.rs'] });
    expect(answer.status).toBe(403);
  });

  it('takes subjects and provider inline', async () => {
    const body = parameters([
      { name: 'measureUrl', valueCanonical: breast },
      { name: 'periodStart', valueDate: '2026' },
      { name: 'periodEnd', valueDate: '2026' },
      {
        name: 'subjectGroup',
        resource: {
          resourceType: 'Group',
          type: 'person',
          actual: true,
          member: [{ entity: { reference: 'Patient/open' } }],
        },
      },
      {
        name: 'providerResource',
        resource: {
          resourceType: 'Organization',
          name: 'Ad hoc',
          contained: [
            { resourceType: 'PractitionerRole', id: 'r', practitioner: { reference: 'Practitioner/doctor' } },
          ],
        },
      },
    ]);
    const [bundle] = bundlesOf(await practice.post('Measure/$evaluate', body));
    const [report] = inBundle(bundle);
    expect(counts(report?.resourceType === 'MeasureReport' ? report : undefined)).toMatchObject({
      'initial-population': 1,
    });
    expect(inBundle(bundle)).toContainEqual(expect.objectContaining({ resourceType: 'Organization', name: 'Ad hoc' }));
  });

  it('refuses a manifest rather than answer with other versions', async () => {
    const answer = await practice.get('Measure/$evaluate', {
      measureUrl: breast,
      manifest: 'http://example.org/Library/m',
      ...year,
    });
    expect(answer.status).toBe(400);
  });
});

describe('$data-requirements', () => {
  it('says which data and value sets a measure uses', async () => {
    const answer = await practice.get('Measure/BreastCancerScreening-1.0.0/$data-requirements', year);
    const library = answer.body as unknown as Resource;
    expect(baseProblems(library)).toEqual([]);
    expect(library).toMatchObject({ resourceType: 'Library', type: { coding: [{ code: 'module-definition' }] } });
    const text = JSON.stringify(library);
    expect(text).toContain('"type":"Procedure"');
    expect(text).toMatch(/"valueSet":"http:\/\/gapless.health\/ValueSet\/[^"]*mammography/);
  });
});
