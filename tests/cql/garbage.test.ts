import {
  createCompiler,
  type FhirResource,
  InvalidRecord,
  PatientRecord,
  type PreparedLibrary,
} from '../../cql/index.ts';
import { library, now, translator } from './evaluate.ts';

/** What a record holds that is no FHIR is an error of that patient, with the path; what is absent or null is null. */

const observation = {
  resourceType: 'Observation',
  id: 'o',
  status: 'final',
  code: { coding: [{ system: 'http://example.org/cs', code: 'a' }] },
  effectiveDateTime: '2026-03-01',
  valueQuantity: { value: 7, unit: 'mg', system: 'http://unitsofmeasure.org', code: 'mg' },
};
const patient = { resourceType: 'Patient', id: 'p', birthDate: '1970-03-01' };

let prepared: PreparedLibrary;

beforeAll(async () => {
  const linked = await library(`codesystem "CS": 'http://example.org/cs'
code "A": 'a' from "CS"
context Patient
define "Result": Count(
  [Observation: "A"] O
    where O.status = 'final'
      and O.effective as FHIR.dateTime during Interval[@2026-01-01T00:00:00.0, @2027-01-01T00:00:00.0)
      and (O.value as FHIR.Quantity) > 5 'mg')`);
  prepared = createCompiler().prepare(linked, { find: () => null });
});
afterAll(() => translator.close());

async function counted(...resources: readonly object[]): Promise<unknown> {
  const record = new PatientRecord([patient, ...resources] as readonly FhirResource[]);
  const request = { expressions: ['Result'], parameters: {}, now };
  return (await prepared.evaluate(record, request)).values.get('Result');
}

const coding = (one: unknown) => ({ ...observation, code: { coding: [one] } });
const quantity = (value: unknown) => ({ ...observation, valueQuantity: { ...observation.valueQuantity, value } });
const dated = (effectiveDateTime: unknown) => ({ ...observation, effectiveDateTime });
const endless: { [element: string]: unknown } = { ...observation };
endless['contained'] = [endless];

describe('A record with an element that is no FHIR', () => {
  it.each([
    ['a number for a code', { ...observation, status: 5 }, 'Observation/o.status: must be a text'],
    ['an object for a code', { ...observation, status: {} }, 'Observation/o.status: must be a text'],
    ['an array where there is one', { ...observation, status: ['final'] }, 'Observation/o.status: must be a text'],
    ['a text for a concept', { ...observation, code: 'a' }, 'Observation/o.code: must be an object'],
    ['an array for a concept', { ...observation, code: [observation.code] }, 'Observation/o.code: must be an object'],
    [
      'one where there is an array',
      { ...observation, code: { coding: {} } },
      'Observation/o.code.coding: must be an array',
    ],
    ['a text for a coding', coding('a'), 'Observation/o.code.coding[0]: must be an object'],
    ['a number for the code of a coding', coding({ code: 5 }), 'Observation/o.code.coding[0].code: must be a text'],
    ['a thirteenth month', dated('2026-13-45'), 'Observation/o.effectiveDateTime: is no date'],
    ['the 30th of February', dated('2026-02-30'), 'Observation/o.effectiveDateTime: is no date'],
    ['a date in words', dated('yesterday'), 'Observation/o.effectiveDateTime: is no date'],
    ['a number for a date', dated(20260301), 'Observation/o.effectiveDateTime: is no date'],
    ['words for a number', quantity('seven'), 'Observation/o.valueQuantity.value: must be a number'],
    ['a number for a quantity', { ...observation, valueQuantity: 7 }, 'Observation/o.valueQuantity: must be an object'],
    ['a number for an id', { ...observation, id: 5 }, 'Observation.id: must be a text'],
    ['itself inside itself', endless, /^Observation\/o(\.contained\[0\])+.*: is nested too deeply$/],
  ])('is an error with its path: %s', async (_, resource, message) => {
    const error: unknown = await counted(resource).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(InvalidRecord);
    expect(error).toMatchObject({ message: typeof message === 'string' ? message : expect.stringMatching(message) });
  });

  it.each([
    ['a year earlier', { start: '2026-03-02', end: '2025-03-02' }, true],
    ['an hour earlier', { start: '2026-03-02T11:00:00Z', end: '2026-03-02T10:00:00Z' }, true],
    ['earlier by its offset', { start: '2026-03-02T11:00:00-05:00', end: '2026-03-02T11:30:00-04:00' }, true],
    ['later by its offset', { start: '2026-03-02T11:00:00-04:00', end: '2026-03-02T10:30:00-05:00' }, false],
    [
      'in the same form, another offset',
      { start: '2026-03-02T11:00:00+00:00', end: '2026-03-02T11:30:00+01:00' },
      true,
    ],
    ['the same instant', { start: '2026-03-02T11:00:00Z', end: '2026-03-02T11:00:00Z' }, false],
    ['on the day of its start', { start: '2026-03-02T11:00:00Z', end: '2026-03-02' }, false],
    ['not known', { start: '2026-03-02T11:00:00Z' }, false],
  ])('is an error when a period ends before it starts: %s', async (_, effectivePeriod, isError) => {
    const { effectiveDateTime, ...undated } = observation;
    const found = counted({ ...undated, effectivePeriod });
    if (isError)
      await expect(found).rejects.toThrow(
        'Observation/o.effectivePeriod: ends before it starts (FHIR invariant per-1)',
      );
    else expect(await found).toBe(0);
  });

  it('is an error where two different resources have one id', async () => {
    await expect(counted(observation, { ...observation, status: 'amended' })).rejects.toThrow(
      'Observation/o: there are two Observation resources of this id',
    );
  });

  it('is an error when a resource is null or has no type', () => {
    for (const resource of [null, {}, { resourceType: 5 }])
      expect(() => new PatientRecord([patient, resource] as readonly FhirResource[])).toThrow(
        '[1]: has no resourceType',
      );
  });

  it('touches nobody else', async () => {
    await expect(counted(dated('2026-13-45'))).rejects.toThrow(InvalidRecord);
    expect(await counted(observation)).toBe(1);
  });
});

describe('A record with what FHIR allows', () => {
  it.each([
    ['a whole resource', observation, 1],
    ['a null element', { ...observation, note: null }, 1],
    ['a null among codings', { ...observation, code: { coding: [null, ...observation.code.coding] } }, 1],
    ['a number written as a text, which is read as the number', quantity('7'), 1],
    ['no status', { ...observation, status: undefined }, 0],
    ['a null date', dated(null), 0],
    ['a date without a day in the period', dated('2026-03'), 1],
    ['a date without a month, which may be in the period', dated('2026'), 0],
    ['a quantity without a value', quantity(undefined), 0],
    ['a quantity of a unit that is none', { ...observation, valueQuantity: { value: 7, unit: 'M/uL' } }, 0],
    ['elements that FHIR does not have', { ...observation, made: { up: 1 } }, 1],
    ['a type that FHIR does not have', { resourceType: 'Invented', id: 'o', status: 5 }, 0],
    ['no id', { ...observation, id: undefined }, 1],
  ])('is evaluated: %s', async (_, resource, value) => {
    expect(await counted(resource)).toBe(value);
  });

  it('is evaluated in a moment with 50,000 Observations', async () => {
    const many = Array.from({ length: 50_000 }, (_, i) => ({ ...observation, id: `o${i}` }));
    const started = process.cpuUsage();
    expect(await counted(...many)).toBe(50_000);
    const { user, system } = process.cpuUsage(started);
    expect((user + system) / 1000).toBeLessThan(5_000);
  });
});
