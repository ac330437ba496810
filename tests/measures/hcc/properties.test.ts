import fc from 'fast-check';
import {
  type Beneficiary,
  type Diagnosis,
  type HccModelId,
  type ModelScore,
  openHccTables,
  scoreModel,
} from '../../../measures/index.ts';

const tables = openHccTables();
const models: readonly (readonly [HccModelId, number])[] = [
  ['V28', 2026],
  ['V24', 2025],
];
/** Codes by category, so that rare categories are drawn as often as cancers. */
const codesOf = new Map(
  models.map(([model, year]) => {
    const byCategory = Map.groupBy(tables.model(year, model).categories, ([, categories]) => categories[0] ?? 0);
    return [model, [...byCategory.values()].map((entries) => entries.map(([code]) => code))] as const;
  }),
);
const others = ['I10', 'Z0000', 'N189', 'F329', 'D66', 'J449', 'F3481', 'C50911', 'P271', 'Z95811', 'G35A'];

const beneficiaries: fc.Arbitrary<Beneficiary> = fc.record({
  birthDate: fc
    .date({ min: new Date('1920-01-01'), max: new Date('2026-01-31'), noInvalidDate: true })
    .map((date) => date.toISOString().slice(0, 10)),
  sex: fc.constantFrom('F', 'M'),
  entitlementReason: fc.constantFrom('0', '1'),
  dualStatus: fc.constantFrom('00', '01', '02', '08'),
  longTermInstitutional: fc.boolean(),
  newEnrollee: fc.constant(false),
  chronicSnp: fc.constant(false),
  esrd: fc.constant(null),
});

const evidence = fc.record({
  reference: fc.constantFrom('Claim/1', 'Claim/2', 'Condition/3'),
  service: fc.constantFrom('Encounter/1', 'Claim/2'),
  date: fc.constantFrom('2025-02-28', '2025-11-30'),
});

function diagnosesOf(model: HccModelId): fc.Arbitrary<Diagnosis[]> {
  const code = fc.oneof(
    {
      weight: 8,
      arbitrary: fc.constantFrom(...(codesOf.get(model) ?? [])).chain((codes) => fc.constantFrom(...codes)),
    },
    { weight: 1, arbitrary: fc.constantFrom(...others) },
  );
  return fc.array(fc.record({ code, evidence: fc.array(evidence, { minLength: 1, maxLength: 3 }) }), { maxLength: 14 });
}

interface Drawn {
  readonly model: HccModelId;
  readonly paymentYear: number;
  readonly beneficiary: Beneficiary;
  readonly diagnoses: Diagnosis[];
}
const drawn: fc.Arbitrary<Drawn> = fc.constantFrom(...models).chain(([model, paymentYear]) =>
  fc.record({
    model: fc.constant(model),
    paymentYear: fc.constant(paymentYear),
    beneficiary: beneficiaries,
    diagnoses: diagnosesOf(model),
  }),
);
const score = (request: Drawn): ModelScore => scoreModel({ ...request, segment: null }, tables);
/** Not how many: who drops one may free another (62 drops 63, which drops 202 no more). */
const dropped = ({ categories }: ModelScore): ReadonlySet<number> =>
  new Set(categories.flatMap(({ category, droppedBy }) => (droppedBy === null ? [] : [category])));

describe('A risk score', () => {
  it('is never lowered by one more diagnosis, except through an edit or a hierarchy', () => {
    let lowered = 0;
    fc.assert(
      fc.property(drawn, fc.nat(), (request, which) => {
        const codes = codesOf.get(request.model) ?? [];
        const group = codes[which % codes.length] ?? [];
        const code = group[which % group.length] ?? '';
        const before = score(request);
        const after = score({ ...request, diagnoses: [...request.diagnoses, { code, evidence: [] }] });
        if ((after.raw ?? 0) >= (before.raw ?? 0)) return;
        lowered += 1;
        const edited = after.diagnoses.find((one) => one.code === code)?.edit ?? null;
        expect(edited !== null || [...dropped(after)].some((category) => !dropped(before).has(category))).toBe(true);
      }),
      { numRuns: 3_000 },
    );
    // Hierarchies that lower are there (a head injury drops coma, which pays more): the draw has to find some.
    expect(lowered).toBeGreaterThan(0);
  });

  it('does not depend on the order of diagnoses, on duplicates, or on how evidence is spread', () => {
    fc.assert(
      fc.property(
        drawn.chain((request) =>
          fc.tuple(
            fc.constant(request),
            fc.shuffledSubarray(request.diagnoses, { minLength: request.diagnoses.length }),
            fc.subarray(request.diagnoses),
          ),
        ),
        ([request, shuffled, again]) => {
          const split = shuffled.flatMap(({ code, evidence: all }) => all.map((one) => ({ code, evidence: [one] })));
          const whole = score(request);
          expect(score({ ...request, diagnoses: shuffled })).toEqual(whole);
          expect(score({ ...request, diagnoses: [...shuffled, ...again] })).toEqual(whole);
          expect(score({ ...request, diagnoses: split })).toEqual(whole);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('is the sum of its contributions, with no category both dropped and counted', () => {
    fc.assert(
      fc.property(drawn, (request) => {
        const { raw, contributions, categories } = score(request);
        const sum = contributions.reduce((total, { coefficient }) => total + Math.round(coefficient * 1000), 0);
        expect(Math.round((raw ?? 0) * 1000)).toBe(sum);
        const counted = contributions.flatMap(({ kind, categories: of }) => (kind === 'category' ? of : []));
        const free = categories.filter(({ droppedBy, notCounted }) => droppedBy === null && notCounted === null);
        expect(counted.every((category) => free.some((one) => one.category === category))).toBe(true);
        for (const { droppedBy } of categories)
          if (droppedBy !== null) expect(free.some(({ category }) => category === droppedBy)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});
