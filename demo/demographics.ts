import type { Coverage, Extension, Patient } from '@medplum/fhirtypes';
import { dateOf, instantOf, yearOf } from './calendar.ts';
import type { Chart } from './chart.ts';
import { concept, hl7, systemUrl, usCore } from './codes.ts';
import { clinicianReference, payers, practice } from './organizations.ts';
import type { Person, Race } from './person.ts';

const raceAndEthnicity = 'urn:oid:2.16.840.1.113883.6.238';
const nullFlavor = 'http://terminology.hl7.org/CodeSystem/v3-NullFlavor';

/** US Core has no category for other races: the text says it alone. */
const races: Record<Race, readonly [system: string, code: string, display: string] | undefined> = {
  white: [raceAndEthnicity, '2106-3', 'White'],
  black: [raceAndEthnicity, '2054-5', 'Black or African American'],
  asian: [raceAndEthnicity, '2028-9', 'Asian'],
  native: [raceAndEthnicity, '1002-5', 'American Indian or Alaska Native'],
  pacific: [raceAndEthnicity, '2076-8', 'Native Hawaiian or Other Pacific Islander'],
  other: undefined,
  unknown: [nullFlavor, 'ASKU', 'asked but unknown'],
};

/** Writes the Patient. Its ids can't be anyone's: system of the demo, telephone numbers of fiction, towns that don't exist. */
export function writePatient(chart: Chart): void {
  const { person, random } = chart;
  const patient: Patient = {
    resourceType: 'Patient',
    extension: [
      category('race', races[person.race]),
      ...(person.hispanic === undefined
        ? []
        : [
            category(
              'ethnicity',
              person.hispanic
                ? [raceAndEthnicity, '2135-2', 'Hispanic or Latino']
                : [raceAndEthnicity, '2186-5', 'Not Hispanic or Latino'],
            ),
          ]),
      { url: usCore('birthsex'), valueCode: person.sex === 'female' ? 'F' : 'M' },
    ],
    identifier: [
      {
        type: hl7('v2-0203', 'MR', 'Medical Record Number'),
        system: `${systemUrl('demo')}/mrn`,
        value: `GL${String(person.number).padStart(8, '0')}`,
      },
      { type: hl7('v2-0203', 'MB', 'Member Number'), system: `${systemUrl('demo')}/member`, value: memberId(person) },
    ],
    active: person.died === undefined,
    name: [{ use: 'official', family: person.family, given: [person.given, person.middle] }],
    telecom: [{ system: 'phone', value: `555-555-01${String(random.integer(0, 99)).padStart(2, '0')}`, use: 'home' }],
    gender: person.sex,
    birthDate: dateOf(person.birth),
    ...(person.died !== undefined && { deceasedDateTime: instantOf(person.died, 400 + random.integer(0, 600)) }),
    address: [
      {
        use: 'home',
        line: [person.line],
        city: person.town[0],
        state: 'OH',
        postalCode: person.town[1],
        country: 'US',
      },
    ],
    ...(person.age >= 18 && {
      maritalStatus: random.chance(0.55)
        ? hl7('v3-MaritalStatus', 'M', 'Married')
        : hl7('v3-MaritalStatus', 'S', 'Never Married'),
    }),
    communication: [
      {
        language: concept(['urn:ietf:bcp:47', person.language, person.language === 'es' ? 'Spanish' : 'English']),
        preferred: true,
      },
    ],
    generalPractitioner: [clinicianReference(person.clinician)],
    managingOrganization: practice,
  };
  chart.add(patient, { id: person.id, profile: usCore('patient') });
}

/** A member number that looks like one; the letter S in second place keeps it out of the Medicare number's alphabet. */
function memberId({ number }: Person): string {
  return `1S${String(number).padStart(9, '0')}`;
}

function category(
  name: 'race' | 'ethnicity',
  omb: readonly [system: string, code: string, display: string] | undefined,
): Extension {
  const text = { url: 'text', valueString: omb?.[2] ?? 'Other Race' };
  if (omb === undefined) return { url: usCore(name), extension: [text] };
  const [system, code, display] = omb;
  return { url: usCore(name), extension: [{ url: 'ombCategory', valueCoding: { system, code, display } }, text] };
}

/** Writes the coverage in force and, for some, one that ended before. Returns the reference of the first, if insured. */
export function writeCoverage(chart: Chart): { reference: string } | undefined {
  const { person, random } = chart;
  if (person.payer === undefined) return undefined;
  const thisYear = yearOf(person.end - 1);
  const changed = random.chance(0.3) && person.joined < person.end - 1500;
  const since = changed ? thisYear - random.integer(1, 3) : yearOf(person.joined);
  const current = coverage(chart, since, undefined);
  if (changed) coverage(chart, yearOf(person.joined), since - 1);
  return { reference: current };
}

function coverage({ add, person, subject, random }: Chart, from: number, to: number | undefined): string {
  const key = person.payer ?? 'northwind';
  const { id, name, sopt, plan } = payers[to === undefined || key === 'medicare' ? key : 'cedar'];
  const resource: Coverage = {
    resourceType: 'Coverage',
    status: to === undefined ? 'active' : 'cancelled',
    type: concept(['https://nahdo.org/sopt', sopt, plan]),
    subscriberId: memberId(person),
    beneficiary: subject,
    relationship: hl7(
      'subscriber-relationship',
      person.age < 19 ? 'child' : 'self',
      person.age < 19 ? 'Child' : 'Self',
    ),
    period: { start: `${from}-01-01`, ...(to !== undefined && { end: `${to}-12-31` }) },
    payor: [{ reference: `Organization/${id}`, display: name }],
    class: [{ type: hl7('coverage-class', 'group', 'Group'), value: `G${random.integer(1000, 9999)}`, name: plan }],
  };
  return add(resource, { profile: usCore('coverage') });
}
