import type { Resource } from '@medplum/fhirtypes';
import { openHccTables, type PatientScore, scorePatient } from '../../../measures/index.ts';
import { claim, condition, encounter, patient, type Told } from './chart.ts';

const tables = openHccTables();

function score(resources: readonly Resource[], paymentYear = 2027): PatientScore {
  const request = { paymentYear, models: [], segment: null, collection: null, asOf: null };
  return scorePatient({ ...request, resources: [patient, ...resources] }, tables);
}

/** The gate that did not open; null when all did. */
function stoppedAt(resources: readonly Resource[], paymentYear = 2027): string | null {
  const { services } = score(resources, paymentYear);
  return services.flatMap(({ gates }) => gates).find(({ passed }) => !passed)?.gate ?? null;
}

describe('The gates', () => {
  it.each<[string, Told, string | null]>([
    ['an office visit', { codes: ['99214'] }, null],
    ['a visit by video', { codes: ['99214'], modifiers: ['95'], place: '10' }, null],
    ['a visit by sound alone', { codes: ['99214'], modifiers: ['93'], place: '10' }, 'face-to-face'],
    ['a visit by sound alone (FQ)', { codes: ['99214'], modifiers: ['FQ'] }, 'face-to-face'],
    [
      'an audio line beside a line face to face',
      {
        lines: [
          ['99214', ['93']],
          ['99213', []],
        ],
      },
      null,
    ],
    ['a laboratory', { codes: ['83036', '80053'] }, 'eligible-code'],
    ['a picture of the chest alone', { codes: ['71046'] }, 'eligible-code'],
    ['a month of care management, which is on the list', { codes: ['99490'] }, 'face-to-face'],
    ['a follow-up without pay, which is on the list', { codes: ['99024'] }, 'face-to-face'],
    ['a reading of a retina, which is on the list', { codes: ['92250'] }, 'face-to-face'],
    ['transitional care, which includes its visit', { codes: ['99495'] }, null],
    ['an annual wellness visit', { codes: ['G0439'] }, null],
    ['advanced primary care, which is not on the list', { codes: ['G0556'] }, 'eligible-code'],
    ['a hospital stay', { type: 'institutional', bill: '0111', codes: [] }, null],
    ['a stay in a religious institution', { type: 'institutional', bill: '411', codes: [] }, null],
    ['hospital outpatient with an eligible code', { type: 'institutional', bill: '131', codes: ['99284'] }, null],
    [
      'hospital outpatient with a laboratory',
      { type: 'institutional', bill: '0131', codes: ['80053'] },
      'eligible-code',
    ],
    ['a community mental health centre', { type: 'institutional', bill: '761', codes: ['90834'] }, null],
    ['a rural clinic beyond 2022', { type: 'institutional', bill: '871', codes: ['99213'] }, null],
    ['a nursing facility', { type: 'institutional', bill: '211', codes: ['99308'] }, 'source'],
    ['home health', { type: 'institutional', bill: '329', codes: ['99348'] }, 'source'],
    ['hospice', { type: 'institutional', bill: '813', codes: ['99348'] }, 'source'],
    ['a pharmacy', { type: 'pharmacy', codes: [] }, 'source'],
    ['a void', { type: 'institutional', bill: '118', codes: [] }, 'stands'],
    ['a cancelled claim', { status: 'cancelled', codes: ['99214'] }, 'stands'],
  ])('says of %s', (_, told, gate) => {
    expect(stoppedAt([claim({ id: 'one', icd: ['E11.9'], ...told })])).toBe(gate);
  });

  it.each<[string, Told, number, string | null]>([
    ['without an encounter, for 2026', { chartReview: 'unlinked' }, 2026, null],
    ['without an encounter, for 2027', { chartReview: 'unlinked' }, 2027, 'chart-review'],
    ['linked to a claim, for 2027', { chartReview: 'linked' }, 2027, null],
  ])('takes a chart review %s', (_, told, year, gate) => {
    const review = claim({ id: 'one', icd: ['E11.9'], codes: ['99214'], day: `${year - 1}-05-05`, ...told });
    expect(stoppedAt([review], year)).toBe(gate);
  });

  it.each([
    ['2025-12-31', 2026, ['38']],
    ['2026-01-01', 2026, []],
    ['2026-01-01', 2027, ['38']],
    ['2024-02-29', 2025, ['38']],
  ])('counts a visit of %s for %i as %j', (day, year, hccs) => {
    const { models } = score([claim({ id: 'one', icd: ['E11.9'], codes: ['99214'], day })], year);
    const v28 = models.find(({ model }) => model === 'V28');
    expect(v28?.categories.map(({ category }) => String(category))).toEqual(hccs);
  });

  it('counts a stay over New Year in the year of its discharge', () => {
    const stay = claim({
      id: 'one',
      icd: ['E11.9'],
      type: 'institutional',
      bill: '111',
      codes: [],
      day: '2025-12-28',
      end: '2026-01-03',
    });
    expect(score([stay], 2026).models[0]?.categories).toEqual([]);
    expect(score([stay], 2027).models[0]?.categories).toHaveLength(1);
  });

  it.each(['Z', '+14:00', '-11:00'])('takes the day of a visit as it was written, with %s', (offset) => {
    const visit = claim({ id: 'one', icd: ['E11.9'], codes: ['99214'], day: `2026-12-31T23:30:00${offset}` });
    expect(score([visit]).services[0]).toMatchObject({ date: '2026-12-31', counts: true });
  });

  it('takes the latest version of a claim that was replaced', () => {
    const first = claim({ id: 'first', icd: ['C34.90'], codes: ['99214'] });
    const second = claim({ id: 'second', icd: ['E11.9'], codes: ['99214'], replaces: 'first' });
    const { models, services } = score([first, second]);
    expect(models[0]?.categories.map(({ category }) => category)).toEqual([38]);
    expect(services.find(({ counts }) => !counts)?.gates.at(-1)?.reason).toBe('Claim/second replaced it');
  });

  it.each<[string, Told, string]>([
    ['was cancelled', { status: 'cancelled' }, 'it answers Claim/own: its status is cancelled'],
    ['was replaced', {}, 'it answers Claim/own: Claim/next replaced it'],
  ])('drops the answer to a claim that %s', (_, told, reason) => {
    const own = claim({ id: 'own', icd: ['C34.90'], codes: ['99214'], ...told });
    const answer = claim({ id: 'answer', icd: ['C34.90'], codes: ['99214'], answers: 'own' });
    const next = claim({
      id: 'next',
      icd: ['E11.9'],
      codes: ['99214'],
      ...(told.status === undefined && { replaces: 'own' }),
    });
    const { models, services } = score([own, answer, next]);
    expect(models[0]?.categories.map(({ category }) => category)).toEqual([38]);
    const gates = services.find(({ reference }) => reference.startsWith('ExplanationOfBenefit'))?.gates;
    expect(gates?.at(-1)).toEqual({ gate: 'stands', passed: false, reason });
  });

  it('takes the day of the lines, where the period of a visit is longer than they are', () => {
    const visit = claim({
      id: 'one',
      icd: ['E11.9'],
      codes: ['99214'],
      day: '2026-05-05',
      end: '2027-05-05',
      lineDay: '2026-05-05',
    });
    expect(score([visit]).services[0]).toMatchObject({ date: '2026-05-05', counts: true });
  });

  it('drops what the payer denied, the claim with its answer, and a denied line alone', () => {
    const own = claim({ id: 'own', icd: ['E11.9'], codes: ['99214'] });
    const denied = claim({ id: 'answer', icd: ['E11.9'], codes: ['99214'], answers: 'own', denied: ['99214'] });
    expect(score([own, denied]).models[0]?.categories).toEqual([]);
    const partly = claim({
      id: 'answer',
      icd: ['E11.9'],
      codes: ['99214', '83036'],
      answers: 'own',
      denied: ['83036'],
    });
    expect(score([own, partly]).models[0]?.categories).toHaveLength(1);
    const visitDenied = claim({
      id: 'answer',
      icd: ['E11.9'],
      codes: ['99214', '83036'],
      answers: 'x',
      denied: ['99214'],
    });
    expect(stoppedAt([visitDenied])).toBe('eligible-code');
  });
});

