import type { CodeableConcept, Condition, Encounter, Patient, Resource } from '@medplum/fhirtypes';
import { practice } from '../../demo/index.ts';

const asOf = '2026-11-22';
const year = '2026';
const lookBack = '2024-10-01';

interface Facts {
  readonly age: number;
  readonly female: boolean;
  readonly resources: number;
  readonly diagnoses: ReadonlySet<string>;
  readonly seen: boolean;
  readonly hospice: boolean;
  readonly noBreasts: boolean;
  /** Days of mammograms. */
  readonly mammograms: readonly string[];
  /** Last blood pressure of the year outside of hospitals, in the patient's favour if there are more on that day. */
  readonly pressure: readonly [systolic: number, diastolic: number] | undefined;
}

const visits = new Set([
  '99202',
  '99203',
  '99204',
  '99212',
  '99213',
  '99214',
  '99348',
  '99385',
  '99386',
  '99387',
  '99395',
  '99396',
  '99397',
  'G0438',
  'G0439',
  '98013',
]);
const hasCode = (concept: CodeableConcept | undefined, test: (code: string) => boolean): boolean =>
  concept?.coding?.some(({ code }) => code !== undefined && test(code)) === true;
const of = <T extends Resource>(resources: readonly Resource[], type: T['resourceType']): T[] =>
  resources.filter((one): one is T => one.resourceType === type);

function factsOf(resources: readonly Resource[]): Facts {
  const [patient] = of<Patient>(resources, 'Patient');
  const conditions = of<Condition>(resources, 'Condition').filter(
    ({ verificationStatus }) => !hasCode(verificationStatus, (code) => code === 'entered-in-error'),
  );
  const encounters = of<Encounter>(resources, 'Encounter').filter(
    ({ status, period }) => status === 'finished' && period?.start?.startsWith(year),
  );
  const acute = new Set(
    encounters
      .filter((one) => one.class.code === 'EMER' || one.class.code === 'IMP')
      .map(({ id }) => `Encounter/${id}`),
  );
  const readings = resources
    .filter((one) => one.resourceType === 'Observation')
    .filter(
      (one) =>
        hasCode(one.code, (code) => code === '85354-9') &&
        one.status === 'final' &&
        one.effectiveDateTime?.startsWith(year) &&
        !acute.has(one.encounter?.reference ?? ''),
    )
    .filter((one) => one.component?.every(({ valueQuantity }) => valueQuantity !== undefined));
  const last = readings
    .map((one) => one.effectiveDateTime ?? '')
    .sort()
    .at(-1)
    ?.slice(0, 10);
  const ofLastDay = readings.filter((one) => last !== undefined && one.effectiveDateTime?.startsWith(last));
  const lowest = (index: number): number =>
    Math.min(...ofLastDay.map((one) => one.component?.[index]?.valueQuantity?.value ?? 999));
  return {
    age: Number(year) - Number(patient?.birthDate?.slice(0, 4)),
    female: patient?.gender === 'female',
    resources: resources.length,
    diagnoses: new Set(conditions.flatMap(({ code }) => code?.coding?.[0]?.code ?? [])),
    seen: encounters.some(({ type }) => hasCode(type?.[0], (code) => visits.has(code))),
    hospice: encounters.some(({ type }) => hasCode(type?.[0], (code) => code === '305336008')),
    noBreasts: conditions.some(({ code }) => hasCode(code, (one) => one === 'Z90.13')),
    mammograms: resources.flatMap((one) =>
      one.resourceType === 'DiagnosticReport' && hasCode(one.code, (code) => code === '24606-6')
        ? [one.effectiveDateTime ?? '']
        : [],
    ),
    pressure: last === undefined ? undefined : [lowest(0), lowest(1)],
  };
}

const all: Facts[] = [];
beforeAll(() => {
  for (const { resources } of practice({ seed: 'gapless', patients: 2000, asOf }).patients)
    all.push(factsOf(resources));
}, 120_000);

const share = (of: readonly Facts[], test: (facts: Facts) => boolean): number => of.filter(test).length / of.length;
const isScreened = ({ mammograms }: Facts): boolean => mammograms.some((day) => day >= lookBack);
const isControlled = ({ pressure }: Facts): boolean => pressure !== undefined && pressure[0] < 140 && pressure[1] < 90;
const forMammography = (facts: readonly Facts[]): Facts[] =>
  facts.filter(({ female, age, seen }) => female && age >= 42 && age <= 74 && seen);
const forPressure = (facts: readonly Facts[]): Facts[] =>
  facts.filter(({ diagnoses, age, seen }) => diagnoses.has('I10') && age >= 18 && age <= 85 && seen);

