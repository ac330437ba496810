import type { Observation, Patient, Resource } from '@medplum/fhirtypes';
import type { Database } from '../../../server/db/database.ts';
import { freshDatabase } from '../../support/database.ts';
import { find, findIds, put } from './practice.ts';

const loinc = 'http://loinc.org';
const ucum = 'http://unitsofmeasure.org';

const patients: Patient[] = [
  {
    resourceType: 'Patient',
    id: 'anna',
    active: true,
    gender: 'female',
    birthDate: '1980-05-17',
    name: [{ family: 'Müller-Östrand', given: ['Anna', 'Maria'] }],
    identifier: [
      {
        system: 'http://clinic.example/mrn',
        value: 'A1',
        type: {
          coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0203', code: 'MR' }],
          text: 'Record number',
        },
      },
    ],
    address: [{ line: ['1 Main, Street'], city: 'Springfield', postalCode: '12345' }],
    telecom: [{ system: 'email', value: 'anna@example.org' }],
    generalPractitioner: [{ reference: 'Practitioner/gp' }],
    meta: { tag: [{ system: 'http://tags.example', code: 'vip' }], profile: ['http://example.org/Profile/us-patient'] },
  },
  {
    resourceType: 'Patient',
    id: 'ben',
    gender: 'male',
    birthDate: '1980',
    name: [{ text: 'Ben 100% Under_score' }],
    identifier: [{ value: 'B2' }],
    deceasedDateTime: '2025-01-01',
    managingOrganization: {
      reference: 'http://other.example/fhir/Organization/9',
      identifier: { system: 'urn:tax', value: '77' },
    },
  },
  {
    resourceType: 'Patient',
    id: 'cleo',
    name: [{ family: 'Muller', given: ['anna'] }],
    birthDate: '1981-01-01',
    deceasedBoolean: false,
  },
];

function observation(id: string, patient: string, fields: Partial<Observation>): Observation {
  return {
    resourceType: 'Observation',
    id,
    status: 'final',
    code: { coding: [{ system: loinc, code: '4548-4', display: 'Hemoglobin A1c' }] },
    subject: { reference: `Patient/${patient}` },
    ...fields,
  };
}

const observations: Observation[] = [
  observation('a1c-7', 'anna', {
    effectiveDateTime: '2026-01-15T10:00:00Z',
    valueQuantity: { value: 7.0, unit: '%', system: ucum, code: '%' },
  }),
  observation('a1c-9', 'ben', {
    effectivePeriod: { start: '2026-01-10', end: '2026-01-20' },
    valueQuantity: { value: 9.25, unit: 'percent', system: ucum, code: '%' },
    hasMember: [{ reference: 'Observation/bp' }],
  }),
  observation('a1c-low', 'ben', {
    effectivePeriod: { start: '2026-02-01' },
    valueQuantity: { value: 4, comparator: '<', unit: '%', system: ucum, code: '%' },
  }),
  observation('bp', 'anna', {
    effectiveDateTime: '2025-12',
    code: { coding: [{ system: loinc, code: '85354-9' }], text: 'Blood pressure panel' },
    component: [
      {
        code: { coding: [{ system: loinc, code: '8480-6' }] },
        valueQuantity: { value: 142, system: ucum, code: 'mm[Hg]' },
      },
      {
        code: { coding: [{ system: loinc, code: '8462-4' }] },
        valueQuantity: { value: 88, system: ucum, code: 'mm[Hg]' },
      },
    ],
    performer: [{ reference: 'Practitioner/gp' }],
  }),
  observation('note', 'cleo', { code: { text: 'Free text finding' }, valueString: 'Looks Well' }),
];

const others: Resource[] = [
  { resourceType: 'Practitioner', id: 'gp', name: [{ family: 'House' }] },
  { resourceType: 'ValueSet', id: 'vs', status: 'active', url: 'http://example.org/fhir/ValueSet/a1c', version: '1.0' },
  { resourceType: 'ValueSet', id: 'vs2', status: 'active', url: 'http://example.org/fhirtwo/ValueSet/a1c' },
  {
    resourceType: 'RiskAssessment',
    id: 'risk',
    status: 'final',
    subject: { reference: 'Patient/anna' },
    prediction: [{ probabilityDecimal: 0.1 }],
  },
  {
    resourceType: 'MeasureReport',
    id: 'report',
    status: 'complete',
    type: 'individual',
    measure: 'http://example.org/Measure/x|2.0',
    period: { start: '2026' },
  },
  {
    resourceType: 'List',
    id: 'list',
    status: 'current',
    mode: 'working',
    entry: [{ item: { reference: 'Patient/ben' } }],
  },
  {
    resourceType: 'Encounter',
    id: 'visit',
    status: 'finished',
    class: { code: 'AMB' },
    subject: { reference: 'http://localhost/fhir/Patient/anna' },
  },
  {
    resourceType: 'Provenance',
    id: 'prov',
    recorded: '2026-01-01T00:00:00Z',
    target: [{ reference: 'Observation/bp' }],
    agent: [{ who: { reference: 'Practitioner/gp' } }],
  },
];

