import { type FhirResource, matchesProfile } from '../../cql/index.ts';

const qicore = (name: string): string => `http://hl7.org/fhir/us/qicore/StructureDefinition/qicore-${name}`;
const usCore = (name: string): string => `http://hl7.org/fhir/us/core/StructureDefinition/us-core-${name}`;

function resource(resourceType: string, elements: object, ...profile: readonly string[]): FhirResource {
  return { resourceType, ...elements, ...(profile.length === 0 ? {} : { meta: { profile } }) };
}

const category = (...codes: readonly string[]): object => ({ category: codes.map((code) => ({ coding: [{ code }] })) });
const loinc = (code: string): object => ({ code: { coding: [{ system: 'http://loinc.org', code }] } });

describe('A base profile', () => {
  it.each([
    resource('Procedure', { status: 'not-done' }),
    resource('Procedure', { status: 'completed' }, qicore('procedurenotdone')),
    resource('Procedure', {}),
  ])('finds every resource of its type (%j)', (any) => {
    expect(matchesProfile('http://hl7.org/fhir/StructureDefinition/Procedure', any)).toBe(true);
  });
});

/** An act and its negation, and how data says the one and the other. */
const negations: readonly [type: string, done: string, not: string, doneElements: object, notElements: object][] = [
  ['MedicationRequest', 'medicationrequest', 'medicationnotrequested', { status: 'active' }, { doNotPerform: true }],
  ['MedicationRequest', 'medicationrequest', 'mednotrequested', { doNotPerform: false }, { doNotPerform: true }],
  ['ServiceRequest', 'servicerequest', 'servicenotrequested', { status: 'active' }, { doNotPerform: true }],
  [
    'DeviceRequest',
    'devicerequest',
    'devicenotrequested',
    { modifierExtension: [{ url: qicore('doNotPerform'), valueBoolean: false }] },
    { modifierExtension: [{ url: qicore('doNotPerform'), valueBoolean: true }] },
  ],
  ['Procedure', 'procedure', 'procedurenotdone', { status: 'completed' }, { status: 'not-done' }],
  ['Immunization', 'immunization', 'immunizationnotdone', { status: 'completed' }, { status: 'not-done' }],
  ['Communication', 'communication', 'communicationnotdone', { status: 'completed' }, { status: 'not-done' }],
  [
    'MedicationAdministration',
    'medicationadministration',
    'medicationadministrationnotdone',
    { status: 'completed' },
    { status: 'not-done' },
  ],
  [
    'MedicationDispense',
    'medicationdispense',
    'medicationdispensedeclined',
    { status: 'completed' },
    { status: 'declined' },
  ],
  ['Task', 'task', 'taskrejected', { status: 'completed' }, { status: 'rejected' }],
  ['Observation', 'simple-observation', 'observationcancelled', { status: 'final' }, { status: 'cancelled' }],
];

describe.each(negations)('A %s', (type, done, not, doneElements, notElements) => {
  it.each<[string, object, string[], boolean, boolean]>([
    ['says by its elements that it was done', doneElements, [], true, false],
    [`says by its elements that it was not done (${not})`, notElements, [], false, true],
    ['declares that it was done, whatever its elements say', notElements, [qicore(done)], true, false],
    ['declares that it was not done, whatever its elements say', doneElements, [qicore(not)], false, true],
    ['declares a profile with a version', doneElements, [`${qicore(not)}|6.0.0`], false, true],
    ['declares a profile that is not known, so its elements decide', notElements, ['http://a.org/b'], false, true],
  ])('%s', (_, elements, profiles, isDone, isNot) => {
    const one = resource(type, elements, ...profiles);
    expect([matchesProfile(qicore(done), one), matchesProfile(qicore(not), one)]).toEqual([isDone, isNot]);
  });

  it('of US Core says nothing about negation, so its elements decide', () => {
    const one = resource(type, notElements, usCore(type.toLowerCase()));
    expect([matchesProfile(qicore(done), one), matchesProfile(qicore(not), one)]).toEqual([false, true]);
  });
});

