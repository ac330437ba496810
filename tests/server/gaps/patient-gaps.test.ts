import { openHccTables } from '../../../measures/index.ts';
import { AuditTrail } from '../../../server/auth/audit.ts';
import { type Catalogue, createCatalogue } from '../../../server/content/catalogue.ts';
import { installCheck } from '../../../server/content/install-check.ts';
import type { RequestContext } from '../../../server/context.ts';
import type { Database } from '../../../server/db/database.ts';
import { type GapWorker, startGapWorker } from '../../../server/gaps/gap-worker.ts';
import { addLivePeriod } from '../../../server/gaps/live-period.ts';
import { ownPeriodsAt } from '../../../server/gaps/live-plan.ts';
import { keepRemarks } from '../../../server/gaps/remarks.ts';
import type { PatientGapsView } from '../../../server/gaps/views/patient-gaps.ts';
import { answerApi } from '../../../server/http/api.ts';
import { createEvaluationPool, type EvaluationPool } from '../../../server/jobs/evaluation-pool.ts';
import { toOutcome } from '../../../server/outcomes.ts';
import { freshDatabase, silent } from '../../support/database.ts';
import { patient, smallMeasure } from '../content/small-measure.ts';
import { insertResources } from '../content/stored.ts';

const tenant = 'practice';
const measureUrl = 'http://example.org/Measure/Small';
const now = (): Date => new Date('2026-11-22T12:00:00Z');
let database: Database;
let catalogue: Catalogue;
let pool: EvaluationPool;
let worker: GapWorker;
let audit: AuditTrail;

beforeAll(async () => {
  database = await freshDatabase();
  catalogue = createCatalogue(database);
  audit = new AuditTrail(database, silent);
  pool = createEvaluationPool({ log: silent, threads: 1 });
  const { measure, library, valueSet } = smallMeasure();
  await database.transaction(async (sql) =>
    installCheck(sql, tenant, await insertResources(sql, tenant, [measure, library, valueSet])),
  );
  const kept = { measureUrl, start: '2024-01-01', end: '2024-12-31', source: 'Contract', until: null };
  await addLivePeriod(database, tenant, kept, (day) => ownPeriodsAt(catalogue, tenant, day));
  await insertResources(database, tenant, patient('one', { visited: true }), 'one');
  worker = startGapWorker({ database, catalogue, pool, log: silent, now, pollMs: 20 });
  await worker.idle();
}, 60_000);
afterAll(async () => {
  await worker.stop();
  await pool.close();
  await audit.close();
  await database.close();
});

async function ask(method: string, path: string, body: object | null = null, scopes = ['system/*.cruds']) {
  const context: RequestContext = {
    tenant,
    actor: { reference: 'Practitioner/ann', display: 'Ann' },
    scopes,
    requestId: 'test',
    now: now(),
    timezone: 'UTC',
    log: silent,
    signal: new AbortController().signal,
    baseUrl: 'http://localhost/fhir',
  };
  const text = body === null ? null : JSON.stringify(body);
  const request = { method, path: path.split('/'), query: new URLSearchParams(), headers: {}, body: text };
  try {
    return await answerApi({ database, catalogue, hcc: openHccTables(), audit, version: '1' }, context, request);
  } catch (error) {
    const { status, outcome } = toOutcome(error);
    return { status, headers: {}, body: outcome };
  }
}
const view = async (): Promise<PatientGapsView> => (await ask('GET', 'patients/one')).body as PatientGapsView;

describe('What the page says of a patient', () => {
  it('holds the gaps of every period that is kept, the current one first', async () => {
    const { gaps, history } = await view();
    expect(gaps.map(({ period, current, status }) => [period.start, current, status])).toEqual([
      ['2026-01-01', true, 'prospective-gap'],
      ['2024-01-01', false, 'open-gap'],
    ]);
    expect(new Set(history.map(({ periodStart }) => periodStart))).toEqual(new Set(['2026-01-01', '2024-01-01']));
    expect(gaps[0]?.reportId).not.toBe(gaps[1]?.reportId);
  });

  it('has the remarks of the period that they were made on, and the gap as it was', async () => {
    const [before] = (await view()).gaps;
    const extension = [
      { url: 'author', valueString: 'Dr. Ferreira' },
      { url: 'text', valueString: 'Booked' },
    ];
    await database.transaction((sql) =>
      keepRemarks(
        sql,
        tenant,
        [
          {
            patient: 'one',
            reportId: before?.reportId ?? '',
            measureUrl,
            groupId: 'main',
            period: { start: '2026-01-01', end: '2026-12-31' },
            extension: { url: 'http://hl7.org/fhir/uv/deqm/StructureDefinition/deqm-careGapRemark', extension },
          },
        ],
        'Practitioner/ferreira',
        now(),
      ),
    );
    const [after, earlier] = (await view()).gaps;
    expect(after).toMatchObject({ status: 'prospective-gap', remarks: [{ author: 'Dr. Ferreira', text: ['Booked'] }] });
    expect({ ...after, remarks: [] }).toEqual({ ...before, remarks: [] });
    expect(earlier?.remarks).toEqual([]);
  });
});