let database: Database;
beforeAll(async () => {
  database = await freshDatabase();
  await put(database, 'demo', ...patients, ...observations, ...others);
  await put(database, 'other', { resourceType: 'Patient', id: 'zoe', name: [{ family: 'Muller' }] });
});
afterAll(() => database.close());

const table: readonly (readonly [sentence: string, url: string, ids: readonly string[]])[] = [
  // token
  ['a code alone', 'Observation?code=4548-4', ['a1c-7', 'a1c-9', 'a1c-low']],
  ['a code in its system', 'Observation?code=http://loinc.org|85354-9', ['bp']],
  ['a code in another system', 'Observation?code=http://other|85354-9', []],
  ['anything of a system', 'Observation?code=http://loinc.org|', ['a1c-7', 'a1c-9', 'a1c-low', 'bp']],
  ['an identifier without a system', 'Patient?identifier=|B2', ['ben']],
  ['an identifier that has a system, asked for without', 'Patient?identifier=|A1', []],
  ['either of two codes', 'Observation?code=4548-4,85354-9', ['a1c-7', 'a1c-9', 'a1c-low', 'bp']],
  [
    'a bare code with the system that it implies',
    'Patient?gender=http://hl7.org/fhir/administrative-gender|male',
    ['ben'],
  ],
  ['a boolean', 'Patient?active=true', ['anna']],
  ['all but a code', 'Patient?gender:not=female', ['ben', 'cleo']],
  ['the text of a code', 'Observation?code:text=blood', ['bp']],
  ['the display of a code', 'Observation?code:text=HEMOGLOBIN', ['a1c-7', 'a1c-9', 'a1c-low']],
  [
    'an identifier of a type',
    'Patient?identifier:of-type=http://terminology.hl7.org/CodeSystem/v2-0203|MR|A1',
    ['anna'],
  ],
  ['an email address', 'Patient?email=anna@example.org', ['anna']],
  ['the deceased', 'Patient?deceased=true', ['ben']],
  ['a tag', 'Patient?_tag=http://tags.example|vip', ['anna']],
  ['a profile', 'Patient?_profile=http://example.org/Profile/us-patient', ['anna']],
  // missing
  ['those without a birth date', 'Patient?gender:missing=true', ['cleo']],
  ['those with a gender', 'Patient?gender:missing=false', ['anna', 'ben']],
  // string
  ['the beginning of a name, whatever its case and accents', 'Patient?name=muller', ['anna', 'cleo']],
  ['a family name with its accent', 'Patient?family=Müller', ['anna', 'cleo']],
  ['the middle of a name', 'Patient?family=strand', []],
  ['the middle of a name with :contains', 'Patient?family:contains=ostrand', ['anna']],
  ['a name exactly', 'Patient?given:exact=Anna', ['anna']],
  ['a comma that is escaped', 'Patient?address=1 Main\\, Street', ['anna']],
  ['a comma that is not escaped', 'Patient?address=zzz,Springf', ['anna']],
  ['a per cent sign as itself', 'Patient?name=ben 100%', ['ben']],
  ['a per cent sign that matches nothing else', 'Patient?name=%', []],
  ['an underscore as itself', 'Patient?name:contains=under_', ['ben']],
  // reference
  ['a reference by type and id', 'Observation?subject=Patient/anna', ['a1c-7', 'bp']],
  ['a reference by id', 'Observation?patient=anna', ['a1c-7', 'bp']],
  ['a reference with the type as modifier', 'Observation?subject:Patient=ben', ['a1c-9', 'a1c-low']],
  ['a reference by our absolute URL', 'Observation?subject=http://localhost/fhir/Patient/anna', ['a1c-7', 'bp']],
  ['a reference that was written as our absolute URL', 'Encounter?patient=anna', ['visit']],
  [
    "a reference to another server's resource",
    'Patient?organization=http://other.example/fhir/Organization/9',
    ['ben'],
  ],
  ['the identifier of a reference', 'Patient?organization:identifier=urn:tax|77', ['ben']],
  ['either of two references', 'Observation?subject=Patient/anna,Patient/cleo', ['a1c-7', 'bp', 'note']],
  ['a canonical without its version', 'MeasureReport?measure=http://example.org/Measure/x', ['report']],
  ['a canonical with its version', 'MeasureReport?measure=http://example.org/Measure/x|2.0', ['report']],
  ['a canonical with another version', 'MeasureReport?measure=http://example.org/Measure/x|3.0', []],
  // uri
  ['a URI', 'ValueSet?url=http://example.org/fhir/ValueSet/a1c', ['vs']],
  ['URIs below one', 'ValueSet?url:below=http://example.org/fhir', ['vs']],
  ['URIs above one', 'ValueSet?url:above=http://example.org/fhir/ValueSet/a1c/more', ['vs']],
  // number and composite
  ['a number by its precision', 'RiskAssessment?probability=0.1', ['risk']],
  ['a number greater than', 'RiskAssessment?probability=gt0.05', ['risk']],
  ['a component by code and value together', 'Observation?component-code-value-quantity=8480-6$gt140', ['bp']],
  ['a component whose value belongs to another code', 'Observation?component-code-value-quantity=8462-4$gt140', []],
  [
    'a code with its value and unit',
    'Observation?code-value-quantity=http://loinc.org|4548-4$ge9|http://unitsofmeasure.org|%',
    ['a1c-9'],
  ],
  // special
  ['an id', 'Patient?_id=anna,ben', ['anna', 'ben']],
  ['a list', 'Patient?_list=list', ['ben']],
  ['both of two criteria', 'Patient?name=muller&gender=female', ['anna']],
  ['a repeated criterion as AND', 'Patient?given=anna&given=maria', ['anna']],
  // chains
  ['a chain', 'Observation?subject:Patient.name=muller', ['a1c-7', 'bp', 'note']],
  ['a chain without a type', 'Observation?patient.identifier=A1', ['a1c-7', 'bp']],
  ['a chain of three', 'Observation?subject:Patient.general-practitioner:Practitioner.family=house', ['a1c-7', 'bp']],
  ['a reverse chain', 'Patient?_has:Observation:patient:code=85354-9', ['anna']],
  ['a nested reverse chain', 'Patient?_has:Observation:patient:_has:Provenance:target:agent=Practitioner/gp', ['anna']],
  ['a reverse chain that nothing meets', 'Patient?_has:Observation:patient:code=none', []],
  [
    'a chain that ends in a reverse chain',
    'Observation?subject:Patient._has:Encounter:patient:class=AMB',
    ['a1c-7', 'bp'],
  ],
];

