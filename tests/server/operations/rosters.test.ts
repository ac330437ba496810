import { setTimeout as sleep } from 'node:timers/promises';
import type { OperationOutcome } from '@medplum/fhirtypes';
import type { FhirResource } from '../../../cql/index.ts';
import { JobFiles, listJobFiles, readJobFile } from '../../../server/jobs/job-files.ts';
import { subjectsInOneAnswer } from '../../../server/operations/many-resources.ts';
import { type Answer, baseUrl, breast, issuesOf, openPractice, type Practice, tenant, year } from './practice.ts';

let practice: Practice;
beforeAll(async () => {
  practice = await openPractice();
}, 60_000);
afterAll(() => practice.close());

interface Manifest {
  readonly output: readonly { readonly type: string; readonly url: string; readonly count: number }[];
  readonly error: Manifest['output'];
}

const status = ['open-gap', 'closed-gap', 'prospective-gap', 'not-applicable'];
const member = (reference: string, more: object = {}): object => ({ entity: { reference }, ...more });
const group = (id: string, members: readonly object[]): FhirResource => ({
  resourceType: 'Group',
  id,
  type: 'person',
  actual: true,
  member: members,
});

async function finished(answer: Answer): Promise<Answer> {
  const path = (answer.headers['Content-Location'] ?? '').slice(baseUrl.length + 1);
  for (let i = 0; i < 600; i += 1) {
    const polled = await practice.send('GET', path);
    if (polled.status !== 202) return polled;
    await sleep(100);
  }
  throw new Error('the job does not end');
}

async function linesOf(files: Manifest['output']): Promise<FhirResource[]> {
  const texts = [];
  for (const { url } of files) {
    const { status: code, body } = await practice.send('GET', url.slice(baseUrl.length + 1));
    expect(code).toBe(200);
    texts.push(body as unknown as string);
  }
  return texts
    .join('')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as FhirResource);
}

const later = { prefer: 'respond-async' };
const query = { measureUrl: breast, status, _outputFormat: 'ndjson', ...year };
const ask = async (subject: string): Promise<Manifest> => {
  const { status: code, body } = await finished(await practice.get('Measure/$care-gaps', { ...query, subject }, later));
  expect(code).toBe(200);
  return body as unknown as Manifest;
};

describe('A roster that is asked for as NDJSON', () => {
  it('has a document for each patient, and tells of every member who has none', async () => {
    await practice.store({ resourceType: 'Patient', id: 'left' });
    await practice.store(
      group('mixed', [
        member('Patient/open'),
        member('Patient/closed', { inactive: true }),
        member('Patient/unknown'),
        member('Patient/left'),
        member('https://elsewhere.example.org/Patient/far'),
        member('Practitioner/doctor'),
        { entity: { identifier: { value: 'no reference' } } },
        member('Group/none'),
        member('Group/mixed'),
      ]),
    );
    await practice.database.query(
      `UPDATE resource SET deleted = true, content = NULL WHERE type = 'Patient' AND id = 'left'`,
    );
    const { output, error } = await ask('Group/mixed');
    expect((await linesOf(output)).map(({ resourceType }) => resourceType)).toEqual(['Bundle']);
    expect(error[0]).toMatchObject({ type: 'OperationOutcome', count: 7 });
    const told = (await linesOf(error)).flatMap((line) => (line as unknown as OperationOutcome).issue);
    expect(told.map(({ severity, diagnostics }) => `${severity}: ${diagnostics}`)).toEqual([
      'information: Member 2 of Group/mixed (Patient/closed) is inactive, and was left out',
      'error: Member 5 of Group/mixed is no reference to a Patient or Group of this server, and was left out',
      'error: Member 6 of Group/mixed is no reference to a Patient or Group of this server, and was left out',
      'error: Member 7 of Group/mixed is no reference to a Patient or Group of this server, and was left out',
      'error: Member 8 of Group/mixed (Group/none) does not exist, and was left out',
      expect.stringContaining('Patient/unknown does not exist'),
      expect.stringContaining('Patient/left was deleted'),
    ]);
  });

  it('tells the same beside the documents when it is asked for at once', async () => {
    const { _outputFormat: _, ...direct } = query;
    const { body } = await practice.get('Measure/$care-gaps', { ...direct, subject: 'Group/mixed' });
    const names = (body['parameter'] as { name: string; resource: OperationOutcome }[]).map(({ name }) => name);
    expect(names).toEqual(['return', 'outcome']);
  });

  it('may have 100,000 members: nobody vanishes, whoever they are', async () => {
    const size = 100_000;
    const members = Array.from({ length: size }, (_, n) =>
      member(n % 50_000 === 7 ? 'Patient/open' : `Patient/x-${n}`),
    );
    await practice.store(group('large', members));
    const { output, error } = await ask('Group/large');
    const count = (files: Manifest['output']): number => files.reduce((sum, file) => sum + file.count, 0);
    expect(count(output)).toBe(1);
    expect(count(error)).toBe(size - 2);
    expect(error.length).toBeGreaterThan(1);
  }, 180_000);

  it('is refused at once when it is too large for one answer, and told how to ask', async () => {
    const large = { measureUrl: breast, subject: 'Group/large', ...year };
    for (const answer of [
      await practice.get('Measure/$care-gaps', { ...large, status }),
      await practice.get('Measure/$evaluate', { ...large, reportType: 'individual' }),
      await practice.get('Measure/$evaluate', { ...large, reportType: 'subject-list' }),
    ]) {
      expect(answer.status).toBe(422);
      expect(issuesOf(answer).join()).toContain(`${subjectsInOneAnswer} at most`);
      expect(issuesOf(answer).join()).toContain('_outputFormat=application/fhir+ndjson');
    }
  });

  it('names every patient in an AuditEvent', async () => {
    await practice.services.audit.flush();
    const { rows } = await practice.database.query<{ n: number }>(
      `SELECT count(*) AS n FROM resource WHERE type = 'AuditEvent' AND content LIKE '%$care-gaps%Patient/open%'`,
    );
    expect(rows[0]?.n).toBeGreaterThan(0);
  });
});

describe('The files of a job', () => {
  const job = '11111111-2222-4333-8444-555555555555';
  it('have a bounded size, one type each, and begin anew with a second attempt', async () => {
    const { database } = practice;
    await database.query(
      `INSERT INTO job (tenant, id, kind, input, status) VALUES ($1, $2, 'operation', '{}', 'active')`,
      [tenant, job],
    );
    for (const attempt of [1, 2]) {
      const files = await JobFiles.begin(database, tenant, job, 100);
      for (let n = 0; n < 5; n += 1)
        await files.write('output', { resourceType: 'Bundle', id: `${attempt}-${n}` } as never);
      await files.write('outcome', { resourceType: 'OperationOutcome' });
      await files.end();
    }
    const files = await listJobFiles(database, tenant, job);
    expect(files.map(({ kind, number, lines }) => [kind, number, lines])).toEqual([
      ['output', 1, 3],
      ['output', 2, 2],
      ['outcome', 1, 1],
    ]);
    expect(await readJobFile(database, tenant, job, { kind: 'output', number: 2 })).toContain('"2-4"');
    expect(await readJobFile(database, tenant, job, { kind: 'output', number: 3 })).toBeNull();
    await database.query('DELETE FROM job WHERE id = $1', [job]);
    expect(await listJobFiles(database, tenant, job)).toEqual([]);
  });
});
