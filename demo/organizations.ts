import type { Location, Organization, Practitioner, PractitionerRole, Reference, Resource } from '@medplum/fhirtypes';
import { concept, hl7, syntheticTag, systemUrl, usCore } from './codes.ts';

const meta = (profile: string): { profile: string[]; tag: [typeof syntheticTag] } => ({
  profile: [usCore(profile)],
  tag: [syntheticTag],
});

export const practice: Reference<Organization> & { readonly reference: string } = {
  reference: 'Organization/demo-practice',
  display: 'Riverbend Family Medicine (synthetic)',
};
export const hospital = { reference: 'Organization/demo-hospital', display: 'Larkin General Hospital (synthetic)' };
export const laboratory = {
  reference: 'Organization/demo-laboratory',
  display: 'Tri-County Reference Lab (synthetic)',
};

/** Who pays, and for whom: `sopt` is the Source of Payment Typology code of the plans. */
export const payers = {
  medicare: {
    id: 'demo-payer-medicare',
    name: 'National Senior Health Program (synthetic)',
    sopt: '121',
    plan: 'Medicare fee for service',
  },
  advantage: {
    id: 'demo-payer-advantage',
    name: 'Evergreen Advantage (synthetic)',
    sopt: '111',
    plan: 'Medicare Advantage HMO',
  },
  medicaid: {
    id: 'demo-payer-medicaid',
    name: 'Riverbend Community Plan (synthetic)',
    sopt: '211',
    plan: 'Medicaid managed care',
  },
  northwind: {
    id: 'demo-payer-northwind',
    name: 'Northwind Health PPO (synthetic)',
    sopt: '512',
    plan: 'Commercial PPO',
  },
  cedar: { id: 'demo-payer-cedar', name: 'Cedar Mutual HMO (synthetic)', sopt: '511', plan: 'Commercial HMO' },
} as const;
export type Payer = keyof typeof payers;

/** `quality` shifts how often this clinician's patients get what is due: rates differ by panel, as in real practices. */
export interface Clinician {
  readonly id: string;
  readonly given: string;
  readonly family: string;
  readonly suffix: string;
  readonly gender: 'female' | 'male';
  readonly specialty: readonly [taxonomy: string, display: string];
  readonly panel: 'adults' | 'children' | 'all' | 'referrals';
  readonly quality: number;
  readonly location: string;
}

const family: Clinician['specialty'] = ['207Q00000X', 'Family Medicine Physician'];
const internal: Clinician['specialty'] = ['207R00000X', 'Internal Medicine Physician'];
const pediatric: Clinician['specialty'] = ['208000000X', 'Pediatrics Physician'];
const nurse: Clinician['specialty'] = ['363LF0000X', 'Family Nurse Practitioner'];

export const clinicians: readonly [Clinician, ...Clinician[]] = [
  clinician(1, 'Miriam', 'Okonjo', 'MD', 'female', family, 'all', 0.06, 'main'),
  clinician(2, 'Peter', 'Lindqvist', 'MD', 'male', family, 'all', -0.05, 'main'),
  clinician(3, 'Anjali', 'Deshpande', 'MD', 'female', internal, 'adults', 0.08, 'main'),
  clinician(4, 'Walter', 'Briggs', 'DO', 'male', internal, 'adults', -0.12, 'east'),
  clinician(5, 'Soledad', 'Quintero', 'MD', 'female', internal, 'adults', 0.02, 'east'),
  clinician(6, 'Noah', 'Feldstein', 'MD', 'male', pediatric, 'children', 0.05, 'main'),
  clinician(7, 'Grace', 'Oyelaran', 'MD', 'female', pediatric, 'children', -0.03, 'east'),
  clinician(8, 'Tomas', 'Havel', 'NP', 'male', nurse, 'all', 0, 'east'),
  clinician(9, 'Lena', 'Armitage', 'NP', 'female', nurse, 'adults', 0.04, 'main'),
  clinician(
    10,
    'Ruben',
    'Castellano',
    'MD',
    'male',
    ['207V00000X', 'Obstetrics & Gynecology Physician'],
    'referrals',
    0,
    'main',
  ),
  clinician(
    11,
    'Ingrid',
    'Solheim',
    'MD',
    'female',
    ['207RC0000X', 'Cardiovascular Disease Physician'],
    'referrals',
    0,
    'hospital',
  ),
  clinician(
    12,
    'Darnell',
    'Whitfield',
    'MD',
    'male',
    ['207P00000X', 'Emergency Medicine Physician'],
    'referrals',
    0,
    'hospital',
  ),
];

