import { type FhirResource, PatientRecord } from '../../cql/index.ts';
import { evaluateSubject, InvalidMeasure, prepareMeasure, Tally } from '../../measures/index.ts';
import { counts, group, measure, now, period, population } from './fakes.ts';
import { prepareCql } from './prepared.ts';

const cql = `
library Prepared version '1'
using FHIR version '4.0.1'
include FHIRHelpers version '4.0.1'
valueset "Seen": 'http://example.org/ValueSet/seen'
parameter "Measurement Period" Interval<Date>
context Patient
define "Visits": [Encounter: "Seen"]
define "Starts": start of "Measurement Period" = @2026-01-01 and end of "Measurement Period" = @2026-12-31
define function "Diagnoses"(visit Encounter): Count(visit.diagnosis)
define function "Answer"(): 42
`;

const visits = group({
  scoring: 'continuous-variable',
  basis: 'Encounter',
  populations: [
    population('initial-population', { expression: 'Visits' }),
    population('measure-population', { expression: 'Visits' }),
    population('measure-observation', { expression: 'Diagnoses', aggregateMethod: 'sum' }),
  ],
});
const once = group({
  id: 'once',
  scoring: 'continuous-variable',
  populations: [
    population('initial-population', { expression: 'Starts' }),
    population('measure-population', { expression: 'Starts' }),
    population('measure-observation', { expression: 'Answer', aggregateMethod: 'maximum' }),
  ],
});

const visit = (id: string, code: string, diagnoses: number): FhirResource => ({
  resourceType: 'Encounter',
  id,
  type: [{ coding: [{ system: 'http://example.org/codes', code }] }],
  diagnosis: Array.from({ length: diagnoses }, () => ({ condition: { reference: 'Condition/c' } })),
});

describe('A prepared measure', () => {
  it('calls observation functions for each member, or once for the patient, and gives the period in its declared type', async () => {
    const prepared = await prepareCql(measure([visits, once]), cql);
    const record = new PatientRecord([
      { resourceType: 'Patient', id: 'p' },
      visit('a', 'seen', 2),
      visit('b', 'seen', 3),
      visit('c', 'unseen', 9),
    ]);
    const result = await evaluateSubject(prepared, record, { period, now });
    expect(counts(result)).toEqual({ 'initial-population': 2, 'measure-population': 2, 'measure-observation': 2 });
    expect(result.groups.map(({ score }) => score)).toEqual([5, 42]);
  });

  it('knows what each criterion can ask of a record', async () => {
    const { requirements } = await prepareCql(measure([visits]), cql);
    expect(requirements.get('Visits')?.retrieves).toMatchObject([
      { resourceType: 'Encounter', valueSet: { url: 'http://example.org/ValueSet/seen' } },
    ]);
  });

  it('is refused when the library lacks definitions, naming each with its place', async () => {
    const [ip, mp] = visits.populations.map((each) => ({ ...each, expression: `No ${each.expression}` }));
    const lacking = measure([
      { ...visits, populations: [...visits.populations.slice(2), ...(ip && mp ? [ip, mp] : [])] },
    ]);
    await expect(prepareCql(lacking, cql)).rejects.toMatchObject({
      name: 'InvalidMeasure',
      problems: [
        {
          expression: 'Measure.group[0].population[1].criteria.expression',
          message: 'library Prepared|1 has no definition "No Visits"',
        },
        { expression: 'Measure.group[0].population[2].criteria.expression' },
      ],
    });
  });

  it('is refused when a value set is missing, naming it', async () => {
    await expect(prepareCql(measure([visits]), cql, { find: () => null })).rejects.toMatchObject({
      name: 'MissingValueSet',
      urls: ['http://example.org/ValueSet/seen'],
    });
  });
});

const composed = `
library Composed version '1'
using FHIR version '4.0.1'
include FHIRHelpers version '4.0.1'
context Patient
define "All": true
define "Woman": Patient.gender = 'female'
define "Living": Patient.deceased is null
`;

describe('A composite measure', () => {
  const rate = (numerator: string, denominator = 'All'): ReturnType<typeof group> =>
    group({
      populations: [
        population('initial-population', { expression: 'All' }),
        population('denominator', { expression: denominator }),
        population('numerator', { expression: numerator }),
      ],
    });
  const patients = [
    { resourceType: 'Patient', id: 'a', gender: 'female' },
    { resourceType: 'Patient', id: 'b', gender: 'male' },
    { resourceType: 'Patient', id: 'c', gender: 'female', deceasedBoolean: true },
    { resourceType: 'Patient', id: 'd', gender: 'male', deceasedBoolean: true },
  ];

  it.each([
    ['all-or-nothing', [1, 1, 0, 0], 0.5],
    ['opportunity', [1, 1, 0.5, 0], 4 / 6],
    ['linear', [1, 1, 0.5, 0], 2.5 / 4],
    ['weighted', [1, 1, 0.75, 0], 0.25 * 0.5 + 0.75 * 1],
  ] as const)('scored %s combines what its components say', async (compositeScoring, scores, total) => {
    const living = await prepareCql(measure([rate('Living')], { url: 'living' }), composed);
    const women = await prepareCql(measure([rate('All', 'Woman')], { url: 'women' }), composed);
    const definition = measure([], {
      scoring: 'composite',
      compositeScoring,
      library: null,
      components: [
        { measure: 'living', weight: 1, groupId: null },
        { measure: 'women', weight: 3, groupId: null },
      ],
    });
    const unused = {
      valueSets: { find: () => null },
      evaluator: {
        name: 'interpreted' as const,
        prepare: () => {
          throw new Error('a composite has no library');
        },
      },
    };
    const prepared = prepareMeasure({ definition, linked: null, components: [living, women], ...unused });
    const tally = new Tally(definition, [living.definition, women.definition]);
    const found = [];
    for (const patient of patients) {
      const result = await evaluateSubject(prepared, new PatientRecord([patient]), { period, now });
      found.push(result.groups[0]?.score);
      tally.add(result);
    }
    expect(found).toEqual(scores);
    expect(tally.totals().groups[0]?.score).toBeCloseTo(total, 12);
    expect(() => prepareMeasure({ definition, linked: null, components: [living], ...unused })).toThrow(InvalidMeasure);
  });
});
