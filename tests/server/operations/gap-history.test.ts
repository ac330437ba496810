import type { Bundle, DetectedIssue, Provenance } from '@medplum/fhirtypes';
import type { FhirResource } from '../../../cql/index.ts';
import { type GapWorker, startGapWorker } from '../../../server/gaps/gap-worker.ts';
import { createEvaluationPool, type EvaluationPool } from '../../../server/jobs/evaluation-pool.ts';
import { baseProblems } from '../../support/base-r4.ts';
import { silent } from '../../support/database.ts';
import { claimedIssues } from '../../support/profiles.ts';
import { describeWithReferenceData } from '../../support/reference-data.ts';
import { type Answer, baseUrl, breast, context, issuesOf, openPractice, type Practice, tenant } from './practice.ts';

let practice: Practice;
let pool: EvaluationPool;
let worker: GapWorker;
const now = (): Date => new Date('2026-11-22T12:00:00Z');

const mammogram: FhirResource = {
  resourceType: 'Procedure',
  id: 'late-mammogram',
  status: 'completed',
  code: { coding: [{ system: 'http://www.ama-assn.org/go/cpt', code: '77067' }], text: 'Mammography' },
  subject: { reference: 'Patient/open' },
  performedDateTime: '2026-11-02',
};

beforeAll(async () => {
  practice = await openPractice();
  const { database, services } = practice;
  pool = createEvaluationPool({ log: silent, threads: 1 });
  // As an installation leaves it: the worker looks after tenants that have measures.
  await database.query('INSERT INTO content_version (tenant, version) VALUES ($1, 1)', [tenant]);
  worker = startGapWorker({ database, catalogue: services.catalogue, pool, log: silent, now, pollMs: 20 });
  await worker.idle();
  await practice.store(mammogram);
  worker.wake();
  await worker.idle();
}, 120_000);
afterAll(async () => {
  await worker.stop();
  await pool.close();
  await practice.close();
});

const bundle = ({ body }: Answer): Bundle => body as unknown as Bundle;
const issues = (answer: Answer): DetectedIssue[] =>
  (bundle(answer).entry ?? []).flatMap(({ resource }) =>
    resource?.resourceType === 'DetectedIssue' ? [resource] : [],
  );
const provenances = (answer: Answer): Provenance[] =>
  (bundle(answer).entry ?? []).flatMap(({ resource }) => (resource?.resourceType === 'Provenance' ? [resource] : []));
const statuses = (answer: Answer): (string | undefined)[] =>
  issues(answer).map(({ modifierExtension }) => modifierExtension?.[0]?.valueCodeableConcept?.coding?.[0]?.code);
const ask = (path: string, query: Record<string, string | string[]> = {}): Promise<Answer> =>
  practice.get(`${path}/$gap-history`, query);