function clinician(
  number: number,
  given: string,
  familyName: string,
  suffix: string,
  gender: Clinician['gender'],
  specialty: Clinician['specialty'],
  panel: Clinician['panel'],
  quality: number,
  location: string,
): Clinician {
  return {
    id: `demo-practitioner-${number}`,
    given,
    family: familyName,
    suffix,
    gender,
    specialty,
    panel,
    quality,
    location,
  };
}

export function clinicianReference({ id, given, family: name, suffix }: Clinician): Reference<Practitioner> {
  return { reference: `Practitioner/${id}`, display: `${given} ${name}, ${suffix}` };
}

const sites = [
  ['main', 'Riverbend Family Medicine, Main Street', practice],
  ['east', 'Riverbend Family Medicine, East Side', practice],
  ['hospital', 'Larkin General Hospital', hospital],
] as const;

export function locationReference(site: string): Reference<Location> {
  return { reference: `Location/demo-location-${site}`, display: sites.find(([id]) => id === site)?.[1] ?? site };
}

/** What all patients share: the practice, its sites and clinicians, the hospital, the laboratory, the payers. */
export function sharedResources(): Resource[] {
  return [
    organization('demo-practice', practice.display ?? '', 'prov', '9000000011'),
    organization('demo-hospital', hospital.display, 'prov', '9000000029'),
    organization('demo-laboratory', laboratory.display, 'prov', '9000000037'),
    ...Object.values(payers).map(({ id, name }) => organization(id, name, 'pay')),
    ...sites.map(location),
    ...clinicians.flatMap((one, index) => [practitioner(one, index), role(one)]),
  ];
}

/** National Provider Identifiers start with 1 or 2: those here start with 9, so they can't be anyone's. */
function organization(id: string, name: string, type: 'prov' | 'pay', npi?: string): Organization {
  return {
    resourceType: 'Organization',
    id,
    meta: meta('organization'),
    identifier: [
      { system: `${systemUrl('demo')}/organization`, value: id },
      ...(npi === undefined ? [] : [{ system: 'http://hl7.org/fhir/sid/us-npi', value: npi }]),
    ],
    active: true,
    type: [hl7('organization-type', type, type === 'pay' ? 'Payer' : 'Healthcare Provider')],
    name,
    telecom: [{ system: 'phone', value: '555-555-0100', use: 'work' }],
    address: [{ line: ['1 Example Plaza'], city: 'Millbrook Falls', state: 'OH', postalCode: '00102', country: 'US' }],
  };
}

function location([id, name, owner]: (typeof sites)[number]): Location {
  return {
    resourceType: 'Location',
    id: `demo-location-${id}`,
    meta: meta('location'),
    status: 'active',
    name,
    type: [
      hl7('v3-RoleCode', id === 'hospital' ? 'HOSP' : 'OF', id === 'hospital' ? 'Hospital' : 'Outpatient facility'),
    ],
    address: { line: ['1 Example Plaza'], city: 'Millbrook Falls', state: 'OH', postalCode: '00102', country: 'US' },
    managingOrganization: owner,
  };
}

function practitioner(one: Clinician, index: number): Practitioner {
  return {
    resourceType: 'Practitioner',
    id: one.id,
    meta: meta('practitioner'),
    identifier: [
      { system: `${systemUrl('demo')}/practitioner`, value: one.id },
      { system: 'http://hl7.org/fhir/sid/us-npi', value: `90000001${String(index).padStart(2, '0')}` },
    ],
    active: true,
    name: [{ use: 'official', family: one.family, given: [one.given], suffix: [one.suffix] }],
    gender: one.gender,
  };
}

function role(one: Clinician): PractitionerRole {
  return {
    resourceType: 'PractitionerRole',
    id: one.id.replace('practitioner', 'role'),
    meta: meta('practitionerrole'),
    active: true,
    practitioner: clinicianReference(one),
    organization: one.location === 'hospital' ? hospital : practice,
    code: [concept(['http://nucc.org/provider-taxonomy', one.specialty[0], one.specialty[1]])],
    specialty: [concept(['http://nucc.org/provider-taxonomy', one.specialty[0], one.specialty[1]])],
    location: [locationReference(one.location)],
    telecom: [{ system: 'phone', value: '555-555-0100', use: 'work' }],
  };
}
