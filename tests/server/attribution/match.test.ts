import type { Bundle } from '@medplum/fhirtypes';
import { type Answer, openPractice, type Practice, parameters } from '../operations/practice.ts';

let practice: Practice;
beforeAll(async () => {
  practice = await openPractice();
}, 120_000);
afterAll(() => practice.close());

describe('$match', () => {
  const ask = (patient: object, ...others: object[]): Promise<Answer> =>
    practice.post(
      'Patient/$match',
      parameters([{ name: 'resource', resource: { resourceType: 'Patient', ...patient } }, ...others]),
    );
  const entries = ({ body }: Answer) => (body as unknown as Bundle).entry ?? [];

  beforeAll(async () => {
    await practice.store(
      {
        resourceType: 'Patient',
        id: 'kate',
        identifier: [{ system: 'urn:mrn', value: 'K-1' }],
        name: [{ family: 'Winter-Stone', given: ['Katherine'] }],
        birthDate: '1971-08-09',
        gender: 'female',
        telecom: [{ system: 'phone', value: '555-0100' }],
      },
      {
        resourceType: 'Patient',
        id: 'kate-again',
        name: [{ family: 'Winter-Stone', given: ['Kate'] }],
        birthDate: '1971-09-08',
        gender: 'female',
      },
      {
        resourceType: 'Patient',
        id: 'other',
        name: [{ family: 'Winter', given: ['Paul'] }],
        birthDate: '1940-01-01',
        gender: 'male',
      },
    );
  });

  it.each<[string, object, string[]]>([
    [
      'by identifier',
      { identifier: [{ system: 'urn:mrn', value: 'K-1' }], name: [{ family: 'Winter-Stone', given: ['K'] }] },
      ['kate'],
    ],
    [
      'by name and birth date',
      { name: [{ family: 'Winter-Stone', given: ['Katherine'] }], birthDate: '1971-08-09' },
      ['kate', 'kate-again'],
    ],
    [
      'by a mistyped name and the birth date',
      { name: [{ family: 'Winter Stome', given: ['Kathy'] }], birthDate: '1971-08-09' },
      ['kate', 'kate-again'],
    ],
    [
      'by telephone and a married name',
      { name: [{ family: 'Summer', given: ['Katherine'] }], telecom: [{ value: '555-0100' }], birthDate: '1971-08-09' },
      ['kate'],
    ],
    ['nobody', { name: [{ family: 'Nobody', given: ['Noah'] }], birthDate: '2001-02-03' }, []],
  ])('finds %s', async (_, patient, ids) => {
    const answer = await ask(patient);
    expect(entries(answer).map(({ resource }) => resource?.id)).toEqual(ids);
    for (const { search } of entries(answer)) {
      expect(search?.mode).toBe('match');
      expect(search?.extension?.[0]).toMatchObject({ url: 'http://hl7.org/fhir/StructureDefinition/match-grade' });
      expect(search?.extension?.length).toBeGreaterThan(1);
    }
  });

  it('gives one certain match or none when that is asked for, and counts', async () => {
    const patient = {
      name: [{ family: 'Winter-Stone', given: ['Katherine'] }],
      birthDate: '1971-08-09',
      gender: 'female',
    };
    const certain = await ask(patient, { name: 'onlyCertainMatches', valueBoolean: true });
    const grades = (await ask(patient)).body;
    expect(JSON.stringify(grades)).toContain('certain');
    expect(entries(certain).filter(({ search }) => search?.mode === 'match').length).toBeLessThanOrEqual(1);
    expect(entries(await ask(patient, { name: 'count', valueInteger: 1 }))).toHaveLength(1);
  });

  it('takes the Patient itself as the body, and refuses one that says nothing', async () => {
    const direct = await practice.post('Patient/$match', {
      resourceType: 'Patient',
      identifier: [{ system: 'urn:mrn', value: 'K-1' }],
    });
    expect(entries(direct).map(({ resource }) => resource?.id)).toEqual(['kate']);
    expect((await ask({ gender: 'female' })).status).toBe(400);
  });
});
