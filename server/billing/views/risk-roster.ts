import type { Group } from '@medplum/fhirtypes';
import type { HccTables, PatientScore, TableStatus } from '../../../measures/index.ts';
import type { Sql } from '../../db/database.ts';
import { InvalidRequest } from '../../store/errors.ts';
import { findIds } from '../../store/find-ids.ts';
import { readResource } from '../../store/read.ts';
import { riskScores } from '../risk-scores.ts';

/** One patient of the table; `score` is null where `reason` says why. */
export interface RiskRow {
  readonly patient: { readonly id: string; readonly name: string };
  readonly score: number | null;
  readonly status: TableStatus | null;
  readonly models: readonly {
    readonly title: string;
    readonly segment: string;
    readonly raw: number | null;
    readonly adjusted: number | null;
  }[];
  /** Categories that count, of the newest of the models. */
  readonly categories: readonly { readonly category: number; readonly label: string }[];
  readonly age: number | null;
  readonly assumptions: number;
  readonly reason: string | null;
}

export interface RiskRoster {
  readonly paymentYear: number;
  readonly total: number;
  /** Mean of the scores that could be told; null when none could. */
  readonly mean: number | null;
  readonly items: readonly RiskRow[];
}

export interface RosterQuery {
  readonly tenant: string;
  readonly paymentYear: number;
  /** Id of a Group whose members are meant; null for all patients. */
  readonly group: string | null;
  readonly descending: boolean;
  readonly offset: number;
  readonly count: number;
}

/** Scores of more patients are asked of `$risk-score`, which answers in files. */
const mostPatients = 5_000;

/**
 * A page of a roster by score; who could not be scored stands last.
 *
 * @throws UnsupportedRiskScore for a year without tables, InvalidRequest for a roster that is too large, ResourceNotFound
 */
export async function riskRoster(sql: Sql, tables: HccTables, query: RosterQuery): Promise<RiskRoster> {
  const { tenant, paymentYear, group, descending, offset, count } = query;
  tables.year(paymentYear);
  const patients = group === null ? await findIds(sql, tenant, 'Patient', '') : await members(sql, tenant, group);
  if (patients.length > mostPatients)
    throw new InvalidRequest(
      `${patients.length} patients are meant, and this table sorts ${mostPatients} at most: name a group, or ask Group/x/$risk-score`,
    );
  const rows: RiskRow[] = [];
  const asked = { paymentYear, models: [], segment: null, collection: null, asOf: null };
  for await (const scored of riskScores(sql, tables, tenant, patients, asked)) {
    const patient = { id: scored.patient, name: scored.name };
    rows.push('error' in scored ? unscored(patient, scored.error.message) : rowOf(patient, scored.score));
  }
  const known = rows.flatMap(({ score }) => score ?? []);
  const sign = descending ? -1 : 1;
  rows.sort((a, b) => {
    if (a.score === null || b.score === null) return Number(a.score === null) - Number(b.score === null);
    return sign * (a.score - b.score) || (a.patient.id < b.patient.id ? -1 : 1);
  });
  const sum = known.reduce((total, score) => total + Math.round(score * 1000), 0);
  return {
    paymentYear,
    total: rows.length,
    mean: known.length === 0 ? null : Math.round(sum / known.length) / 1000,
    items: rows.slice(offset, offset + count),
  };
}

async function members(sql: Sql, tenant: string, id: string): Promise<readonly string[]> {
  const { content } = await readResource(sql, tenant, 'Group', id);
  const group: Group = JSON.parse(content ?? '{}');
  const references = (group.member ?? []).flatMap(({ inactive, entity }) =>
    inactive === true ? [] : (/^Patient\/([A-Za-z0-9.-]{1,64})$/.exec(entity.reference ?? '')?.[1] ?? []),
  );
  return [...new Set(references)];
}

function unscored(patient: RiskRow['patient'], reason: string): RiskRow {
  return { patient, score: null, status: null, models: [], categories: [], age: null, assumptions: 0, reason };
}

function rowOf(patient: RiskRow['patient'], { score, status, models, assumptions }: PatientScore): RiskRow {
  const newest = models.at(-1);
  return {
    patient,
    score,
    status,
    models: models.map(({ title, segment, raw, adjusted }) => ({ title, segment: segment.code, raw, adjusted })),
    categories: (newest?.categories ?? []).flatMap(({ category, label, droppedBy, notCounted }) =>
      (droppedBy ?? notCounted) === null ? [{ category, label }] : [],
    ),
    age: newest?.age ?? null,
    assumptions: assumptions.length,
    reason: score === null ? 'No payment score can be told for this model and year: see the patient' : null,
  };
}
