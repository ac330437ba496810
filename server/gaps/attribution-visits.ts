import type { Encounter, ExplanationOfBenefit, Practitioner, PractitionerRole } from '@medplum/fhirtypes';
import { type SpecialtyClass, specialtyClass, type Visit } from '../../measures/index.ts';
import type { Sql } from '../db/database.ts';

/** Who works where, as what, read once for a comparison. */
export interface Clinicians {
  /** By `Practitioner/x` and `PractitionerRole/x`. */
  readonly practitioner: ReadonlyMap<string, string>;
  readonly specialty: ReadonlyMap<string, SpecialtyClass>;
  /** Organizations of a clinician, by the name under which they are one: a TIN, or `Organization/x`. */
  readonly organizations: ReadonlyMap<string, readonly string[]>;
  /** The name of an Organization by its reference. */
  readonly organizationName: (reference: string) => string;
  /** Practitioners without a specialty: they count as physicians of primary care. */
  readonly assumed: ReadonlySet<string>;
}

const tin = 'urn:oid:2.16.840.1.113883.4.4';
const taxonomySystem = 'http://nucc.org/provider-taxonomy';
const procedureSystems = [
  'http://www.ama-assn.org/go/cpt',
  'https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets',
  'urn:oid:2.16.840.1.113883.6.285',
];

export async function readClinicians(sql: Sql, tenant: string): Promise<Clinicians> {
  const { rows } = await sql.query<{ type: string; id: string; content: string }>(
    `SELECT type, id, content FROM resource
      WHERE tenant = $1 AND type IN ('Practitioner', 'PractitionerRole', 'Organization') AND NOT deleted ORDER BY type, id`,
    [tenant],
  );
  const practitioner = new Map<string, string>();
  const taxonomy = new Map<string, string[]>();
  const places = new Map<string, Set<string>>();
  const names = new Map<string, string>();
  const assumed = new Set<string>();
  const organizationName = (reference: string): string => names.get(reference) ?? reference;
  for (const { type, id, content } of rows) {
    if (type !== 'Organization') continue;
    const { identifier = [] } = JSON.parse(content) as { identifier?: { system?: string; value?: string }[] };
    const number = identifier.find(({ system }) => system === tin)?.value;
    if (number !== undefined) names.set(`Organization/${id}`, `${tin}|${number}`);
  }
  for (const { type, id, content } of rows) {
    if (type === 'Practitioner') {
      const { qualification = [] } = JSON.parse(content) as Practitioner;
      const key = `Practitioner/${id}`;
      practitioner.set(key, key);
      taxonomy.set(key, [
        ...(taxonomy.get(key) ?? []),
        ...qualification.flatMap(({ code }) => codesOf([code], [taxonomySystem])),
      ]);
    } else if (type === 'PractitionerRole') {
      const { practitioner: who, specialty = [], code = [], organization } = JSON.parse(content) as PractitionerRole;
      const key = who?.reference ?? `PractitionerRole/${id}`;
      practitioner.set(`PractitionerRole/${id}`, key);
      taxonomy.set(key, [...(taxonomy.get(key) ?? []), ...codesOf([...specialty, ...code], [taxonomySystem])]);
      if (organization?.reference !== undefined) {
        const own = places.get(key) ?? new Set();
        places.set(key, own.add(organizationName(organization.reference)));
      }
    }
  }
  const specialty = new Map<string, SpecialtyClass>();
  for (const [key, codes] of taxonomy) {
    if (codes.length === 0) assumed.add(key);
    specialty.set(key, codes.length === 0 ? 'primary-care-physician' : specialtyClass(codes));
  }
  const organizations = new Map([...places].map(([key, own]) => [key, [...own]]));
  return { practitioner, specialty, organizations, organizationName, assumed };
}

/**
 * The visits of patients, from Encounters, and from ExplanationOfBenefits with their allowed amounts. An item that names its
 * Encounter adds its code and amount to that visit.
 */