describe('The demo population', () => {
  it('has records as large as those of Synthea, with a heavy tail', () => {
    const sizes = all.map(({ resources }) => resources).sort((one, other) => one - other);
    const mean = sizes.reduce((sum, size) => sum + size, 0) / sizes.length;
    expect(mean).toBeGreaterThan(250);
    expect(mean).toBeLessThan(450);
    expect(sizes[Math.floor(sizes.length * 0.99)]).toBeGreaterThan(2 * mean);
    expect(sizes[Math.floor(sizes.length * 0.1)]).toBeLessThan(mean / 2);
  });

  it.each([
    [0, 17, 0.16, 0.26],
    [18, 39, 0.19, 0.3],
    [40, 64, 0.27, 0.4],
    [65, 99, 0.17, 0.29],
  ])('has ages %i to %i in a plausible share', (low, high, least, most) => {
    const found = share(all, ({ age }) => age >= low && age <= high);
    expect(found).toBeGreaterThan(least);
    expect(found).toBeLessThan(most);
  });

  it('has more women than men, as practices do', () => {
    const found = share(all, ({ female }) => female);
    expect(found).toBeGreaterThan(0.5);
    expect(found).toBeLessThan(0.6);
  });

  it.each([
    ['hypertension', 'I10', 18, 0.33, 0.52],
    ['diabetes', 'E11.9', 18, 0.09, 0.2],
    ['hyperlipidemia', 'E78.5', 18, 0.2, 0.36],
    ['obesity', 'E66.9', 18, 0.28, 0.45],
    ['depression', 'F32.A', 18, 0.09, 0.2],
    ['asthma', 'J45.909', 0, 0.05, 0.13],
    ['chronic obstructive pulmonary disease', 'J44.9', 40, 0.02, 0.09],
    ['stage 3 kidney disease', 'N18.30', 65, 0.13, 0.33],
    ['heart failure', 'I50.9', 65, 0.03, 0.13],
    ['atrial fibrillation', 'I48.91', 65, 0.04, 0.15],
  ])('has %s (%s) from age %i in a plausible share', (_, code, from, least, most) => {
    const found = share(
      all.filter(({ age }) => age >= from),
      ({ diagnoses }) => diagnoses.has(code),
    );
    expect(found).toBeGreaterThan(least);
    expect(found).toBeLessThan(most);
  });

  it('gives the obese more diabetes than the others', () => {
    const adults = all.filter(({ age }) => age >= 40);
    const rate = (obese: boolean): number =>
      share(
        adults.filter(({ diagnoses }) => diagnoses.has('E66.9') === obese),
        ({ diagnoses }) => diagnoses.has('E11.9'),
      );
    expect(rate(true)).toBeGreaterThan(1.2 * rate(false));
  });

  it('has a mammography rate near the national one', () => {
    const rate = share(
      forMammography(all).filter(({ noBreasts, hospice }) => !noBreasts && !hospice),
      isScreened,
    );
    expect(rate).toBeGreaterThan(0.62);
    expect(rate).toBeLessThan(0.8);
  });

  it('has blood pressure control near the national rate', () => {
    const rate = share(
      forPressure(all).filter(({ hospice, diagnoses }) => !hospice && !diagnoses.has('N18.6')),
      isControlled,
    );
    expect(rate).toBeGreaterThan(0.54);
    expect(rate).toBeLessThan(0.72);
  });

  it.each<[string, (facts: Facts) => boolean]>([
    ['done in time', isScreened],
    ['never done', ({ mammograms, noBreasts }) => mammograms.length === 0 && !noBreasts],
    ['done too early', (facts) => facts.mammograms.length > 0 && !isScreened(facts) && !facts.hospice],
    ['excluded by mastectomy', ({ noBreasts }) => noBreasts],
    ['excluded by hospice', ({ hospice }) => hospice],
  ])('shows mammography %s among the first 200', (_, test) => {
    expect(forMammography(all.slice(0, 200)).filter(test).length).toBeGreaterThan(0);
  });

  it.each<[string, (facts: Facts) => boolean]>([
    ['controlled', isControlled],
    ['too high', (facts) => facts.pressure !== undefined && !isControlled(facts)],
    ['not measured this year', ({ pressure }) => pressure === undefined],
    ['excluded by end-stage renal disease', ({ diagnoses }) => diagnoses.has('N18.6')],
    ['excluded by hospice', ({ hospice }) => hospice],
  ])('shows blood pressure %s among the first 200', (_, test) => {
    expect(forPressure(all.slice(0, 200)).filter(test).length).toBeGreaterThan(0);
  });
});