describe('A direction given on the page', () => {
  const put = (body: object, scopes?: string[]) => ask('PUT', 'measures/Small-1-0-0/direction', body, scopes);
  const decrease = { groupId: 'main', improvementNotation: 'decrease', reason: 'It counts harm' };

  it.each([
    ['without a reason', { ...decrease, reason: ' ' }, 400, /reason: say why/],
    ['for a group that is not there', { ...decrease, groupId: 'x' }, 400, /no group x: it has main/],
    ['that is none', { ...decrease, improvementNotation: 'sideways' }, 400, /improvementNotation/],
  ])('is refused %s', async (_, body, status, message) => {
    const answer = await put(body);
    expect(answer.status).toBe(status);
    expect(JSON.stringify(answer.body)).toMatch(message);
  });

  it('needs the scope to update measures', async () => {
    expect((await put(decrease, ['system/*.rs'])).status).toBe(403);
  });

  it('has the gaps told the other way round, says so beside them, names who gave it, and goes again', async () => {
    expect((await put(decrease)).status).toBe(200);
    await worker.idle();
    expect((await view()).gaps).toMatchObject([
      { status: 'closed-gap', directionReason: 'It counts harm' },
      { status: 'closed-gap', directionReason: 'It counts harm' },
    ]);
    expect((await view()).history[0]?.cause.kind).toBe('measures');
    expect((await ask('GET', 'measures')).body).toMatchObject({
      measures: [
        {
          improvementNotation: 'decrease',
          direction: { published: 'increase', reason: 'It counts harm', givenBy: 'Ann' },
        },
      ],
    });
    expect((await put({ groupId: 'main', improvementNotation: null })).status).toBe(200);
    await worker.idle();
    expect((await view()).gaps).toMatchObject([
      { status: 'prospective-gap', directionReason: null },
      { status: 'open-gap', directionReason: null },
    ]);
    await audit.flush();
    const { rows } = await database.query<{ content: string }>(
      `SELECT content FROM resource WHERE tenant = $1 AND type = 'AuditEvent' AND content LIKE '%"action":"U"%'`,
      [tenant],
    );
    expect(rows).toHaveLength(2);
    expect(JSON.parse(rows[0]?.content ?? '{}')).toMatchObject({
      agent: [{ who: { reference: 'Practitioner/ann' } }],
      entity: [{ what: { reference: 'Measure/Small-1-0-0' } }],
    });
  });
});

describe('The page, while no worker runs', () => {
  beforeAll(async () => {
    await worker.idle();
    await worker.stop();
  });
  const pending = async (): Promise<unknown[]> => [
    (await view()).pending,
    (await ask('GET', 'status')).body,
    (await ask('GET', 'measures')).body,
  ];

  it('counts those who wait for a medication that very many have, before they are on the feed', async () => {
    expect(await pending()).toMatchObject([false, { pending: 0 }, { measures: [{ pending: 0 }] }]);
    const medication = [tenant, 'Medication', 'm'];
    await database.query(
      `INSERT INTO record_reference (patient, tenant, type, id) VALUES ('one', $1, $2, $3)`,
      medication,
    );
    await database.query(`INSERT INTO outside_change (tenant, type, id, version) VALUES ($1, $2, $3, 1)`, medication);
    expect(await pending()).toMatchObject([true, { pending: 1 }, { measures: [{ pending: 1 }] }]);
  });

  it('shows nothing of a period that is kept no longer', async () => {
    await database.query('UPDATE gap_state SET live = false WHERE tenant = $1', [tenant]);
    expect((await view()).gaps).toEqual([]);
    expect((await ask('GET', 'measures')).body).toMatchObject({ measures: [{ prospective: 0, denominator: 0 }] });
    expect((await ask('POST', 'measures/Small-1-0-0/patients/_search', {})).body).toEqual({ total: 0, items: [] });
  });
});
