import type { Patient } from '@medplum/fhirtypes';
import type { Sql } from '../../db/database.ts';
import { searchParameter } from '../../search/definitions.ts';
import { featuresOf } from '../../store/matching/features.ts';
import { matchPatients } from '../../store/matching/match-patients.ts';
import { matchScore } from '../../store/matching/score.ts';
import { isReplaced } from '../../store/replaced-patients.ts';
import { currentPatient } from '../remarks.ts';
import type { RosterRow } from './read-roster.ts';

/** A Patient who may be meant, with the probability. */
export interface Candidate {
  readonly patient: string;
  readonly score: number;
}

/** Whom a row means: one Patient; or several, or one without certainty; or nobody. */
export type FoundMember =
  | { readonly kind: 'found'; readonly patient: string }
  | { readonly kind: 'ambiguous'; readonly why: string; readonly candidates: readonly Candidate[] }
  | { readonly kind: 'unmatched' };

/** Whom each row means, in their order: by member id first, then by who it is. */
export async function findMembers(
  sql: Sql,
  tenant: string,
  rows: readonly RosterRow[],
): Promise<readonly FoundMember[]> {
  const ids = rows.flatMap(({ values }) => values.memberId ?? []);
  const byId = await patientsByIdentifier(sql, tenant, ids);
  const found: FoundMember[] = [];
  for (const row of rows) {
    const named = byId.get(row.values.memberId ?? '') ?? [];
    found.push(named.length === 0 ? await byPerson(sql, tenant, row) : await byNumber(sql, tenant, row, named));
  }
  return found;
}

/** Patients by identifiers of their own or, where nobody has it, of their Coverages. */
async function patientsByIdentifier(
  sql: Sql,
  tenant: string,
  values: readonly string[],
): Promise<ReadonlyMap<string, readonly Patient[]>> {
  const params = ['Patient', 'Coverage'].map((type) => searchParameter(type, 'identifier')?.id ?? null);
  const { rows } = await sql.query<{ code: string; content: string; own: boolean }>(
    `SELECT DISTINCT s.code, s.param = $2 AS own, r.content FROM search_token AS s
       JOIN resource AS r ON r.patient = s.patient AND r.tenant = $1 AND r.type = 'Patient' AND r.id = s.patient AND NOT r.deleted
      WHERE s.tenant = $1 AND s.param IN ($2, $3) AND s.code = ANY ($4::text[]) AND s.patient <> ''`,
    [tenant, ...params, [...new Set(values)]],
  );
  const all = Map.groupBy(rows, ({ code }) => code);
  return new Map(
    [...all].map(([code, found]) => {
      const own = found.filter((one) => one.own);
      return [code, (own.length > 0 ? own : found).map(({ content }): Patient => JSON.parse(content))];
    }),
  );
}

async function byNumber(sql: Sql, tenant: string, row: RosterRow, named: readonly Patient[]): Promise<FoundMember> {
  const patients = new Map<string, Patient>();
  for (const patient of named) {
    const id = patient.id ?? '';
    const current = isReplaced(JSON.stringify(patient)) ? await currentPatient(sql, tenant, id) : id;
    if (current !== null) patients.set(current, patient);
  }
  const wanted = featuresOf(personOf(row));
  const compared = [...patients].map(([patient, resource]) => {
    const { score, findings } = matchScore(wanted, featuresOf(resource));
    return { patient, score, against: findings.filter(({ bits }) => bits < -2).map(({ code }) => code.split('.')[0]) };
  });
  const [first, ...others] = compared;
  if (first === undefined) return { kind: 'unmatched' };
  const candidates = compared.map(({ patient, score }) => ({ patient, score }));
  if (others.length > 0)
    return {
      kind: 'ambiguous',
      why: `the member id is that of ${compared.length} Patients: merge them, or correct the id`,
      candidates,
    };
  if (first.against.length > 1)
    return {
      kind: 'ambiguous',
      why: `the member id is that of a Patient with another ${first.against.join(' and ')}: correct the row or the Patient`,
      candidates,
    };
  return { kind: 'found', patient: first.patient };
}

async function byPerson(sql: Sql, tenant: string, row: RosterRow): Promise<FoundMember> {
  if (row.birthDate === null) return { kind: 'unmatched' };
  const matches = await matchPatients(sql, tenant, personOf(row));
  const likely = matches.filter(({ grade }) => grade !== 'possible');
  const candidates = matches.slice(0, 5).map(({ patient, score }) => ({ patient: patient.id ?? '', score }));
  const [first, ...others] = likely;
  if (first?.grade === 'certain' && others.length === 0) return { kind: 'found', patient: first.patient.id ?? '' };
  if (matches.length === 0) return { kind: 'unmatched' };
  const why =
    likely.length > 1
      ? `${likely.length} Patients fit: merge those that are one person, or give a member id`
      : 'a Patient fits, but not with certainty: give the Patient the member id, or correct the row';
  return { kind: 'ambiguous', why, candidates };
}

function personOf({ values, birthDate }: RosterRow): Patient {
  const { family, given, name, phone, postalCode, sex } = values;
  const whole = name === undefined ? null : nameOf(name);
  const gender = /^m/i.test(sex ?? '') ? 'male' : /^f/i.test(sex ?? '') ? 'female' : null;
  return {
    resourceType: 'Patient',
    name: [{ ...whole, ...(family !== undefined && { family }), ...(given !== undefined && { given: [given] }) }],
    ...(birthDate !== null && { birthDate }),
    ...(gender !== null && { gender }),
    ...(phone !== undefined && { telecom: [{ value: phone }] }),
    ...(postalCode !== undefined && { address: [{ postalCode }] }),
  };
}

/** `Doe, Jane A` or `Jane A Doe`. */
function nameOf(name: string): { family: string; given: string[] } {
  const [before = '', after] = name.split(',').map((part) => part.trim());
  if (after !== undefined) return { family: before, given: after.split(/\s+/) };
  const words = before.split(/\s+/);
  return { family: words.at(-1) ?? '', given: words.slice(0, -1) };
}
