import type { Resource } from '@medplum/fhirtypes';
import fc from 'fast-check';
import type { FhirResource } from '../../../cql/index.ts';
import { ownMeasures } from '../../../measures/content/own-measures.ts';
import { openHccTables } from '../../../measures/index.ts';
import { AuditTrail } from '../../../server/auth/audit.ts';
import { type Catalogue, createCatalogue } from '../../../server/content/catalogue.ts';
import { installCheck } from '../../../server/content/install-check.ts';
import type { Database } from '../../../server/db/database.ts';
import { startGapWorker } from '../../../server/gaps/gap-worker.ts';
import { createEvaluationPool, type EvaluationPool } from '../../../server/jobs/evaluation-pool.ts';
import { careGaps } from '../../../server/operations/care-gaps.ts';
import { evaluate } from '../../../server/operations/evaluate.ts';
import { type Operation, type OperationContext, ResourceText } from '../../../server/operations/operation.ts';
import { poolEvaluation } from '../../../server/operations/pool-evaluation.ts';
import type { OperationServices } from '../../../server/operations/services.ts';
import { applyEntries } from '../../../server/store/apply-entries.ts';
import type { Entry } from '../../../server/store/entry.ts';
import { findIds } from '../../../server/store/find-ids.ts';
import { freshDatabase, silent } from '../../support/database.ts';
import {
  allMeasures,
  contentOf,
  idOf,
  otherMeasure,
  patients,
  person,
  pill,
  put,
  remove,
  resourceOf,
  type Step,
  step,
  subject,
  types,
  worker,
} from './changes.ts';
import { context, tenant } from './practice.ts';

let database: Database;
let catalogue: Catalogue;
let pool: EvaluationPool;
let audit: AuditTrail;
let now = new Date('2026-11-22T10:00:00Z');
/** Patients that were evaluated for an answer. */
let evaluated = 0;

async function store(...entries: readonly Entry[]): Promise<void> {
  await applyEntries(database, tenant, entries, {
    dangling: 'keep',
    beforeCommit: async (sql, applied) => {
      const written = applied.flatMap(({ stored }) => stored ?? []);
      await installCheck(sql, tenant, written);
    },
  });
}

async function take(chosen: Step): Promise<void> {
  switch (chosen.kind) {
    case 'write':
      return store(put(resourceOf(chosen.type, chosen.n, chosen.patient, chosen.date)));
    case 'delete':
      return store(remove(chosen.type, idOf(chosen.type, chosen.n)));
    case 'merge':
      return merge(chosen.from, chosen.to);
    case 'person': {
      if (chosen.change === 'delete') return store(remove('Patient', chosen.patient));
      const changes = { name: { name: [{ family: 'Changed' }] }, birth: { birthDate: '1980-01-01' }, restore: {} };
      return store(put(person(chosen.patient, changes[chosen.change])));
    }
    case 'pill':
      return store(put(pill(chosen.code)));
    case 'measure':
      return store(...contentOf(chosen.numerator));
    case 'time':
      now = new Date(now.getTime() + chosen.days * 86_400_000);
  }
}

/** As an EHR merges: the one is linked to the other, and what it had is the other's. */
async function merge(from: string, to: string): Promise<void> {
  if (from === to) return;
  const { rows } = await database.query<{ content: string }>(
    `SELECT content FROM resource WHERE patient = $1 AND NOT deleted AND type = ANY ($2)`,
    [from, types],
  );
  const link = [{ type: 'replaced-by', other: subject(to) }];
  const moved = rows.map(({ content }) => put({ ...JSON.parse(content), subject: subject(to) }));
  await store(put(person(from, { active: false, link })), ...moved);
}

async function work(how: 'paused' | 'stopped midway' | 'idle'): Promise<void> {
  if (how === 'paused') return;
  const running = startGapWorker({ database, catalogue, pool, log: silent, now: () => now, pollMs: 5, batchSize: 1 });
  if (how === 'idle') await running.idle();
  await running.stop();
}

const nobody = async (): Promise<never> => {
  throw new Error('nobody asks this');
};
const services = (state: boolean): OperationServices => ({
  hcc: openHccTables(),
  ...(state && { keepDocuments: 'this one' }),
  libraries: { translate: nobody, evaluate: nobody, close: nobody },
  database,
  audit,
  catalogue,
  submit: nobody,
  findIds: (of, type, query) => findIds(database, of, type, query),
  evaluate: poolEvaluation(
    database,
    catalogue,
    {
      ...pool,
      evaluate: (given) => {
        if (state) evaluated += 1;
        return pool.evaluate(given);
      },
    },
    { state },
  ),
});

async function ask(
  operation: Operation,
  query: Readonly<Record<string, string | readonly string[]>>,
  state: boolean,
  taken?: OperationContext['deliver'],
  onEvaluate: (patients: readonly string[]) => void = () => {},
): Promise<string> {
  const given = Object.entries(query).flatMap(([name, values]) =>
    [values].flat().map((valueString) => ({ name, valueString })),
  );
  const called = { ...context(), now, resourceType: 'Measure', resourceId: null, progress: async () => {} };
  const offered = services(state);
  const watched: typeof offered.evaluate = (of, measures, ids, options) => {
    onEvaluate(ids);
    return offered.evaluate(of, measures, ids, options);
  };
  const how = taken === undefined ? called : { ...called, deliver: taken };
  const answer = await operation
    .invoke(given, how, { ...offered, evaluate: watched })
    .catch((error: Error) => error.message);
  return JSON.stringify(answer);
}

