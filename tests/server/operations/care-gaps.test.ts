import type { Bundle, DetectedIssue, GuidanceResponse, Parameters, Resource } from '@medplum/fhirtypes';
import { baseProblems } from '../../support/base-r4.ts';
import { claimedIssues } from '../../support/profiles.ts';
import { describeWithReferenceData } from '../../support/reference-data.ts';
import { type Answer, breast, issuesOf, openPractice, type Practice, parameters, pressure, year } from './practice.ts';

let practice: Practice;
beforeAll(async () => {
  practice = await openPractice();
}, 60_000);
afterAll(() => practice.close());

const allStatuses = ['open-gap', 'closed-gap', 'prospective-gap', 'not-applicable'];
const bundlesOf = ({ body }: Answer): Bundle[] =>
  ((body as unknown as Parameters).parameter ?? []).flatMap(({ resource }) =>
    resource?.resourceType === 'Bundle' ? [resource] : [],
  );
const inBundle = (bundle: Bundle): Resource[] => (bundle.entry ?? []).flatMap(({ resource }) => resource ?? []);
const status = (issue: DetectedIssue): string =>
  issue.modifierExtension?.[0]?.valueCodeableConcept?.coding?.[0]?.code ?? '';
const issues = (bundles: readonly Bundle[]): DetectedIssue[] =>
  bundles.flatMap(inBundle).filter((resource): resource is DetectedIssue => resource.resourceType === 'DetectedIssue');
/** Statuses by patient. */
const found = (answer: Answer): Record<string, string[]> => {
  const grouped = Map.groupBy(issues(bundlesOf(answer)), ({ patient }) => patient?.reference ?? '');
  return Object.fromEntries([...grouped].map(([patient, all]) => [patient, all.map(status)]));
};
const ask = (query: Record<string, string | string[]>): Promise<Answer> =>
  practice.get('Measure/$care-gaps', { ...year, ...query });

