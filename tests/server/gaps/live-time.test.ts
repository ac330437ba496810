import { addLivePeriod, type LivePeriod, livePeriods, removeLivePeriod } from '../../../server/gaps/live-period.ts';
import { livePlan, ownPeriodsAt } from '../../../server/gaps/live-plan.ts';
import { dayAfter, dayIn } from '../../../server/gaps/practice-day.ts';
import { silent } from '../../support/database.ts';
import { type LivePractice, livePractice, person, put, result, tenant, visit } from './live-practice.ts';

let practice: LivePractice;
beforeAll(async () => {
  practice = await livePractice(['Dated', 'Clock']);
  await practice.write(
    ...['open', 'met', 'future'].flatMap((id) => [put(person(id)), put(visit(`${id}-v`, id))]),
    put(result('met-r', 'met')),
    put(result('future-r', 'future', 'sugar', '2026-11-24')),
  );
  await practice.settle();
}, 60_000);
afterAll(() => practice?.close());

async function at(instant: string): Promise<void> {
  practice.now = new Date(instant);
  practice.evaluated.length = 0;
  await practice.settle();
}
const lastCause = async (patient: string, measure: string): Promise<unknown> => {
  const { rows } = await practice.database.query<{ told: string }>(
    `SELECT concat_ws(' ', from_status, to_status, cause ->> 'kind') AS told FROM gap_history
     WHERE patient = $1 AND measure_url LIKE '%/' || $2 ORDER BY id DESC LIMIT 1`,
    [patient, measure],
  );
  return rows[0]?.told;
};

describe('Time alone', () => {
  it('evaluates what reads the clock each day, and nothing else', async () => {
    expect(await practice.statusOf('future', 'Clock')).toBe('prospective-gap');
    await at('2026-11-23T00:00:01Z');
    expect(practice.evaluated).toEqual(['Clock', 'Clock', 'Clock']);
    await at('2026-11-24T23:59:00Z');
    expect(await practice.statusOf('future', 'Clock')).toBe('closed-gap');
    expect(await lastCause('future', 'Clock')).toBe('prospective-gap closed-gap time');
    await at('2026-11-24T23:59:59Z');
    expect(practice.evaluated).toEqual([]);
  });

  it('does so once, however many workers notice', async () => {
    practice.now = new Date('2026-11-25T12:00:00Z');
    practice.evaluated.length = 0;
    await Promise.all([practice.settle(), practice.settle(), practice.settle()]);
    expect(practice.evaluated).toEqual(['Clock', 'Clock', 'Clock']);
  });

  it('ends a year by the days of the practice, not by those of Greenwich', async () => {
    practice.timezone = 'America/New_York';
    await at('2027-01-01T04:59:00Z');
    expect(await practice.statusOf('open', 'Dated')).toBe('prospective-gap');
    expect(await practice.statusOf('open', 'Dated', '2027-01-01')).toBeUndefined();
    await at('2027-01-01T05:00:00Z');
    expect(await practice.statusOf('open', 'Dated')).toBe('open-gap');
    expect(await lastCause('open', 'Dated')).toMatch(/^(prospective-gap open-gap time|prospective-gap measures)$/);
    expect(await practice.statusOf('open', 'Dated', '2027-01-01')).toBe('prospective-gap');
    expect(await practice.statusOf('met', 'Dated')).toBe('closed-gap');
  });

  it('keeps the year that ended for its run-out, then leaves it as it was', async () => {
    expect(
      (await livePeriods(practice.database, tenant)).map(({ start, source, until }) => [start, source, until]),
    ).toEqual([
      ['2026-01-01', 'run-out', '2027-03-31'],
      ['2026-01-01', 'run-out', '2027-03-31'],
    ]);
    await practice.write(put(result('late', 'open', 'sugar', '2026-12-31')));
    await at('2027-02-10T12:00:00Z');
    expect(await practice.statusOf('open', 'Dated')).toBe('closed-gap');
    await practice.write(put(result('late', 'open', 'salt', '2026-12-31')));
    await at('2027-02-11T12:00:00Z');
    expect(await practice.statusOf('open', 'Dated')).toBe('open-gap');
    await at('2027-04-01T12:00:00Z');
    await practice.write(put(result('late', 'open', 'sugar', '2026-12-31')));
    await at('2027-04-02T12:00:00Z');
    expect(await practice.statusOf('open', 'Dated')).toBe('open-gap');
    const { rows } = await practice.database.query(
      `SELECT (SELECT count(*) FROM gap_state WHERE period_start = '2026-01-01' AND live) AS live,
              (SELECT count(*) FROM gap_result WHERE period_start = '2026-01-01') AS results`,
    );
    expect(rows).toEqual([{ live: 0, results: 0 }]);
  });

  it('evaluates again when summer time changes what a day is', async () => {
    practice.evaluated.length = 0;
    await at('2027-11-08T12:00:00Z');
    expect(new Set(practice.evaluated)).toEqual(new Set(['Clock', 'Dated']));
  });
});

