import fc from 'fast-check';
import { computeAttribution, type Visit } from '../../../measures/attribution/attribute.ts';
import { compareAttribution } from '../../../measures/attribution/compare.ts';
import { isPrimaryCareService } from '../../../measures/attribution/services.ts';
import { specialtyClass } from '../../../measures/attribution/specialties.ts';

const window = { start: '2026-01-01', end: '2026-12-31' };
let made = 0;
const visit = (organization: string, day: string, more: Partial<Visit> = {}): Visit => {
  made += 1;
  return {
    source: `Encounter/${made}`,
    day,
    codes: ['99213'],
    provider: `Practitioner/of-${organization}`,
    organization,
    specialty: 'primary-care-physician',
    allowed: null,
    ...more,
  };
};
const nurse = { specialty: 'non-physician' } as const;
const cardiologist = { specialty: 'specialist' } as const;
const dermatologist = { specialty: 'other' } as const;

describe('A patient is attributed', () => {
  it.each<[string, Visit[], string | null, string | null]>([
    [
      'to whoever saw her most',
      [visit('a', '2026-01-05'), visit('a', '2026-02-05'), visit('b', '2026-12-05')],
      'a',
      'primary-care',
    ],
    [
      'counting days, not services',
      [
        visit('a', '2026-01-05'),
        visit('a', '2026-01-05'),
        visit('a', '2026-01-05'),
        visit('b', '2026-02-01'),
        visit('b', '2026-02-02'),
      ],
      'b',
      'primary-care',
    ],
    [
      'by allowed amounts where all have them',
      [
        visit('a', '2026-01-05', { allowed: 90_00 }),
        visit('b', '2026-02-01', { allowed: 40_00 }),
        visit('b', '2026-02-02', { allowed: 40_00 }),
      ],
      'a',
      'primary-care',
    ],
    [
      'by days where one has no amount',
      [
        visit('a', '2026-01-05', { allowed: 90_00 }),
        visit('b', '2026-02-01', { allowed: 40_00 }),
        visit('b', '2026-02-02'),
      ],
      'b',
      'primary-care',
    ],
    [
      'by days where amounts are the same',
      [
        visit('a', '2026-01-05', { allowed: 80_00 }),
        visit('b', '2026-02-01', { allowed: 40_00 }),
        visit('b', '2026-02-02', { allowed: 40_00 }),
      ],
      'b',
      'primary-care',
    ],
    [
      'to the later of two that are the same',
      [visit('a', '2026-01-05'), visit('b', '2026-02-01')],
      'b',
      'primary-care',
    ],
    [
      'to the lowest name of two that are the same in all',
      [visit('b', '2026-01-05'), visit('a', '2026-01-05')],
      'a',
      'primary-care',
    ],
    [
      'to a nurse practitioner’s practice with most, when a physician saw her at all',
      [visit('a', '2026-01-05', nurse), visit('a', '2026-02-05', nurse), visit('b', '2026-03-05')],
      'a',
      'primary-care',
    ],
    [
      'in step 1 even when a specialist saw her more',
      [visit('a', '2026-01-05'), visit('b', '2026-02-05', cardiologist), visit('b', '2026-03-05', cardiologist)],
      'a',
      'primary-care',
    ],
    ['in step 2 when only specialists saw her', [visit('b', '2026-02-05', cardiologist)], 'b', 'specialist'],
    [
      'in step 3 when a physician saw her the year before',
      [visit('a', '2026-02-05', nurse), visit('c', '2025-05-05')],
      'a',
      'expanded-window',
    ],
    ['to nobody when only a nurse practitioner saw her', [visit('a', '2026-02-05', nurse)], null, null],
    [
      'to nobody when the physician’s visit is older than 24 months',
      [visit('a', '2026-02-05', nurse), visit('c', '2024-12-31')],
      null,
      null,
    ],
    ['to nobody for other specialties', [visit('a', '2026-02-05', dermatologist)], null, null],
    ['to nobody for other services', [visit('a', '2026-02-05', { codes: ['77067'] })], null, null],
    [
      'to nobody for visits before and after the window',
      [visit('a', '2025-12-31'), visit('a', '2027-01-01')],
      null,
      null,
    ],
    ['to nobody without visits', [], null, null],
  ])('%s', (_, visits, organization, step) => {
    expect(computeAttribution(visits, window)).toMatchObject({ organization, step });
  });

  it('with the visits that counted, and the clinician with most of them', () => {
    const visits = [
      visit('a', '2026-01-05', { source: 'Encounter/x', provider: 'Practitioner/1' }),
      visit('a', '2026-02-05', { source: 'Encounter/y', provider: 'Practitioner/2' }),
      visit('a', '2026-03-05', { source: 'Encounter/z', provider: 'Practitioner/1' }),
      visit('a', '2026-03-09', { source: 'Encounter/not', codes: ['77067'] }),
    ];
    expect(computeAttribution(visits, window)).toEqual({
      organization: 'a',
      provider: 'Practitioner/1',
      step: 'primary-care',
      reason: null,
      basis: 'visits',
      shares: [
        {
          who: 'a',
          allowed: null,
          visits: 3,
          lastDay: '2026-03-05',
          sources: ['Encounter/x', 'Encounter/y', 'Encounter/z'],
        },
      ],
      providers: [
        {
          who: 'Practitioner/1',
          allowed: null,
          visits: 2,
          lastDay: '2026-03-05',
          sources: ['Encounter/x', 'Encounter/z'],
        },
        { who: 'Practitioner/2', allowed: null, visits: 1, lastDay: '2026-02-05', sources: ['Encounter/y'] },
      ],
    });
  });

  const visits = fc.array(
    fc.record({
      source: fc.integer({ min: 1, max: 50 }).map((n) => `Encounter/${n}`),
      day: fc.constantFrom('2025-03-01', '2026-01-05', '2026-02-05', '2026-02-06', '2026-12-31', '2027-01-01'),
      codes: fc.constantFrom(['99213'], ['77067'], ['G0439', '77067']),
      provider: fc.constantFrom('Practitioner/1', 'Practitioner/2', null),
      organization: fc.constantFrom('a', 'b', 'c', null),
      specialty: fc.constantFrom(
        'primary-care-physician' as const,
        'non-physician' as const,
        'specialist' as const,
        'other' as const,
      ),
      allowed: fc.constantFrom(null, 40_00, 80_00),
    }),
    { maxLength: 12 },
  );

  it('the same whatever the order of the visits', () => {
    fc.assert(
      fc.property(
        visits.chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length }))),
        ([all, shuffled]) => {
          expect(computeAttribution(shuffled, window)).toEqual(computeAttribution(all, window));
        },
      ),
    );
  });

  it('to one who gave a service that counts, and never less to whoever gives one more', () => {
    fc.assert(
      fc.property(visits, (all) => {
        const { organization, shares } = computeAttribution(all, window);
        if (organization === null) return expect(shares).toEqual([]);
        for (const share of shares) expect(shares[0]?.allowed ?? 0).toBeGreaterThanOrEqual(share.allowed ?? 0);
        const more = {
          ...visit(organization, '2026-12-30'),
          allowed: 80_00,
          specialty: 'primary-care-physician' as const,
        };
        expect(computeAttribution([...all, more], window).organization).not.toBeNull();
      }),
    );
  });
});

