import { createHash } from 'node:crypto';
import { addition, contractPeriodOf, type ListedMember, type MemberChange, removal } from '../../../bundles/index.ts';
import type { Transaction } from '../../db/database.ts';
import { searchParameter } from '../../search/definitions.ts';
import type { OpenGroup } from '../../store/change-group.ts';
import { membersOfGroup } from '../../store/group-members.ts';
import { listedMember } from '../attribution.ts';
import { dayAfter } from '../practice-day.ts';
import { type Candidate, findMembers } from './find-members.ts';
import type { Roster, RosterRow, RowProblem } from './read-roster.ts';

export type RosterChangeKind = 'new' | 'changed' | 'dropped';

export interface RosterChange {
  readonly kind: RosterChangeKind;
  readonly patient: string;
  readonly provider: string | null;
  readonly previousProvider: string | null;
  /** Of the file; null for who is dropped. */
  readonly line: number | null;
}

/** A row whose member is not found, or not with certainty: it is left out. */
export interface OpenRow {
  readonly line: number;
  readonly why: string;
  readonly candidates: readonly Candidate[];
}

/** What a roster would change. */
export interface RosterPlan {
  /** Names exactly these changes of this version of the list. */
  readonly hash: string;
  readonly changes: readonly RosterChange[];
  readonly unchanged: number;
  /** Members who stay because a row that was left out may mean them. */
  readonly spared: number;
  readonly ambiguous: readonly OpenRow[];
  readonly unmatched: readonly OpenRow[];
  readonly problems: readonly RowProblem[];
  readonly edits: readonly MemberChange[];
}

export interface RosterOptions {
  /** First day on which the file holds. */
  readonly asOf: string;
  /** The file is part of the list: who is not in it stays. */
  readonly partial: boolean;
}

/**
 * What it takes for an attribution list to say what the file says. Rows with problems, and rows whose member is not
 * certain, change nothing; nobody is dropped whom one of them may mean.
 */
export async function planRoster(
  sql: Transaction,
  tenant: string,
  group: OpenGroup,
  roster: Roster,
  { asOf, partial }: RosterOptions,
): Promise<RosterPlan> {
  const members = Map.groupBy(await membersOfGroup(sql, tenant, group.id), ({ patient }) => patient);
  const providers = await providersByNpi(sql, tenant, roster.rows);
  const contracts = contractsOf(group);
  const problems = [...roster.problems];
  const say = ({ line }: RosterRow, field: keyof RosterRow['values'], problem: string): void => {
    problems.push({ line, column: roster.headers[field] ?? field, problem });
  };
  const found = await findMembers(sql, tenant, roster.rows);
  const rows: { readonly row: RosterRow; readonly patient: string; readonly provider: string }[] = [];
  const ambiguous: OpenRow[] = [];
  const unmatched: OpenRow[] = [];
  const meant = new Map<string, number>();
  const named = new Set<string>();
  for (const [at, row] of roster.rows.entries()) {
    const member = found[at] ?? { kind: 'unmatched' };
    const { line, values } = row;
    if (member.kind === 'found') named.add(member.patient);
    if (member.kind === 'ambiguous') for (const { patient } of member.candidates) named.add(patient);
    const provider = providers.get(values.providerNpi ?? '') ?? [];
    const [only] = provider;
    const twice = member.kind === 'found' ? meant.get(member.patient) : undefined;
    if (only === undefined)
      say(
        row,
        'providerNpi',
        `no Practitioner or Organization has the NPI ${values.providerNpi}: store the provider first`,
      );
    else if (provider.length > 1)
      say(row, 'providerNpi', `${provider.length} providers have the NPI ${values.providerNpi}: correct them`);
    else if (values.contract !== undefined && contracts.size > 0 && !contracts.has(values.contract))
      say(
        row,
        'contract',
        `is of contract ${values.contract}, and the list of ${[...contracts].join(', ')}: import it into its own list`,
      );
    else if (member.kind === 'unmatched')
      unmatched.push({ line, why: 'nobody fits: store the Patient first', candidates: [] });
    else if (member.kind === 'ambiguous') ambiguous.push({ line, why: member.why, candidates: member.candidates });
    else if (twice !== undefined) say(row, 'memberId', `is the same patient as line ${twice}: leave one of them`);
    else {
      meant.set(member.patient, line);
      rows.push({ row, patient: member.patient, provider: only });
    }
  }
  const coverages = await onlyCoverages(
    sql,
    tenant,
    rows.map(({ patient }) => patient).filter((patient) => !members.has(patient)),
  );
  const contractEnd = contractPeriodOf(group.head).end;
  const changes: RosterChange[] = [];
  const edits: MemberChange[] = [];
  let unchanged = 0;
  for (const { row, patient, provider } of rows) {
    const listed = (members.get(patient) ?? []).map(listedMember);
    const active = listed.find(({ inactive }) => !inactive);
    const end = row.end ?? (active?.provider === provider ? null : contractEnd);
    const coverage = coverages.get(patient) ?? null;
    const wanted = { patient, provider, coverage, start: row.start, end };
    const { kind, changes: own } = addition(listed, wanted, asOf);
    edits.push(...own);
    if (kind === 'unchanged') unchanged += 1;
    else changes.push({ kind, patient, provider, previousProvider: active?.provider ?? null, line: row.line });
  }
  let spared = 0;
  for (const [patient, own] of partial ? [] : members) {
    const active: ListedMember[] = own.filter(({ inactive }) => !inactive).map(listedMember);
    if (patient === '' || active.length === 0 || meant.has(patient)) continue;
    if (named.has(patient)) spared += 1;
    else {
      edits.push(...removal(active, dayAfter(asOf, -1)));
      changes.push({
        kind: 'dropped',
        patient,
        provider: null,
        previousProvider: active[0]?.provider ?? null,
        line: null,
      });
    }
  }
  const hash = createHash('sha256')
    .update(JSON.stringify([group.id, group.version, edits]))
    .digest('hex')
    .slice(0, 32);
  return {
    hash,
    changes,
    unchanged,
    spared,
    ambiguous,
    unmatched,
    problems: problems.toSorted((a, b) => a.line - b.line),
    edits,
  };
}

