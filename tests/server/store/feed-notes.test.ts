import fc from 'fast-check';
import { codesFixedBy, type FhirResource, matchesProfile } from '../../../cql/index.ts';
import { patientChanges } from '../../../server/store/feed-notes.ts';

const profiles = [
  ...['bmi', 'blood-pressure', 'body-weight', 'smokingstatus'].map(
    (stem) => `http://hl7.org/fhir/us/core/StructureDefinition/us-core-${stem}`,
  ),
  'http://hl7.org/fhir/us/qicore/StructureDefinition/qicore-bmi',
  'http://hl7.org/fhir/StructureDefinition/bmi',
  'http://hl7.org/fhir/us/core/StructureDefinition/us-core-vital-signs',
  'http://hl7.org/fhir/us/qicore/StructureDefinition/qicore-observation-lab',
];
const codes = ['39156-5', '85354-9', '29463-7', '72166-2', '2093-3'];

const observation: fc.Arbitrary<FhirResource> = fc
  .record({
    code: fc.option(fc.constantFrom(...codes)),
    declared: fc.subarray(profiles, { maxLength: 2 }),
    version: fc.constantFrom('', '|6.1.0'),
    status: fc.constantFrom('final', 'cancelled'),
  })
  .map(({ code, declared, version, status }) => ({
    resourceType: 'Observation',
    id: 'o',
    status,
    meta: { profile: declared.map((profile) => `${profile}${version}`) },
    ...(code !== null && { code: { coding: [{ system: 'http://loinc.org', code }] } }),
  }));

/** What the change feed notes of a resource that is new. */
function notesOf(resource: FhirResource): ReadonlySet<string> {
  const content = JSON.stringify(resource);
  const version = {
    patient: 'p',
    type: 'Observation',
    id: 'o',
    version: 1,
    method: 'PUT' as const,
    content,
    leaves: null,
  };
  const index = { patient: 'p', type: 'Observation', id: 'o', resource };
  const changes = patientChanges([{ version, index, previous: null }] as unknown as Parameters<
    typeof patientChanges
  >[0]);
  return changes.get('p')?.changed ?? new Set();
}

describe('The codes that a profile fixes', () => {
  it('are noted on the feed of every resource that a retrieve of it finds, or else the type is', () => {
    fc.assert(
      fc.property(observation, fc.constantFrom(...profiles), (resource, profile) => {
        const fixed = codesFixedBy(profile);
        if (fixed === null || !matchesProfile(profile, resource)) return;
        const notes = notesOf(resource);
        expect(fixed.some((code) => notes.has(`Observation ${code}`)) || notes.has('Observation')).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  it('are those of vital signs and the like, and of no other profile', () => {
    expect(profiles.map(codesFixedBy)).toEqual([
      ['http://loinc.org|39156-5'],
      ['http://loinc.org|85354-9'],
      ['http://loinc.org|29463-7'],
      ['http://loinc.org|72166-2'],
      ['http://loinc.org|39156-5'],
      ['http://loinc.org|39156-5'],
      null,
      null,
    ]);
  });
});