describe('Diagnoses of the chart', () => {
  const visit = encounter({ id: 'visit', class: 'AMB', codes: ['99214'] });

  it('count when they were made at an eligible encounter', () => {
    const { diagnoses } = score([visit, condition({ id: 'dm', icd: 'E11.9', encounter: 'visit' })]);
    expect(diagnoses).toEqual([
      {
        code: 'E119',
        evidence: [{ reference: 'Condition/dm/_history/3', service: 'Encounter/visit/_history/2', date: '2026-05-05' }],
      },
    ]);
  });

  it.each<[string, Parameters<typeof condition>[0], string]>([
    ['stand on the problem list alone', { category: 'problem-list-item' }, 'problem-list-only'],
    [
      'were entered on the problem list during a visit',
      { category: 'problem-list-item', encounter: 'visit' },
      'problem-list-only',
    ],
    ['are probable only', { encounter: 'visit', verification: 'provisional' }, 'not-confirmed'],
    ['were refuted', { encounter: 'visit', verification: 'refuted' }, 'not-confirmed'],
    ['were entered in error', { encounter: 'visit', verification: 'entered-in-error' }, 'entered-in-error'],
    ['have no ICD-10-CM code', { encounter: 'visit', snomed: '44054006' }, 'not-icd-10-cm'],
    ['belong to no service', { category: 'encounter-diagnosis' }, 'no-service'],
  ])('never count when they %s', (_, told, reason) => {
    const { discarded, diagnoses } = score([
      visit,
      condition({ id: 'dm', ...(told.snomed === undefined && { icd: 'E11.9' }), ...told }),
    ]);
    expect([discarded, diagnoses]).toEqual([[{ reference: 'Condition/dm/_history/3', reason }], []]);
  });

  it('count from the problem list when an encounter names them as its diagnosis', () => {
    const naming = encounter({ id: 'visit', class: 'AMB', codes: ['99214'], diagnoses: ['dm'] });
    const { diagnoses } = score([naming, condition({ id: 'dm', icd: 'E11.9', category: 'problem-list-item' })]);
    expect(diagnoses.map(({ code }) => code)).toEqual(['E119']);
  });

  it.each<[string, Parameters<typeof encounter>[0], string | null]>([
    ['a hospital stay without any code', { id: 'visit', class: 'IMP', codes: [] }, null],
    ['an office visit without any code', { id: 'visit', class: 'AMB', codes: [] }, 'eligible-code'],
    ['a visit by video', { id: 'visit', class: 'VR', codes: ['99214'] }, null],
    ['a visit by telephone', { id: 'visit', class: 'VR', codes: ['99214'], telephone: true }, 'face-to-face'],
    ['a visit that is planned', { id: 'visit', class: 'AMB', codes: ['99214'], status: 'planned' }, 'stands'],
    ['a visit in a nursing facility', { id: 'visit', class: 'NONAC', codes: ['99308'] }, 'source'],
  ])('are judged at %s', (_, told, gate) => {
    expect(stoppedAt([encounter(told), condition({ id: 'dm', icd: 'E11.9', encounter: 'visit' })])).toBe(gate);
  });
});
