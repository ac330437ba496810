import { setTimeout as sleep } from 'node:timers/promises';
import { type Answer, baseUrl, breast, issuesOf, openPractice, type Practice, year } from './practice.ts';

let practice: Practice;
beforeAll(async () => {
  practice = await openPractice();
}, 60_000);
afterAll(() => practice.close());

const query = { measureUrl: breast, subject: 'Group/roster', reportType: 'individual', ...year };
const later = { prefer: 'respond-async' };
const start = (more: Record<string, string> = {}): Promise<Answer> =>
  practice.get('Measure/$evaluate', { ...query, ...more }, later);
const pathOf = ({ headers }: Answer): string => (headers['Content-Location'] ?? '').slice(baseUrl.length + 1);

async function finished(path: string): Promise<Answer> {
  for (let i = 0; i < 200; i += 1) {
    const answer = await practice.send('GET', path);
    if (answer.status !== 202) return answer;
    expect(answer.headers['X-Progress']).toMatch(/^\d+ %/);
    expect(Number(answer.headers['Retry-After'])).toBeGreaterThan(0);
    await sleep(100);
  }
  throw new Error('the job does not end');
}

describe('Prefer: respond-async', () => {
  it('gives the same answer later, at the URL that it tells', async () => {
    const accepted = await start();
    expect(accepted).toMatchObject({ status: 202, body: null });
    expect(accepted.headers['Content-Location']).toMatch(/^http:\/\/localhost:8080\/fhir\/_job\/[0-9a-f-]{36}$/);
    const answer = await finished(pathOf(accepted));
    const direct = await practice.get('Measure/$evaluate', query);
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual(JSON.parse(JSON.stringify(direct.body)));
  });

  it('refuses wrong arguments at once', async () => {
    const answer = await start({ periodStart: 'soon' });
    expect(answer.status).toBe(400);
  });

  it('tells the error of an operation that fails later', async () => {
    const answer = await finished(pathOf(await start({ measureUrl: 'http://example.org/none' })));
    expect(answer.status).toBe(404);
    expect(issuesOf(answer)[0]).toContain('is not installed');
  });

  it('gives NDJSON when it is asked for: a manifest, and a file with a Bundle in each line', async () => {
    const path = pathOf(await start({ _outputFormat: 'application/fhir+ndjson' }));
    const { body } = await finished(path);
    expect(body).toMatchObject({
      output: [{ type: 'Bundle', url: `${baseUrl}/${path}/output/1`, count: 3 }],
      error: [],
    });
    const file = await practice.send('GET', `${path}/output/1`);
    expect(file.headers['Content-Type']).toBe('application/fhir+ndjson');
    const lines = String(file.body).trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line).resourceType)).toEqual(['Bundle', 'Bundle', 'Bundle']);
  });

  it('refuses other formats', async () => {
    expect((await start({ _outputFormat: 'csv' })).status).toBe(400);
  });

  it('can be cancelled, and is gone then', async () => {
    const path = pathOf(await start());
    expect((await practice.send('DELETE', path)).status).toBe(202);
    expect((await practice.send('GET', path)).status).toBe(404);
  });

  it('survives a restart of the server', async () => {
    const path = pathOf(await start());
    await practice.restartJobs();
    expect((await finished(path)).status).toBe(200);
  }, 60_000);

  it('belongs to the actor who asked', async () => {
    const path = pathOf(await start());
    await finished(path);
    expect((await practice.send('GET', path, { actor: { reference: 'Device/other', display: '' } })).status).toBe(404);
  });

  it('knows no jobs but its own', async () => {
    expect((await practice.send('GET', '_job/00000000-0000-4000-8000-000000000000')).status).toBe(404);
    expect((await practice.send('GET', '_job/nonsense')).status).toBe(404);
  });
});

describe('Prefer: timezone', () => {
  it('sets the time zone of the period', async () => {
    const answer = await practice.get('Measure/$evaluate', query, { prefer: 'timezone="America/New_York"' });
    expect(answer.status).toBe(200);
  });

  it('must be one', async () => {
    const answer = await practice.get('Measure/$evaluate', query, { prefer: 'timezone=Atlantis' });
    expect(answer.status).toBe(400);
    expect(issuesOf(answer)[0]).toContain('Atlantis');
  });
});