describe('A search', () => {
  it.each(table)('finds %s: %s', async (_, url, ids) => {
    expect((await findIds(database, url)).sort()).toEqual([...ids].sort());
  });

  it('sees only its own tenant', async () => {
    expect(await findIds(database, 'Patient?name=muller', { tenant: 'other' })).toEqual(['zoe']);
  });

  it('keeps to a compartment', async () => {
    const compartment = { type: 'Patient', id: 'anna' };
    expect((await findIds(database, 'Observation?', { compartment })).sort()).toEqual(['a1c-7', 'bp']);
    const practitioner = { type: 'Practitioner', id: 'gp' };
    expect(await findIds(database, 'Observation?', { compartment: practitioner })).toEqual(['bp']);
  });

  it('that is bound to a patient sees nothing of others, not by chains or inclusions either', async () => {
    const patient = 'anna';
    expect((await findIds(database, 'Observation?', { patient })).sort()).toEqual(['a1c-7', 'bp']);
    expect(await findIds(database, 'Patient?', { patient })).toEqual(['anna']);
    expect(await findIds(database, 'Practitioner?', { patient })).toEqual(['gp']);
    expect(await findIds(database, 'Practitioner?_has:Patient:general-practitioner:name=ben', { patient })).toEqual([]);
    expect(
      (await find(database, 'Practitioner?_revinclude=Patient:general-practitioner', { patient: 'ben' })).included,
    ).toEqual([]);
  });

  it('at system level finds all types', async () => {
    expect((await findIds(database, '?_id=anna,bp')).sort()).toEqual(['anna', 'bp']);
    expect(await findIds(database, '?_type=Patient,Observation&_id=bp,gp')).toEqual(['bp']);
  });
});