describe('The list and the computation', () => {
  const ours = new Set(['a']);
  const listed = { provider: 'Practitioner/of-a', organization: 'a' };
  const other = { provider: 'Practitioner/else', organization: 'a' };
  const atUs = [visit('a', '2026-01-05')];
  const elsewhere = [visit('b', '2026-01-05'), visit('b', '2026-01-06')];
  it.each<[string, typeof listed | null, Visit[], string, boolean, number]>([
    ['agree', listed, atUs, 'both', false, 0],
    ['name other clinicians', other, atUs, 'other-provider', false, 0],
    ['differ: on the list, seen elsewhere', listed, elsewhere, 'list-only', true, 2],
    ['differ: on the list, seen by nobody', listed, [], 'list-only', true, 0],
    ['differ: seen, not on the list', null, atUs, 'computed-only', false, 0],
    ['agree that she is somebody else’s', null, elsewhere, 'neither', false, 0],
    [
      'agree, with visits elsewhere',
      listed,
      [...atUs, visit('a', '2026-03-01'), visit('b', '2026-04-01')],
      'both',
      false,
      1,
    ],
  ])('%s', (_, list, visits, agreement, withoutVisit, days) => {
    const computed = computeAttribution(visits, window);
    const compared = compareAttribution({ patient: 'p', listed: list, computed, visits }, ours);
    expect(compared).toMatchObject({ agreement, withoutVisit });
    expect(compared.leakage.get('b') ?? 0).toBe(days);
  });
});

describe('The tables', () => {
  it.each([
    ['99213', true],
    ['99201', false],
    ['99202', true],
    ['G0439', true],
    ['99496', true],
    ['77067', false],
    ['9921', false],
  ])('code %s is a primary-care service: %s', (code, is) => {
    expect(isPrimaryCareService(code, '2026-05-05')).toBe(is);
  });

  it.each([
    [['207Q00000X'], 'primary-care-physician'],
    [['207RC0000X'], 'specialist'],
    [['207RC0000X', '207R00000X'], 'primary-care-physician'],
    [['363LF0000X'], 'non-physician'],
    [['207N00000X'], 'other'],
    [[], 'other'],
  ])('taxonomy %s is %s', (codes, is) => {
    expect(specialtyClass(codes)).toBe(is);
  });
});