describe('A clock that is set', () => {
  beforeAll(() => {
    practice.timezone = 'UTC';
  });
  it('far forward has the state of that day, and back again that of this one', async () => {
    await at('2031-06-01T12:00:00Z');
    expect(await practice.statusOf('met', 'Dated', '2031-01-01')).toBe('closed-gap');
    expect(await practice.statusOf('open', 'Dated', '2031-01-01')).toBe('closed-gap');
    await at('2026-12-01T12:00:00Z');
    expect(await practice.statusOf('met', 'Dated', '2026-01-01')).toBe('closed-gap');
    expect(await practice.statusOf('future', 'Clock', '2026-01-01')).toBe('closed-gap');
    expect(await practice.statusOf('met', 'Dated', '2031-01-01')).toBeUndefined();
    await practice.write(put(result('late', 'open', 'salt', '2026-12-31')));
    await practice.settle();
    expect(await practice.statusOf('open', 'Dated', '2026-01-01')).toBe('prospective-gap');
    await at('2026-11-20T12:00:00Z');
    expect(await practice.statusOf('future', 'Clock', '2026-01-01')).toBe('prospective-gap');
  });
});

function keep(period: Pick<LivePeriod, 'start' | 'end'> & Partial<LivePeriod>): Promise<LivePeriod> {
  const { database, catalogue } = practice;
  const kept = { measureUrl: '', source: 'operator', until: null, ...period };
  return addLivePeriod(database, tenant, kept, (day) => ownPeriodsAt(catalogue, tenant, day));
}

describe('A period that is asked for', () => {
  it.each([
    ['1950-01-01', '1950-12-31', 'open-gap'],
    ['2091-01-01', '2091-12-31', 'prospective-gap'],
  ])('is kept live: %s', async (start, end, status) => {
    await keep({ start, end });
    await practice.write(put(person('new')), put(visit('new-v', 'new')), put(result('new-r', 'new', 'salt')));
    await practice.settle();
    expect(await practice.statusOf('new', 'Dated', start)).toBe(status);
    expect(await removeLivePeriod(practice.database, tenant, { measureUrl: '', start, source: 'operator' })).toBe(true);
    expect(await removeLivePeriod(practice.database, tenant, { measureUrl: '', start, source: 'operator' })).toBe(
      false,
    );
    await practice.settle();
    const gone = start > '2026' ? undefined : status;
    expect(await practice.statusOf('new', 'Dated', start)).toBe(gone);
  });

  it('cannot start on the day of another that is kept', async () => {
    const add = (end: string, source: string) => keep({ start: '2024-02', end, source });
    expect(await add('2024', 'Contract')).toMatchObject({ start: '2024-02-01', end: '2024-12-31' });
    await expect(add('2024-06', 'operator')).rejects.toThrow(
      /^Contract keeps the period from 2024-02-01 to 2024-12-31/,
    );
    await expect(add('2023', 'operator')).rejects.toThrow('ends');
  });

  it.each([
    ['the current one', '2026-01-01', '2026-06-30'],
    ['the one of a year that has passed', '2025-01-01', '2025-06-30'],
    ['the one of a year that comes', '2027-01-01', '2027-06-30'],
  ])('cannot start with %s, which the measure has by itself, and end on another day', async (_, start, end) => {
    const refused = keep({ measureUrl: 'http://example.org/Measure/Dated', start, end });
    await expect(refused).rejects.toThrow(
      `http://example.org/Measure/Dated has a period of its own from ${start} to ${start.slice(0, 4)}-12-31`,
    );
    expect((await livePeriods(practice.database, tenant)).filter((period) => period.end === end)).toEqual([]);
    expect(await keep({ start, end: `${start.slice(0, 4)}-12-31`, until: '2026-01-01' })).toMatchObject({ start });
    await removeLivePeriod(practice.database, tenant, { measureUrl: '', start, source: 'operator' });
  });

  it('is not kept, and the plan says so, when a measure came to have another that starts with it', async () => {
    const { catalogue } = practice;
    const kept = { measureUrl: '', start: '2026-01-01', end: '2026-03-31', source: 'before', until: null };
    const { all, measures, displaced } = await livePlan(catalogue, tenant, '2026-11-22', silent, [kept]);
    expect(all).toHaveLength(measures.length);
    expect(displaced.map(({ start, end }) => [start, end])).toEqual(measures.map(() => ['2026-01-01', '2026-03-31']));
  });
});

describe('The day of a practice', () => {
  it.each([
    ['2026-03-08T04:59:59Z', 'America/New_York', '2026-03-07'],
    ['2026-03-08T05:00:00Z', 'America/New_York', '2026-03-08'],
    ['2026-12-31T23:30:00Z', 'Pacific/Kiritimati', '2027-01-01'],
    ['2026-12-31T23:30:00Z', '+00:30', '2027-01-01'],
  ])('%s in %s', (instant, zone, day) => {
    expect(dayIn(new Date(instant), zone)).toBe(day);
  });
  it('follows on another across years', () => {
    expect(dayAfter('2026-12-31', 1)).toBe('2027-01-01');
    expect(dayAfter('2028-03-01', -1)).toBe('2028-02-29');
  });
});