describe('Dates, by prefix', () => {
  // a1c-7: an instant in January; a1c-9: January 10 to 20; a1c-low: from February on; bp: all of December.
  it.each<[string, string[]]>([
    ['2026-01-15T10:00:00Z', ['a1c-7']],
    ['2026-01', ['a1c-7', 'a1c-9']],
    ['2026', ['a1c-7', 'a1c-9']],
    ['2025-12', ['bp']],
    ['2025-12-24', []],
    ['ne2026-01', ['a1c-low', 'bp']],
    ['gt2026-01-16', ['a1c-9', 'a1c-low']],
    ['lt2026-01-12', ['a1c-9', 'bp']],
    ['ge2026-01-15', ['a1c-7', 'a1c-9', 'a1c-low']],
    ['le2025-12', ['bp']],
    ['sa2026-01', ['a1c-low']],
    ['eb2026-01-15', ['bp']],
    ['ap2026-01-25', ['a1c-7', 'a1c-9', 'a1c-low']],
  ])('date=%s finds %j', async (value, ids) => {
    expect((await findIds(database, `Observation?date=${value}`)).sort()).toEqual(ids);
  });

  it('reads an offset whose + arrived as a space', async () => {
    expect(await findIds(database, 'Observation?date=2026-01-15T12:00:00+02:00')).toEqual(['a1c-7']);
  });
});

describe('Quantities, by prefix', () => {
  // 7.0 %, 9.25 %, below 4 %
  it.each<[string, string[]]>([
    ['7', ['a1c-7']],
    ['7.0', ['a1c-7']],
    ['9.3', ['a1c-9']],
    ['9.30', []],
    ['9.2', []],
    ['ne7', ['a1c-9', 'a1c-low']],
    ['gt7', ['a1c-9']],
    ['ge7', ['a1c-7', 'a1c-9']],
    ['lt4', ['a1c-low']],
    ['le7', ['a1c-7', 'a1c-low']],
    ['sa7.5', ['a1c-9']],
    ['eb5', ['a1c-low']],
    ['ap9', ['a1c-9']],
    ['9.25|http://unitsofmeasure.org|%', ['a1c-9']],
    ['9.25||percent', ['a1c-9']],
    ['9.25||%', ['a1c-9']],
    ['9.25|http://unitsofmeasure.org|mg', []],
    ['9.25e0', ['a1c-9']],
  ])('value-quantity=%s finds %j', async (value, ids) => {
    const query = new URLSearchParams({ 'value-quantity': value });
    expect((await findIds(database, `Observation?${query}`)).sort()).toEqual(ids);
  });
});

describe('Value sets and hierarchies', () => {
  const terminology = {
    expand: async () => [{ system: loinc, code: '85354-9' }],
    related: async (system: string, code: string) => (code === 'root' ? [{ system, code: '85354-9' }] : null),
  };
  it.each<[string, string[]]>([
    ['code:in=http://example.org/vs', ['bp']],
    ['code:not-in=http://example.org/vs', ['a1c-7', 'a1c-9', 'a1c-low', 'note']],
    ['code:below=http://loinc.org|root', ['bp']],
  ])('%s finds %j', async (query, ids) => {
    expect((await findIds(database, `Observation?${query}`, { terminology })).sort()).toEqual(ids);
  });

  it('are refused where none are known', async () => {
    await expect(find(database, 'Observation?code:in=http://example.org/vs')).rejects.toThrow('no terminology');
    await expect(find(database, 'Observation?code:below=http://x|y', { terminology })).rejects.toThrow(
      'no hierarchy of "http://x"',
    );
  });
});

describe('Inclusions', () => {
  const included = async (url: string): Promise<string[]> =>
    (await find(database, url)).included.map(({ type, id }) => `${type}/${id}`).sort();

  it.each<[string, string[]]>([
    ['Observation?_id=bp&_include=Observation:subject', ['Patient/anna']],
    ['Observation?_id=bp&_include=Observation:subject:Group', []],
    ['Observation?_id=bp&_include=Observation:*', ['Patient/anna', 'Practitioner/gp']],
    ['Observation?_id=bp&_include=*', ['Patient/anna', 'Practitioner/gp']],
    ['Observation?_id=a1c-7&_include=Observation:subject&_include=Patient:general-practitioner', ['Patient/anna']],
    [
      'Observation?_id=a1c-7&_include=Observation:subject&_include:iterate=Patient:general-practitioner',
      ['Patient/anna', 'Practitioner/gp'],
    ],
    ['Observation?_id=bp&_revinclude=Provenance:target', ['Provenance/prov']],
    [
      'Observation?_id=a1c-9&_include:iterate=Observation:has-member&_revinclude:iterate=Provenance:target',
      ['Observation/bp', 'Provenance/prov'],
    ],
    ['Patient?_id=ben&_revinclude=*', ['List/list', 'Observation/a1c-9', 'Observation/a1c-low']],
  ])('%s adds %j', async (url, names) => {
    expect(await included(url)).toEqual(names);
  });
});
