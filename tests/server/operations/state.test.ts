import fc from 'fast-check';
import type { FhirResource } from '../../../cql/index.ts';
import { ownMeasures } from '../../../measures/content/own-measures.ts';
import { AuditTrail } from '../../../server/auth/audit.ts';
import { type Catalogue, createCatalogue } from '../../../server/content/catalogue.ts';
import { installCheck } from '../../../server/content/install-check.ts';
import type { Database } from '../../../server/db/database.ts';
import { startGapWorker } from '../../../server/gaps/gap-worker.ts';
import { createEvaluationPool, type EvaluationPool } from '../../../server/jobs/evaluation-pool.ts';
import { careGaps } from '../../../server/operations/care-gaps.ts';
import { evaluate } from '../../../server/operations/evaluate.ts';
import type { Operation } from '../../../server/operations/operation.ts';
import { poolEvaluation } from '../../../server/operations/pool-evaluation.ts';
import type { OperationServices } from '../../../server/operations/services.ts';
import { applyEntries } from '../../../server/store/apply-entries.ts';
import type { Entry } from '../../../server/store/entry.ts';
import { findIds } from '../../../server/store/find-ids.ts';
import { freshDatabase, silent } from '../../support/database.ts';
import { definitions, smallMeasure } from '../content/small-measure.ts';
import { breast, context, pressure, tenant } from './practice.ts';

const small = 'http://example.org/Measure/Small';
const drug = 'http://example.org/Measure/Drug';
const aging = 'http://example.org/Measure/Aging';
const allMeasures = [breast, pressure, small, drug, aging];
const patients = ['a', 'b', 'c'] as const;

let database: Database;
let catalogue: Catalogue;
let pool: EvaluationPool;
let audit: AuditTrail;
let now = new Date('2026-11-22T10:00:00Z');
/** Patients that were evaluated for an answer. */
let evaluated = 0;

const subject = (patient: string): object => ({ reference: `Patient/${patient}` });
const cpt = (code: string): object => ({ coding: [{ system: 'http://www.ama-assn.org/go/cpt', code }] });
const resources: Readonly<Record<string, (id: string, patient: string, date: string) => FhirResource>> = {
  Encounter: (id, patient, date) => ({
    resourceType: 'Encounter',
    id,
    status: 'finished',
    class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'AMB' },
    type: [{ coding: [...(cpt('99213') as { coding: object[] }).coding, { system: 'http://codes', code: 'visit' }] }],
    subject: subject(patient),
    period: { start: `${date}T09:00:00Z`, end: `${date}T09:30:00Z` },
  }),
  Procedure: (id, patient, date) => ({
    resourceType: 'Procedure',
    id,
    status: 'completed',
    code: cpt('77067'),
    subject: subject(patient),
    performedDateTime: date,
  }),
  Condition: (id, patient, date) => ({
    resourceType: 'Condition',
    id,
    clinicalStatus: {
      coding: [{ system: 'http://terminology.hl7.org/CodeSystem/condition-clinical', code: 'active' }],
    },
    code: { coding: [{ system: 'http://snomed.info/sct', code: '59621000' }] },
    subject: subject(patient),
    onsetDateTime: date,
  }),
  Observation: (id, patient, date) => ({
    resourceType: 'Observation',
    id,
    status: 'final',
    code: { coding: [{ system: 'http://loinc.org', code: '85354-9' }] },
    subject: subject(patient),
    effectiveDateTime: `${date}T09:10:00Z`,
    component: [
      ['8480-6', 128],
      ['8462-4', 76],
    ].map(([code, value]) => ({
      code: { coding: [{ system: 'http://loinc.org', code }] },
      valueQuantity: { value, unit: 'mm[Hg]', system: 'http://unitsofmeasure.org', code: 'mm[Hg]' },
    })),
  }),
  MedicationRequest: (id, patient, date) => ({
    resourceType: 'MedicationRequest',
    id,
    status: 'active',
    intent: 'order',
    medicationReference: { reference: 'Medication/pill' },
    subject: subject(patient),
    authoredOn: date,
  }),
};
const types = Object.keys(resources);