describe('$gap-history', () => {
  it('tells when a gap was opened and closed, latest first, and what came before', async () => {
    const answer = await ask('Patient/open', { measureUrl: breast });
    expect(answer.status).toBe(200);
    expect(bundle(answer)).toMatchObject({ type: 'searchset', total: 2 });
    expect(statuses(answer)).toEqual(['closed-gap', 'prospective-gap']);
    const [closing, opening] = provenances(answer);
    const [closed, opened] = issues(answer);
    expect(closing?.target).toEqual([{ reference: `DetectedIssue/${closed?.id}` }]);
    expect(closing?.entity?.find(({ role }) => role === 'revision')?.what?.reference).toBe(
      `DetectedIssue/${opened?.id}`,
    );
    expect(opening?.entity?.some(({ role }) => role === 'revision') ?? false).toBe(false);
    expect(closed).toMatchObject({
      patient: { reference: 'Patient/open' },
      identifiedDateTime: now().toISOString(),
      detail: expect.stringMatching(/^prospective-gap → closed-gap/),
    });
    expect(closing).toMatchObject({
      reason: [{ coding: [{ code: 'data' }], text: expect.stringContaining('Procedure') }],
      policy: [expect.stringContaining(breast)],
    });
  });

  it('points to the report that $care-gaps gives for the same gap', async () => {
    const gaps = await practice.get('Measure/$care-gaps', {
      measureUrl: breast,
      periodStart: '2026',
      periodEnd: '2026',
      subject: 'Patient/open',
      status: 'closed-gap',
    });
    const [issue] = issues(await ask('Patient/open', { measureUrl: breast }));
    const reference = issue?.evidence?.[0]?.detail?.[0]?.reference ?? '';
    expect(reference).toMatch(/^MeasureReport\//);
    expect(JSON.stringify(gaps.body)).toContain(`${baseUrl}/${reference}`);
  });

  it('names the version that brought the change, and who wrote it by the Provenance that was stored with it', async () => {
    const source = async () =>
      provenances(await ask('Patient/open', { measureUrl: breast }))[0]?.entity?.find(({ role }) => role === 'source');
    expect(await source()).toMatchObject({
      what: { reference: 'Procedure/late-mammogram/_history/1', display: 'Mammography, 2 Nov 2026' },
    });
    expect((await source())?.agent).toBeUndefined();
    await practice.store({
      resourceType: 'Provenance',
      id: 'told',
      target: [{ reference: 'Procedure/late-mammogram/_history/1' }],
      recorded: '2026-11-02T10:00:00Z',
      agent: [{ who: { reference: 'Practitioner/doctor' } }],
    });
    expect((await source())?.agent).toEqual([{ who: { reference: 'Practitioner/doctor' } }]);
  });

  it('filters, and gives every change once over all pages', async () => {
    const all = await ask('Patient');
    expect(new Set(issues(all).map(({ patient }) => patient?.reference))).toEqual(
      new Set(['Patient/open', 'Patient/closed']),
    );
    expect(statuses(await ask('Patient', { status: 'closed-gap' })).every((code) => code === 'closed-gap')).toBe(true);
    const roster = await ask('Patient', { subject: 'Group/roster' });
    expect(issues(roster).map(({ id }) => id)).toEqual(issues(all).map(({ id }) => id));
    expect(issues(await ask('Patient/man'))).toEqual([]);
    expect(bundle(await ask('Patient', { _since: '2026-11-22T12:00:00.001Z' }))).toMatchObject({ total: 0 });
    expect(issues(await ask('Patient', { _since: '2026-11-22' }))).toHaveLength(issues(all).length);
    const seen: (string | undefined)[] = [];
    let next: string | undefined = `${baseUrl}/Patient/$gap-history?_count=1`;
    while (next !== undefined) {
      const { pathname, searchParams } = new URL(next);
      const page: Answer = await practice.get(pathname.slice('/fhir/'.length), Object.fromEntries(searchParams));
      expect(issues(page)).toHaveLength(1);
      seen.push(...issues(page).map(({ id }) => id));
      next = bundle(page).link?.find(({ relation }) => relation === 'next')?.url;
    }
    expect(seen).toEqual(issues(all).map(({ id }) => id));
  });

  it('is valid R4, resource by resource', async () => {
    const answer = await ask('Patient');
    for (const resource of [...issues(answer), ...provenances(answer), bundle(answer)])
      expect(baseProblems(resource)).toEqual([]);
  });

  it.each([
    ['Patient/nobody', {}, 404, /Patient\/nobody does not exist/],
    ['Patient/open', { subject: 'Patient/closed' }, 400, /subject: is for the type level/],
    ['Patient', { _since: 'yesterday' }, 400, /_since: must be a dateTime/],
    ['Patient', { _count: '-1' }, 400, /_count: must be a whole number/],
    ['Patient', { status: 'ajar' }, 400, /status: must be one of open-gap/],
  ])('refuses %s %j with %d', async (path, query, status, message) => {
    const answer = await ask(path, query);
    expect(answer.status).toBe(status);
    expect(issuesOf(answer).join()).toMatch(message);
  });

  it('needs the scopes for it, and leaves an AuditEvent that names the patients', async () => {
    const denied = await practice.send('GET', 'Patient/open/$gap-history', { scopes: ['system/Measure.r'] });
    expect(denied.status).toBe(403);
    await ask('Patient/open');
    await practice.services.audit.flush();
    const { rows } = await practice.database.query<{ content: string }>(
      `SELECT content FROM resource WHERE tenant = $1 AND type = 'AuditEvent' AND content LIKE '%$gap-history%'
       ORDER BY last_updated DESC LIMIT 1`,
      [tenant],
    );
    expect(JSON.parse(rows[0]?.content ?? '{}')).toMatchObject({
      agent: [{ who: context().actor }],
      entity: [{ what: { reference: 'Patient/open' } }],
    });
  });
});

describeWithReferenceData('A DetectedIssue of the history', () => {
  it.each(['uv-1.0.0', 'us-5.0.0', 'us-3.0.0'])('keeps to the profile of DEQM %s', async (deqmVersion) => {
    const found = issues(await ask('Patient', { deqmVersion }));
    expect(found.length).toBeGreaterThan(0);
    for (const issue of found) expect(claimedIssues(issue)).toEqual([]);
  });
});