describe('$care-gaps', () => {
  it('answers for a Group: one document for each subject', async () => {
    const answer = await ask({
      measureUrl: breast,
      subject: 'Group/roster',
      status: allStatuses,
      periodEnd: '2026-10-31',
    });
    expect(answer.status).toBe(200);
    expect(bundlesOf(answer).map(({ type }) => type)).toEqual(['document', 'document', 'document']);
    expect(found(answer)).toEqual({
      'Patient/open': ['open-gap'],
      'Patient/closed': ['closed-gap'],
      'Patient/man': ['not-applicable'],
    });
  });

  it('says why the gap is open and what would close it', async () => {
    const [bundle] = bundlesOf(
      await ask({ measureUrl: breast, subject: 'Patient/open', status: ['open-gap', 'prospective-gap'] }),
    );
    const guidance = inBundle(bundle as Bundle).find(
      (resource): resource is GuidanceResponse => resource.resourceType === 'GuidanceResponse',
    );
    expect(guidance?.reasonCode?.[0]?.coding?.[0]).toEqual({
      system: 'http://hl7.org/fhir/uv/deqm/CodeSystem/deqm-care-gap-reason',
      code: 'NotFound',
    });
    expect(guidance?.dataRequirement?.[0]?.codeFilter?.[0]?.valueSet).toMatch(/mammography/);
    expect(guidance?.note?.[0]?.text).toBeTruthy();
  });

  it('shows the evidence that closed a gap', async () => {
    const [bundle] = bundlesOf(await ask({ measureUrl: breast, subject: 'Patient/closed', status: 'closed-gap' }));
    expect(inBundle(bundle as Bundle).map(({ id }) => id)).toContain('mammogram');
  });

  it('gives no Bundle for a subject without a gap of the wanted statuses', async () => {
    const answer = await ask({ measureUrl: breast, subject: 'Patient/man', status: 'open-gap' });
    expect(answer.body).toEqual({ resourceType: 'Parameters' });
  });

  it('puts several measures of a subject into one document, a section for each', async () => {
    const [bundle] = bundlesOf(
      await ask({ measureUrl: [breast, pressure], subject: 'Patient/open', status: allStatuses }),
    );
    const [composition] = inBundle(bundle as Bundle);
    expect(composition).toMatchObject({
      resourceType: 'Composition',
      section: [{ title: 'Breast cancer screening' }, { title: expect.stringMatching(/blood pressure/i) }],
    });
  });

  it.each([
    [{ isDocument: 'false' }, 'collection'],
    [{ nonDocument: 'true' }, 'collection'],
    [{ isDocument: 'true' }, 'document'],
    [{}, 'document'],
  ])('gives Bundles of the wanted kind: %j is a %s', async (query, type) => {
    const answer = await ask({ measureUrl: breast, subject: 'Patient/open', status: allStatuses, ...query });
    expect(bundlesOf(answer).map((bundle) => bundle.type)).toEqual([type]);
  });

  it('takes the patients of a provider, without a subject', async () => {
    const answer = await ask({ measureUrl: breast, provider: 'Practitioner/other', status: allStatuses });
    expect(Object.keys(found(answer))).toEqual(['Patient/man']);
  });

  it('takes the members of the Groups that a provider manages, as attribution lists have them', async () => {
    await practice.store({
      resourceType: 'Group',
      id: 'attributed',
      type: 'person',
      actual: true,
      managingEntity: { reference: 'Practitioner/other' },
      member: [{ entity: { reference: 'Patient/closed' } }, { entity: { reference: 'Patient/open' }, inactive: true }],
    });
    const answer = await ask({ measureUrl: breast, provider: 'Practitioner/other', status: allStatuses });
    expect(Object.keys(found(answer)).sort()).toEqual(['Patient/closed', 'Patient/man']);
  });

  it.each<[string, Record<string, string>]>([
    ['measureId', { measureId: 'BreastCancerScreening-1.0.0', subject: 'Patient/open' }],
    [
      'practitioner and organization',
      { measureUrl: breast, practitioner: 'Practitioner/doctor', organization: 'Organization/clinic' },
    ],
    ['an asked-for version', { measureUrl: breast, subject: 'Patient/open', deqmVersion: 'us-5.0.0' }],
  ])('speaks the US names when they are used: %s', async (_, query) => {
    const answer = await ask({ status: allStatuses, ...query });
    expect(Object.keys(found(answer))).toEqual(['Patient/open']);
    const text = JSON.stringify(answer.body);
    expect(text).toContain('http://hl7.org/fhir/us/davinci-deqm/StructureDefinition/gaps-detectedissue-deqm');
    expect(text).not.toContain('/uv/deqm');
  });

  it('finds measures by topic and by identifier', async () => {
    await practice.store({
      resourceType: 'Measure',
      id: 'none',
      url: 'http://example.org/Measure/none',
      status: 'draft',
      topic: [{ coding: [{ system: 'http://example.org', code: 'nothing' }] }],
    });
    const query = { subject: 'Patient/open', status: allStatuses };
    // Found, and not to be evaluated: it defines nothing.
    expect((await ask({ topic: 'nothing', ...query })).status).toBe(404);
    expect((await ask({ measureIdentifier: 'http://example.org|x', ...query })).status).toBe(404);
  });

  it('answers at instance level, as US DEQM 5.0.0 has it', async () => {
    const query = { subject: 'Patient/open', status: allStatuses, ...year };
    const answer = await practice.get('Measure/BreastCancerScreening-1.0.0/$care-gaps', query);
    expect(Object.keys(found(answer))).toEqual(['Patient/open']);
  });

  it.each<[string, Record<string, string>, string]>([
    ['no subject and no provider', { measureUrl: breast, status: 'open-gap' }, 'subject: is required'],
    ['no status', { measureUrl: breast, subject: 'Patient/open' }, 'status: is required'],
    ['an unknown status', { measureUrl: breast, subject: 'Patient/open', status: 'half-open' }, 'open-gap, closed-gap'],
    ['no measure', { subject: 'Patient/open', status: 'open-gap' }, 'measureUrl: is required'],
    ['an unknown topic', { topic: 'none', subject: 'Patient/open', status: 'open-gap' }, 'topic=none'],
    [
      'an unknown program, as one code whatever it holds',
      { program: 'none&url=x', subject: 'Patient/open', status: 'open-gap' },
      'program=none&url=x',
    ],
    [
      'isDocument that is neither',
      { measureUrl: breast, subject: 'Patient/open', status: 'open-gap', isDocument: 'maybe' },
      'true or false',
    ],
  ])('refuses %s', async (_, query, text) => {
    const answer = await ask(query);
    expect(answer.status).toBe(400);
    expect(issuesOf(answer).join()).toContain(text);
  });

  it('keeps what it made on request, and not the patients data again', async () => {
    const body = parameters([
      { name: 'measureUrl', valueCanonical: breast },
      { name: 'periodStart', valueDate: '2026-01-01' },
      { name: 'periodEnd', valueDate: '2026-12-31' },
      { name: 'subject', valueString: 'Patient/closed' },
      { name: 'status', valueCode: 'closed-gap' },
      { name: 'storeReport', valueBoolean: true },
    ]);
    expect((await practice.post('Measure/$care-gaps', body)).status).toBe(200);
    const { rows } = await practice.database.query<{ type: string; version: number }>(
      `SELECT type, version FROM resource WHERE type IN ('DetectedIssue', 'MeasureReport', 'Composition') OR id = 'mammogram' ORDER BY type`,
    );
    expect(rows.map(({ type, version }) => `${type} ${version}`)).toEqual([
      'Composition 1',
      'DetectedIssue 1',
      'MeasureReport 1',
      'Procedure 1',
    ]);
  });

  it('names the patients that could not be evaluated beside the Bundles of the others', async () => {
    await practice.store(
      { resourceType: 'Patient', id: 'timeless', gender: 'female' },
      {
        resourceType: 'Group',
        id: 'two',
        type: 'person',
        actual: true,
        member: [{ entity: { reference: 'Patient/open' } }, { entity: { reference: 'Patient/timeless' } }],
      },
    );
    const { services } = practice;
    const failing: typeof services = {
      ...services,
      async *evaluate(...args) {
        for await (const evaluated of services.evaluate(...args)) {
          const [outcome] = evaluated.measures;
          if (evaluated.subject !== 'timeless' || outcome === undefined) yield evaluated;
          else yield { ...evaluated, measures: [{ definition: outcome.definition, error: new Error('failed') }] };
        }
      },
    };
    const { careGaps } = await import('../../../server/operations/care-gaps.ts');
    const { context } = await import('./practice.ts');
    const given = { measureUrl: breast, subject: 'Group/two', ...year };
    const raw = [
      ...Object.entries(given).map(([name, valueString]) => ({ name, valueString })),
      ...allStatuses.map((valueString) => ({ name: 'status', valueString })),
    ];
    const call = { ...context(), resourceType: 'Measure', resourceId: null, progress: async () => {} };
    const answer = (await careGaps.invoke(raw, call, failing)) as Parameters;
    expect(answer.parameter?.map(({ name }) => name)).toEqual(['return', 'outcome']);
    expect(JSON.stringify(answer.parameter?.[1])).toContain('Patient/timeless');
  });
});

describeWithReferenceData('$care-gaps of DEQM 1.0.0', () => {
  it.each(['true', 'false'])('gives Bundles that conform to the profiles, isDocument=%s', async (isDocument) => {
    const answer = await ask({
      measureUrl: [breast, pressure],
      subject: 'Group/roster',
      status: allStatuses,
      isDocument,
    });
    const bundles = bundlesOf(answer);
    expect(bundles.length).toBe(3);
    expect(bundles.flatMap(claimedIssues)).toEqual([]);
    expect(bundles.flatMap((bundle) => [bundle, ...inBundle(bundle)].flatMap(baseProblems))).toEqual([]);
  });
});