/** As a roster's NDJSON has it: its lines, whatever their order. */
async function deliver(
  operation: Operation,
  query: Readonly<Record<string, string | readonly string[]>>,
  state: boolean,
  onEvaluate: (patients: readonly string[]) => void = () => {},
): Promise<string[]> {
  const lines: string[] = [];
  const take = async (resource: Resource | ResourceText): Promise<void> => {
    lines.push(resource instanceof ResourceText ? resource.text : JSON.stringify(resource));
  };
  await ask(operation, query, state, take, onEvaluate);
  return lines.sort();
}

const period = { periodStart: '2026-01-01', periodEnd: '2026-12-31' };
const status = ['open-gap', 'closed-gap', 'prospective-gap', 'not-applicable'];
const questions: readonly [Operation, Readonly<Record<string, string | readonly string[]>>][] = [
  [careGaps, { measureUrl: allMeasures, subject: 'Group/all', status, ...period }],
  [careGaps, { measureUrl: allMeasures, subject: 'Group/all', status: ['open-gap', 'prospective-gap'], ...period }],
  [evaluate, { measureUrl: allMeasures, subject: 'Group/all', reportType: 'individual', ...period }],
  [evaluate, { measureUrl: allMeasures, subject: 'Group/all', reportType: 'subject-list', ...period }],
  [evaluate, { measureUrl: allMeasures, subject: 'Group/all', reportType: 'summary', ...period }],
];

/** What is made of the state says when that was calculated, what is evaluated now says now: but for that, all the same. */
function undated(text: string): string {
  return text.replace(
    /"(date|identifiedDateTime|occurrenceDateTime)":"(\d{4}-\d\d-\d\dT[\d:]{8}\.\d{3}Z)"/g,
    (dated, name: string, at: string) => (at <= now.toISOString() ? `"${name}":"(then)"` : dated),
  );
}

async function compare(): Promise<void> {
  for (const [operation, query] of questions)
    expect(undated(await ask(operation, query, true))).toBe(undated(await ask(operation, query, false)));
  for (const [operation, query] of questions.slice(0, 2)) {
    const fresh = await deliver(operation, query, false);
    expect((await deliver(operation, query, true)).map(undated)).toEqual(fresh.map(undated));
  }
}

async function reset(): Promise<void> {
  now = new Date('2026-11-22T10:00:00Z');
  await store(...types.flatMap((type) => [0, 1, 2].map((n) => remove(type, idOf(type, n)))), ...contentOf('exists'));
  await store(
    ...patients.map((id) => put(person(id))),
    put(pill('x')),
    put(resourceOf('Encounter', 0, 'a', '2026-03-10')),
    put(resourceOf('Procedure', 0, 'a', '2026-10-31')),
  );
}

beforeAll(async () => {
  database = await freshDatabase();
  catalogue = createCatalogue(database);
  pool = createEvaluationPool({ log: silent, threads: 1 });
  audit = new AuditTrail(database, silent);
  const own = ownMeasures().flatMap(({ bundle }) => (bundle.entry ?? []).flatMap(({ resource }) => resource ?? []));
  const unique = new Map(own.map((resource) => [`${resource.resourceType}/${resource.id}`, resource]));
  await store(...[...unique.values()].map((resource) => put(resource as unknown as FhirResource)));
  await store(...contentOf('exists'));
  await store(
    ...otherMeasure(
      'Drug',
      `exists ([MedicationRequest] R with [Medication] M
      such that M.code.coding[0].code.value = 'x')`,
    ),
  );
  await store(...otherMeasure('Aging', 'AgeInYears() >= 59'));
  const member = patients.map((id) => ({ entity: subject(id) }));
  await store(put({ resourceType: 'Group', id: 'all', type: 'person', actual: true, member }));
}, 60_000);
afterAll(async () => {
  await pool.close();
  await audit.close();
  await database.close();
});

describe('Answers from the live state', () => {
  it('are made without evaluating anything once the state is up to date', async () => {
    await reset();
    await work('idle');
    evaluated = 0;
    await compare();
    expect(evaluated).toBe(0);
  }, 60_000);

  it('evaluate on the spot whoever waits on the feed, and nobody else', async () => {
    await store(put(resourceOf('Procedure', 1, 'b', '2026-10-31')));
    evaluated = 0;
    await compare();
    expect(evaluated).toBe(questions.length + 2);
  }, 60_000);

  it('are documents made before, with the dates of today, while nothing changed', async () => {
    await reset();
    await work('idle');
    const [operation, query] = questions[0] ?? [];
    if (operation === undefined || query === undefined) throw new TypeError('no question');
    await deliver(operation, query, true);
    now = new Date(now.getTime() + 61_000);
    const asked: string[][] = [];
    const again = await deliver(operation, query, true, (patients) => asked.push([...patients]));
    expect(asked).toEqual([[]]);
    expect(again.map(undated)).toEqual((await deliver(operation, query, false)).map(undated));
    await store(put(person('b', { name: [{ family: 'Renamed' }] })));
    const changed = await deliver(operation, query, true, (patients) => asked.push([...patients]));
    expect(asked).toEqual([[], ['b']]);
    expect(changed.map(undated)).toEqual((await deliver(operation, query, false)).map(undated));
  }, 60_000);

  it('are what a fresh evaluation gives, after any writes, corrections, deletions and merges, however far the worker is', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(step, worker), { minLength: 3, maxLength: 10 }), async (steps) => {
        await reset();
        await work('idle');
        for (const [chosen, how] of steps) {
          await take(chosen);
          await work(how);
          await compare();
        }
      }),
      { numRuns: Number(process.env['GAPLESS_PROPERTY_RUNS'] ?? 4) },
    );
  }, 240_000);
});