/** Values of the list's identifiers that name a contract: all but the provider's NPI and TIN. */
function contractsOf({ head }: OpenGroup): ReadonlySet<string> {
  const identifiers = Array.isArray(head['identifier'])
    ? (head['identifier'] as { system?: string; value?: string }[])
    : [];
  const others = ['http://hl7.org/fhir/sid/us-npi', 'urn:oid:2.16.840.1.113883.4.4'];
  return new Set(
    identifiers.flatMap(({ system = '', value }) => (others.includes(system) || value === undefined ? [] : [value])),
  );
}

async function providersByNpi(
  sql: Transaction,
  tenant: string,
  rows: readonly RosterRow[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const params = ['Practitioner', 'Organization'].map((type) => searchParameter(type, 'identifier')?.id ?? null);
  const { rows: found } = await sql.query<{ code: string; reference: string }>(
    `SELECT DISTINCT s.code, CASE WHEN s.param = $2 THEN 'Practitioner/' ELSE 'Organization/' END || s.id AS reference
       FROM search_token AS s
      WHERE s.tenant = $1 AND s.param IN ($2, $3) AND s.system = 'http://hl7.org/fhir/sid/us-npi' AND s.code = ANY ($4::text[])`,
    [tenant, ...params, [...new Set(rows.flatMap(({ values }) => values.providerNpi ?? []))]],
  );
  return new Map(
    [...Map.groupBy(found, ({ code }) => code)].map(([code, all]) => [code, all.map(({ reference }) => reference)]),
  );
}

/** The Coverages of patients who have one active. */
async function onlyCoverages(
  sql: Transaction,
  tenant: string,
  patients: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const { rows } = await sql.query<{ patient: string; id: string }>(
    `SELECT patient, min(id) AS id FROM resource
      WHERE patient = ANY ($2::text[]) AND tenant = $1 AND type = 'Coverage' AND NOT deleted
        AND content::json ->> 'status' = 'active'
      GROUP BY patient HAVING count(*) = 1`,
    [tenant, patients],
  );
  return new Map(rows.map(({ patient, id }) => [patient, `Coverage/${id}`]));
}