const put = (resource: FhirResource): Entry => ({
  method: 'PUT',
  type: resource.resourceType,
  id: resource.id ?? null,
  criteria: null,
  ifMatch: null,
  ifNoneMatch: null,
  fullUrl: null,
  resource,
});
const remove = (type: string, id: string): Entry => ({ method: 'DELETE', type, id, criteria: null, ifMatch: null });

async function store(...entries: readonly Entry[]): Promise<void> {
  await applyEntries(database, tenant, entries, {
    dangling: 'keep',
    beforeCommit: async (sql, applied) => {
      const written = applied.flatMap(({ stored }) => stored ?? []);
      await installCheck(sql, tenant, written);
    },
  });
}

const birth = (patient: string): string => `${1960 + patients.indexOf(patient as 'a') * 8}-12-15`;
const person = (id: string, changes: object = {}): FhirResource => ({
  resourceType: 'Patient',
  id,
  gender: 'female',
  birthDate: birth(id),
  name: [{ family: 'Test', given: [id] }],
  ...changes,
});
const pill = (code: string): FhirResource => ({
  resourceType: 'Medication',
  id: 'pill',
  code: { coding: [{ system: 'http://pills', code }] },
});
const contentOf = (numerator: string): Entry[] => {
  const cql = definitions.replace('"Numerator": exists', `"Numerator": ${numerator}`);
  const { measure, library, valueSet } = smallMeasure({ cql });
  return [put(valueSet), put(library), put(measure)];
};
const otherMeasure = (name: string, numerator: string): Entry[] => {
  const cql = definitions.replace(/define "Numerator":.*/s, `define "Numerator": ${numerator}`);
  const { measure, library, valueSet } = smallMeasure({ name, cql });
  return [put(valueSet), put(library), put(measure)];
};

type Step =
  | {
      readonly kind: 'write';
      readonly type: string;
      readonly n: number;
      readonly patient: string;
      readonly date: string;
    }
  | { readonly kind: 'delete'; readonly type: string; readonly n: number }
  | { readonly kind: 'merge'; readonly from: string; readonly to: string }
  | { readonly kind: 'person'; readonly patient: string; readonly change: 'delete' | 'name' | 'birth' | 'restore' }
  | { readonly kind: 'pill'; readonly code: string }
  | { readonly kind: 'measure'; readonly numerator: string }
  | { readonly kind: 'time'; readonly days: number };

const patient = fc.constantFrom(...patients);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('write' as const),
      type: fc.constantFrom(...types),
      n: fc.nat(2),
      patient,
      date: fc.constantFrom('2024-12-20', '2026-03-10', '2026-10-31', '2026-12-24'),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('delete' as const), type: fc.constantFrom(...types), n: fc.nat(2) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('merge' as const), from: patient, to: patient }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('person' as const),
      patient,
      change: fc.constantFrom('delete' as const, 'name' as const, 'birth' as const, 'restore' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('pill' as const), code: fc.constantFrom('x', 'y') }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('measure' as const), numerator: fc.constantFrom('exists', 'not exists') }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('time' as const), days: fc.constantFrom(1, 9, 30) }) },
);
/** What the worker does after a step: nothing, dies on the way, or all of it. */
const worker = fc.constantFrom('paused' as const, 'stopped midway' as const, 'idle' as const);

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

const idOf = (type: string, n: number): string => `${type.toLowerCase()}-${n}`;
const resourceOf = (type: string, n: number, patient: string, date: string): FhirResource => {
  const make = resources[type];
  if (make === undefined) throw new TypeError(type);
  return make(idOf(type, n), patient, date);
};

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

async function ask(operation: Operation, query: Readonly<Record<string, string | readonly string[]>>, state: boolean) {
  const given = Object.entries(query).flatMap(([name, values]) =>
    [values].flat().map((valueString) => ({ name, valueString })),
  );
  const called = { ...context(), now, resourceType: 'Measure', resourceId: null, progress: async () => {} };
  const answer = await operation.invoke(given, called, services(state)).catch((error: Error) => error.message);
  return JSON.stringify(answer);
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

async function compare(): Promise<void> {
  for (const [operation, query] of questions)
    expect(await ask(operation, query, true)).toBe(await ask(operation, query, false));
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
    expect(evaluated).toBe(questions.length);
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
