import fc from 'fast-check';
import { queueAllPatients } from '../../../server/gaps/change-feed.ts';
import { eventsAfter } from '../../../server/gaps/gap-events.ts';
import type { Entry } from '../../../server/store/entry.ts';
import {
  type LivePractice,
  livePractice,
  measureOf,
  medication,
  order,
  person,
  put,
  remove,
  result,
  tenant,
  visit,
} from './live-practice.ts';

let practice: LivePractice;
beforeAll(async () => {
  practice = await livePractice(['Any', 'Sugar', 'Dated', 'Drug', 'Person', 'Clock']);
}, 60_000);
afterAll(() => practice.close());

const patients = ['a', 'b', 'c'];
const patient = fc.constantFrom(...patients);
const n = fc.nat(2);
const code = fc.constantFrom('sugar', 'salt');
const date = fc.constantFrom('2025-05-05', '2026-03-01', '2026-12-30', '2027-01-02');
const entry: fc.Arbitrary<Entry> = fc.oneof(
  fc.tuple(n, patient, code, date).map(([id, who, what, when]) => put(result(`o${id}`, who, what, when))),
  fc.tuple(n, patient, fc.constantFrom('visit', 'call')).map(([id, who, what]) => put(visit(`e${id}`, who, what))),
  fc.tuple(n, patient, fc.constantFrom('m', 'n')).map(([id, who, what]) => put(order(`r${id}`, who, what))),
  fc.tuple(fc.constantFrom('m', 'n'), fc.constantFrom('pill', 'salve')).map(([id, what]) => put(medication(id, what))),
  fc.tuple(patient, fc.constantFrom('female', 'male')).map(([id, gender]) => put(person(id, gender))),
  fc.tuple(fc.constantFrom('Observation/o', 'Encounter/e', 'MedicationRequest/r'), n).map(([what, id]) => {
    const [type = '', prefix = ''] = what.split('/');
    return remove(type, `${prefix}${id}`);
  }),
  fc.constantFrom(remove('Medication', 'm'), remove('Patient', 'c')),
);
type Step =
  | { readonly kind: 'write'; readonly entries: readonly Entry[] }
  | { readonly kind: 'work' }
  | { readonly kind: 'day'; readonly days: number }
  | { readonly kind: 'measure'; readonly version: string; readonly numerator: string };
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .uniqueArray(entry, { minLength: 1, maxLength: 4, selector: (one) => `${one.type}/${'id' in one ? one.id : ''}` })
      .map((entries) => ({ kind: 'write' as const, entries })),
  },
  { weight: 5, arbitrary: fc.constant({ kind: 'work' as const }) },
  { weight: 1, arbitrary: fc.constantFrom(1, 45, -3).map((days) => ({ kind: 'day' as const, days })) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('measure' as const),
      version: fc.constantFrom('1.0.0', '2.0.0'),
      numerator: fc.constantFrom('exists [Observation: "Sugars"]', 'not exists [Observation: "Sugars"]'),
    }),
  },
);

async function take(chosen: Step): Promise<void> {
  if (chosen.kind === 'write') return practice.write(...chosen.entries);
  if (chosen.kind === 'work') return practice.settle();
  if (chosen.kind === 'measure') return practice.write(...measureOf('Sugar', chosen.numerator, chosen.version));
  practice.now = new Date(practice.now.getTime() + chosen.days * 86_400_000);
}

/** The gaps that subscribers know of, from all that they were told. */
async function told(): Promise<string[]> {
  const open = new Map<string, string | null>();
  const events = await eventsAfter(practice.database, tenant, 0, 100_000);
  expect(events.map(({ number }) => number)).toEqual(events.map((_, index) => index + 1));
  for (const event of events) {
    const gap = [event.patient, event.measureUrl, event.groupId, event.periodStart].join(' ');
    expect([gap, event.from]).toEqual([gap, open.get(gap) ?? event.from]);
    expect(open.has(gap) || event.kind === 'gap-opened').toBe(true);
    if (event.kind === 'gap-opened') open.set(gap, event.to);
    else open.delete(gap);
  }
  return [...open].map(([gap, status]) => `${gap} ${status}`).sort();
}

describe('Evaluating only what a change can touch', () => {
  it('leaves the state that evaluating everything gives, whatever was written and whenever the worker ran', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 14 }), async (steps) => {
        for (const chosen of steps) await take(chosen);
        await practice.settle();
        const partly = await practice.state();
        const known = await told();
        await queueAllPatients(practice.database, tenant);
        await practice.settle();
        expect(partly).toEqual(await practice.state());
        const open = partly
          .filter(({ status }) => status === 'open-gap' || status === 'prospective-gap')
          .map((row) => `${row.patient} ${row.measure_url} main ${row.period_start} ${row.status}`);
        expect(known).toEqual(open.sort());
        expect(await told()).toEqual(known);
      }),
      { numRuns: Number(process.env['GAPLESS_PROPERTY_RUNS'] ?? 15), endOnFailure: true },
    );
  }, 240_000);
});