export async function readVisits(
  sql: Sql,
  tenant: string,
  patients: readonly string[],
  clinicians: Clinicians,
): Promise<ReadonlyMap<string, readonly Visit[]>> {
  const { rows } = await sql.query<{ patient: string; type: string; id: string; content: string }>(
    `SELECT patient, type, id, content FROM resource
      WHERE patient = ANY ($2::text[]) AND tenant = $1 AND type IN ('Encounter', 'ExplanationOfBenefit') AND NOT deleted`,
    [tenant, patients],
  );
  const visits = new Map<string, readonly Visit[]>();
  for (const [patient, own] of Map.groupBy(rows, (row) => row.patient)) {
    const encounters = own
      .filter(({ type }) => type === 'Encounter')
      .map(({ content }): Encounter => JSON.parse(content));
    const byEncounter = new Map(
      encounters.flatMap((one) => encounterVisit(one, clinicians)).map((one) => [one.source, one]),
    );
    const claimed: Visit[] = [];
    for (const { content, type } of own) {
      if (type !== 'ExplanationOfBenefit') continue;
      for (const { encounter, visit } of benefitVisits(JSON.parse(content), clinicians)) {
        const known = encounter === null ? undefined : byEncounter.get(encounter);
        if (known === undefined) claimed.push(visit);
        else
          byEncounter.set(known.source, {
            ...known,
            codes: [...known.codes, ...visit.codes],
            allowed: visit.allowed === null ? known.allowed : (known.allowed ?? 0) + visit.allowed,
          });
      }
    }
    visits.set(patient, [...byEncounter.values(), ...claimed]);
  }
  return visits;
}

function encounterVisit(encounter: Encounter, clinicians: Clinicians): Visit[] {
  const { id, status, type = [], period, participant = [], serviceProvider } = encounter;
  const day = period?.start?.slice(0, 10);
  if (status !== 'finished' || day?.length !== 10) return [];
  const performers = participant.flatMap(
    ({ individual }) => clinicians.practitioner.get(individual?.reference ?? '') ?? [],
  );
  return [
    visitOf(
      `Encounter/${id}`,
      day,
      codesOf(type, procedureSystems),
      performers[0] ?? null,
      serviceProvider?.reference ?? null,
      null,
      clinicians,
    ),
  ];
}

function benefitVisits(
  { id, status, item = [], provider, billablePeriod }: ExplanationOfBenefit,
  clinicians: Clinicians,
): { encounter: string | null; visit: Visit }[] {
  if (status !== 'active') return [];
  const reference = provider?.reference ?? '';
  const performer = clinicians.practitioner.get(reference) ?? null;
  const organization = reference.startsWith('Organization/') ? reference : null;
  return item.flatMap(({ productOrService, servicedDate, servicedPeriod, adjudication = [], encounter = [] }) => {
    const day = (servicedDate ?? servicedPeriod?.start ?? billablePeriod?.start)?.slice(0, 10);
    if (day === undefined) return [];
    const amount = adjudication.find(({ category }) =>
      category.coding?.some(({ code }) => code === 'eligible' || code === 'allowed'),
    );
    const cents = amount?.amount?.value === undefined ? null : Math.round(amount.amount.value * 100);
    const codes = codesOf([productOrService], procedureSystems);
    const visit = visitOf(`ExplanationOfBenefit/${id}`, day, codes, performer, organization, cents, clinicians);
    return [{ encounter: encounter[0]?.reference ?? null, visit }];
  });
}

function visitOf(
  source: string,
  day: string,
  codes: readonly string[],
  provider: string | null,
  organization: string | null,
  allowed: number | null,
  { specialty, organizations, organizationName }: Clinicians,
): Visit {
  const own = provider === null ? [] : (organizations.get(provider) ?? []);
  return {
    source,
    day,
    codes,
    provider,
    // A clinician of one organization only says by herself where it was.
    organization: organization !== null ? organizationName(organization) : own.length === 1 ? (own[0] ?? null) : null,
    specialty: provider === null ? 'other' : (specialty.get(provider) ?? 'primary-care-physician'),
    allowed,
  };
}

function codesOf(
  concepts: readonly (
    | { readonly coding?: readonly { readonly system?: string; readonly code?: string }[] }
    | undefined
  )[],
  systems: readonly string[],
): string[] {
  return concepts.flatMap((concept) =>
    (concept?.coding ?? []).flatMap(({ system = '', code }) =>
      code !== undefined && systems.includes(system) ? [code] : [],
    ),
  );
}
