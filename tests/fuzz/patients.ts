import fc from 'fast-check';
import type { FhirResource } from '../../cql/index.ts';
import { valueSet } from './leaves.ts';

const when = fc.constantFrom('2026-01-15', '2026-02', '2025', '2026-01-15T10:30:00Z', '2026-12-28T23:59:59.999-05:00');
const code = fc
  .constantFrom('red', 'green', 'grey')
  .map((text) => ({ coding: [{ system: valueSet.system, code: text }] }));

const patient: fc.Arbitrary<FhirResource> = fc
  .record(
    {
      birthDate: fc.constantFrom('1970-03-01', '2024-02-29', '2026', '2025-12'),
      gender: fc.constantFrom('female', 'male'),
      deceasedBoolean: fc.boolean(),
    },
    { requiredKeys: [] },
  )
  .map((elements) => ({ resourceType: 'Patient', id: 'p', ...elements }));

const observation = fc
  .record(
    {
      status: fc.constantFrom('final', 'amended'),
      code,
      effectiveDateTime: when,
      valueQuantity: fc.record({ value: fc.constantFrom(1, 2.5, 140), unit: fc.constant('mg') }, { requiredKeys: [] }),
    },
    { requiredKeys: [] },
  )
  .map((elements) => ({ resourceType: 'Observation', ...elements }));
const condition = fc
  .record({ code }, { requiredKeys: [] })
  .map((elements) => ({ resourceType: 'Condition', ...elements }));
const encounter = fc
  .record({ period: fc.record({ start: when, end: when }, { requiredKeys: [] }) }, { requiredKeys: [] })
  // One that ends in a year before its start is no FHIR, and refused by its path: tests/cql/garbage.test.ts.
  .filter(({ period }) => (period?.start ?? '') <= (period?.end ?? '~'))
  .map((elements) => ({ resourceType: 'Encounter', status: 'finished', ...elements }));

/** A Patient and up to four resources, with elements missing at random. */
export const records: fc.Arbitrary<readonly FhirResource[]> = fc
  .tuple(patient, fc.array(fc.oneof(observation, condition, encounter), { maxLength: 4 }))
  .map(([who, others]) => [who, ...others.map((resource, i): FhirResource => ({ ...resource, id: `r${i}` }))]);