describe('A Condition', () => {
  const encounter = 'condition-encounter-diagnosis';
  const problem = 'condition-problems-health-concerns';
  it.each<[string, object, string[], boolean, boolean]>([
    ['of an encounter', category('encounter-diagnosis'), [], true, false],
    ['on the problem list', category('problem-list-item'), [], false, true],
    ['that is a health concern', category('health-concern'), [], false, true],
    ['of both kinds', category('problem-list-item', 'encounter-diagnosis'), [], true, true],
    ['without a category', {}, [], true, true],
    ['that declares the kind', category('encounter-diagnosis'), [qicore(problem)], false, true],
    ['that declares the kind by US Core', category('problem-list-item'), [usCore(encounter)], true, false],
    ['that declares the general profile', category('encounter-diagnosis'), [qicore('condition')], true, false],
    [
      'that declares a misspelt profile',
      category('encounter-diagnosis'),
      [qicore('condition-enounter-diagnosis')],
      true,
      false,
    ],
  ])('%s', (_, elements, profiles, isEncounter, isProblem) => {
    const one = resource('Condition', elements, ...profiles);
    expect([matchesProfile(qicore(encounter), one), matchesProfile(qicore(problem), one)]).toEqual([
      isEncounter,
      isProblem,
    ]);
  });
});

describe('An Observation', () => {
  const finds: readonly [profile: string, elements: object, declared: string[], found: boolean][] = [
    [qicore('observation-lab'), category('laboratory'), [], true],
    [qicore('observation-lab'), category('laboratory'), [usCore('observation-lab')], true],
    [qicore('observation-lab'), category('survey'), [], false],
    [qicore('observation-lab'), category('laboratory'), [qicore('simple-observation')], false],
    [qicore('observation-lab'), category('survey'), [qicore('observation-lab')], true],
    [qicore('observation-screening-assessment'), category('survey'), [], true],
    [qicore('observation-screening-assessment'), category('laboratory'), [], false],
    [qicore('observation-clinical-result'), category('imaging'), [], true],
    [qicore('observation-clinical-result'), category('vital-signs'), [], false],
    [qicore('simple-observation'), category('exam'), [], true],
    [qicore('observation'), category('laboratory'), [qicore('observation-lab')], true],
    [usCore('bmi'), loinc('39156-5'), [], true],
    [usCore('bmi'), loinc('39156-5'), [usCore('vital-signs')], true],
    [usCore('bmi'), loinc('8302-2'), [], false],
    [usCore('bmi'), loinc('39156-5'), [qicore('simple-observation')], false],
    [usCore('bmi'), loinc('39156-5'), [qicore('simple-observation'), usCore('bmi')], true],
    [usCore('bmi'), loinc('39156-5'), [qicore('observation')], true],
    [usCore('blood-pressure'), loinc('85354-9'), ['http://hl7.org/fhir/StructureDefinition/bp'], true],
    [
      usCore('blood-pressure'),
      {},
      ['https://hl7.org/fhir/us/core/STU8/StructureDefinition-us-core-blood-pressure.html'],
      true,
    ],
    [usCore('smokingstatus'), loinc('72166-2'), [], true],
    [usCore('blood-pressure'), { ...loinc('85354-9'), status: 'cancelled' }, [], false],
  ];
  it.each(finds)('of %s with %j, declaring %j: %s', (profile, elements, declared, found) => {
    expect(matchesProfile(profile, resource('Observation', elements, ...declared))).toBe(found);
  });
});

it('finds by a profile that nobody knows whatever is no negation', () => {
  const profile = 'http://plan.example.org/StructureDefinition/our-procedure';
  expect(matchesProfile(profile, resource('Procedure', { status: 'completed' }))).toBe(true);
  expect(matchesProfile(profile, resource('Procedure', { status: 'not-done' }))).toBe(false);
});
