import type { Patient } from '@medplum/fhirtypes';
import fc from 'fast-check';
import { featuresOf, mistakenDates } from '../../../../server/store/matching/features.ts';
import { matchScore } from '../../../../server/store/matching/score.ts';

const katherine: Patient = {
  resourceType: 'Patient',
  identifier: [{ system: 'http://hospital.example/mrn', value: '12345' }],
  name: [{ family: 'O’Brien', given: ['Katherine', 'Ann'] }],
  birthDate: '1961-04-07',
  gender: 'female',
  telecom: [{ system: 'phone', value: '(555) 123-4567' }],
  address: [{ line: ['12 Elm Street'], city: 'Springfield', postalCode: '01101-2233' }],
};
const { identifier: _, ...noNumber } = katherine;
const named = (family: string, given: string): Partial<Patient> => ({ name: [{ family, given: [given] }] });
const of = (changes: Partial<Patient>) => matchScore(featuresOf(katherine), featuresOf({ ...noNumber, ...changes }));

describe('Two records match', () => {
  it.each<[string, string | null, Partial<Patient>]>([
    ['with all alike', 'certain', {}],
    [
      'with the same number and nothing else',
      'probable',
      {
        identifier: katherine.identifier ?? [],
        name: [],
        birthDate: undefined,
        telecom: [],
        address: [],
        gender: undefined,
      },
    ],
    ['with a nickname', 'certain', named('OBrien', 'Kate')],
    ['with accents and another spelling', 'certain', named('Ó Brien', 'Kathérine')],
    ['with a letter transposed', 'certain', named('O’Brein', 'Katherine')],
    ['with day and month swapped', 'certain', { birthDate: '1961-07-04' }],
    ['with a number of another country’s writing', 'certain', { telecom: [{ value: '+1 555 123 4567' }] }],
    [
      'with another number of the same hospital',
      'probable',
      { identifier: [{ system: 'http://hospital.example/mrn', value: '99' }] },
    ],
    ['of twins', 'possible', { ...named('O’Brien', 'Margaret') }],
    ['of mother and daughter', 'possible', { birthDate: '1991-10-30' }],
    ['of a son with the father’s name', 'possible', { birthDate: '1995-01-01', ...named('O’Brien', 'Katherine') }],
    ['of a name alone', null, { ...named('Brown', 'Katherine'), birthDate: undefined, telecom: [], address: [] }],
    [
      'of strangers',
      null,
      {
        ...named('Smith', 'John'),
        birthDate: '1980-01-01',
        gender: 'male',
        telecom: [{ value: '5550000000' }],
        address: [],
      },
    ],
    ['of strangers born on one day', null, { ...named('Smith', 'John'), gender: 'male', telecom: [], address: [] }],
  ])('%s: %s', (_title, grade, changes) => {
    expect(of(changes).grade).toBe(grade);
  });

  it('of twins never with certainty, however much they share', () => {
    expect(of({ ...named('O’Brien', 'Margaret'), identifier: katherine.identifier ?? [] }).grade).toBe('possible');
  });

  const patients = fc.record({
    family: fc.constantFrom('Smith', 'Smyth', 'Garcia', 'O’Neil', ''),
    given: fc.constantFrom('Bob', 'Robert', 'B', 'Anna', ''),
    birthDate: fc.constantFrom('1960-02-03', '1960-03-02', '1960', '1999-12-31', undefined),
    gender: fc.constantFrom('male' as const, 'female' as const, undefined),
    number: fc.constantFrom('1', '2', undefined),
  });
  const made = ({
    family,
    given,
    birthDate,
    gender,
    number,
  }: typeof patients extends fc.Arbitrary<infer P> ? P : never) =>
    featuresOf({
      resourceType: 'Patient',
      name: [{ family, given: [given] }],
      ...(birthDate !== undefined && { birthDate }),
      ...(gender !== undefined && { gender }),
      ...(number !== undefined && { identifier: [{ system: 'urn:s', value: number }] }),
    });

  it('the same whichever comes first, with a probability', () => {
    fc.assert(
      fc.property(patients, patients, (a, b) => {
        const there = matchScore(made(a), made(b));
        expect(matchScore(made(b), made(a))).toEqual(there);
        expect(there.score).toBeGreaterThanOrEqual(0);
        expect(there.score).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('dates that are mistaken are dates', () => {
    const days = fc.date({ min: new Date('1900-01-01'), max: new Date('2030-12-31'), noInvalidDate: true });
    fc.assert(
      fc.property(days, (day) => {
        for (const date of mistakenDates(day.toISOString().slice(0, 10)))
          expect(new Date(`${date}T00:00:00Z`).toISOString().slice(0, 10)).toBe(date);
      }),
    );
  });
});