describe('A change evaluates', () => {
  beforeAll(async () => {
    practice.now = new Date('2026-11-22T12:00:00Z');
    await practice.write(
      ...measureOf('Sugar', 'exists [Observation: "Sugars"]'),
      ...['d', 'e'].flatMap((id) => [put(person(id)), put(visit(`${id}-visit`, id))]),
    );
    await practice.write(put(order('d-order', 'd', 'x')), put(result('d-salt', 'd', 'salt')));
    await practice.settle();
  }, 60_000);
  const observed = ['Any', 'Clock', 'Dated', 'Sugar'];
  const all = ['Any', 'Clock', 'Dated', 'Drug', 'Person', 'Sugar'];
  it.each<[string, Entry, string[]]>([
    ['the measures of its code', put(result('d-sugar', 'd')), observed],
    ['only those that take any code, for another code', put(result('d-salt2', 'd', 'salt')), ['Any']],
    ['those of the code that it had', put(result('d-sugar', 'd', 'salt')), observed],
    [
      'nothing, for a type that no measure asks for',
      put({
        resourceType: 'Goal',
        id: 'g',
        lifecycleStatus: 'active',
        description: { text: 'x' },
        subject: { reference: 'Patient/d' },
      }),
      [],
    ],
    ['all, for the patient', put(person('d', 'male')), all],
    ['those of a medication that the record refers to', put(medication('x', 'salve')), ['Drug']],
    ['nothing, for a medication that none refers to', put(medication('unused', 'pill')), []],
    ['those of what was deleted', remove('Observation', 'd-salt'), ['Any']],
    ['those of what refers to something that they look at', put(order('d-order', 'd', 'unknown')), ['Drug']],
  ])('%s', async (_, written, expected) => {
    await practice.write(written);
    practice.evaluated.length = 0;
    await practice.settle();
    expect([...new Set(practice.evaluated)].sort()).toEqual(expected);
  });

  it('what several changes concern together, when they wait together', async () => {
    await practice.write(put(result('d-sugar', 'd')));
    await practice.write(put(order('d-order', 'd', 'x')));
    practice.evaluated.length = 0;
    await practice.settle();
    expect(practice.evaluated.sort()).toEqual(['Any', 'Clock', 'Dated', 'Drug', 'Sugar']);
  });

  it('all of a type when more codes changed than are noted', async () => {
    await practice.write(
      ...Array.from({ length: 300 }, (__, index) => put(result(`many-${index}`, 'd', `salt-${index}`))),
    );
    const { rows } = await practice.database.query('SELECT changed FROM change_feed');
    expect(rows).toEqual([{ changed: ['Observation'] }]);
    for (let index = 0; index < 5; index += 1)
      await practice.write(
        ...Array.from({ length: 60 }, (__, m) => put(result(`more-${index}-${m}`, 'e', `salt-${index}-${m}`))),
      );
    const feed = await practice.database.query(`SELECT changed FROM change_feed WHERE patient = 'e'`);
    expect(feed.rows[0]?.['changed'].length).toBeLessThanOrEqual(200);
    practice.evaluated.length = 0;
    await practice.settle();
    expect([...new Set(practice.evaluated)].sort()).toEqual(observed);
  });

  it('the measure that is installed, of all patients, and no other', async () => {
    practice.evaluated.length = 0;
    await practice.write(...measureOf('New', 'exists [Condition]'));
    await practice.settle();
    expect(new Set(practice.evaluated)).toEqual(new Set(['New']));
    expect(await practice.statusOf('d', 'New')).toBe('prospective-gap');
  });

  it('nothing when a measure is withdrawn, whose gaps close because of it', async () => {
    practice.evaluated.length = 0;
    const withdrawn = measureOf('New', 'exists [Condition]').at(-1);
    if (withdrawn?.method !== 'PUT') throw new TypeError('a PUT');
    await practice.write({ ...withdrawn, resource: { ...(withdrawn.resource as object), status: 'retired' } });
    await practice.settle();
    expect(practice.evaluated).toEqual([]);
    expect(await practice.statusOf('d', 'New')).toBeUndefined();
    const { rows } = await practice.database.query(
      `SELECT from_status, to_status, cause ->> 'kind' AS kind FROM gap_history
       WHERE patient = 'd' AND measure_url LIKE '%/New' ORDER BY id`,
    );
    expect(rows).toEqual([
      { from_status: null, to_status: 'prospective-gap', kind: 'measures' },
      { from_status: 'prospective-gap', to_status: null, kind: 'measures' },
    ]);
  });

  it('a new version in place of the old one, and the gap goes on', async () => {
    const before = await practice.database.query(
      `SELECT since FROM gap_state WHERE patient = 'e' AND measure_url LIKE '%/Drug'`,
    );
    const count = async (): Promise<number> =>
      (await eventsAfter(practice.database, tenant, 0, 100_000)).filter((e) => e.patient === 'e').length;
    const events = await count();
    practice.now = new Date(practice.now.getTime() + 1000);
    await practice.write(...measureOf('Drug', 'exists [MedicationRequest]', '2.0.0'));
    await practice.settle();
    const after = await practice.database.query(
      `SELECT measure_version, since FROM gap_state WHERE patient = 'e' AND measure_url LIKE '%/Drug'`,
    );
    expect(after.rows).toEqual([{ measure_version: '2.0.0', since: before.rows[0]?.['since'] }]);
    expect(await count()).toBe(events);
  });
});
