import { canonicalOf, reportIdOf } from '../../../bundles/index.ts';
import type { GapReason, GapStatus, MeasurementPeriod } from '../../../measures/index.ts';
import { directionOf, directions } from '../../content/directions.ts';
import type { Sql } from '../../db/database.ts';
import type { NextStep, PopulationCount } from '../gap-row.ts';
import type { LiveMeasure, LivePlan } from '../live-plan.ts';
import { remarksFor } from '../remarks.ts';
import { type Evidence, evidenceOf } from './evidence.ts';
import type { PatientSummary } from './measure-patients.ts';
import { type GapChange, patientHistory, titleOf } from './patient-history.ts';
import { isAbout, type RemarkView, remarkView } from './remark.ts';

export interface PatientGap {
  readonly measure: {
    readonly id: string;
    readonly url: string;
    readonly version: string | null;
    readonly title: string;
  };
  readonly group: { readonly id: string | null; readonly title: string | null };
  readonly period: MeasurementPeriod;
  /** False for the gaps of a period beside the current one. */
  readonly current: boolean;
  /** Id of the MeasureReport that `$care-gaps` gives for it: remarks are added to that one. */
  readonly reportId: string;
  /** Why an operator says that another direction is better than the Measure does; null where nobody does. */
  readonly directionReason: string | null;
  readonly status: GapStatus | 'error' | null;
  readonly since: string;
  readonly evaluatedAt: string;
  readonly dueBy: string | null;
  readonly reasons: readonly GapReason[];
  readonly evidence: readonly Evidence[];
  readonly nextSteps: readonly NextStep[];
  readonly populations: readonly PopulationCount[];
  readonly error: string | null;
  /** What others said about the gap (DEQM remarks), oldest first. They change nothing of it. */
  readonly remarks: readonly RemarkView[];
}

export interface PatientGapsView {
  readonly patient: PatientSummary & { readonly lastVisit: string | null };
  /** True while the patient waits to be evaluated again. */
  readonly pending: boolean;
  /** Of live measures: the current period before others, in it what is urgent first. */
  readonly gaps: readonly PatientGap[];
  /** The newest 200 changes, latest first. */
  readonly history: readonly GapChange[];
}

const urgency = ['open-gap', 'error', 'prospective-gap', 'closed-gap', 'not-applicable', null];

/** @returns null for a patient that is not known, or not evaluated yet */
export async function patientGapsView(
  sql: Sql,
  tenant: string,
  patient: string,
  plan: LivePlan,
): Promise<PatientGapsView | null> {
  const headers = await sql.query<HeaderRow>(
    `SELECT h.*, EXISTS (SELECT FROM change_feed AS f WHERE f.patient = h.patient AND f.tenant = h.tenant)
              OR EXISTS (SELECT FROM outside_change AS o JOIN record_reference AS r USING (tenant, type, id)
                         WHERE r.patient = h.patient AND r.tenant = h.tenant) AS pending
     FROM patient_header AS h WHERE h.patient = $2 AND h.tenant = $1`,
    [tenant, patient],
  );
  const [header] = headers.rows;
  if (header === undefined) return null;
  const { rows } = await sql.query<StateRow>(
    `SELECT measure_url, measure_version, group_id, period_start::text, period_end::text, status, since, evaluated_at,
            due_by, reasons, evidence, next_steps, populations, error
     FROM gap_state WHERE patient = $2 AND tenant = $1 AND live`,
    [tenant, patient],
  );
  const references = [...new Set(rows.flatMap((row) => row.evidence))];
  const resources = await referenced(sql, tenant, patient, references);
  const remarks = (await remarksFor(sql, tenant, [patient])).get(patient) ?? [];
  const given = await directions(sql, tenant);
  const gaps = rows.flatMap((row): PatientGap[] => {
    const { measure_url: url, period_start: start, period_end: end } = row;
    const isOf = ({ measure: { url: of, version }, period }: LiveMeasure): boolean =>
      of === url && (version ?? '') === row.measure_version && period.start === start;
    const { measure, groups } = plan.all.find(isOf) ?? { measure: null, groups: [] };
    const group = groups.find(({ id }) => (id ?? '') === row.group_id);
    if (measure === null || group === undefined) return [];
    return [
      {
        measure: { id: measure.id, url, version: measure.version, title: titleOf(measure) },
        group: { id: group.id, title: group.description },
        period: { start, end },
        current: plan.measures.some(isOf),
        reportId: reportIdOf(
          { measure: canonicalOf(measure.definition), period: { start, end }, subject: patient },
          'uv-1.0.0',
        ),
        directionReason: directionOf(given, url, group.id)?.reason ?? null,
        status: row.status,
        since: row.since.toISOString(),
        evaluatedAt: row.evaluated_at.toISOString(),
        dueBy: row.due_by,
        reasons: row.reasons,
        evidence: row.evidence.map((reference) => evidenceOf(reference, resources.get(keyOf(reference)) ?? null)),
        nextSteps: row.next_steps,
        populations: row.populations,
        error: row.error,
        remarks: remarks.filter((remark) => isAbout(remark, url, group.id, { start, end })).map(remarkView),
      },
    ];
  });
  return {
    patient: {
      id: header.patient,
      name: header.name,
      birthDate: header.birth_date,
      gender: header.gender,
      phone: header.phone,
      provider: header.provider === null ? null : { reference: header.provider, name: header.provider_name },
      lastVisit: header.last_visit,
    },
    pending: header.pending,
    gaps: gaps.sort(
      (a, b) =>
        Number(b.current) - Number(a.current) ||
        b.period.start.localeCompare(a.period.start) ||
        urgency.indexOf(a.status) - urgency.indexOf(b.status) ||
        a.measure.title.localeCompare(b.measure.title),
    ),
    history: await patientHistory(sql, tenant, patient, plan),
  };
}

/** `Type/id` of a reference that may name a version. */
function keyOf(reference: string): string {
  return reference.replace(/\/_history\/.*$/, '');
}

async function referenced(
  sql: Sql,
  tenant: string,
  patient: string,
  references: readonly string[],
): Promise<Map<string, { readonly [element: string]: unknown }>> {
  if (references.length === 0) return new Map();
  const keys = references.map((reference) => keyOf(reference).split('/'));
  const { rows } = await sql.query<{ type: string; id: string; content: string }>(
    `SELECT r.type, r.id, r.content FROM unnest($3::text[], $4::text[]) AS k (type, id)
     JOIN resource AS r ON r.patient IN ($2, '') AND r.tenant = $1 AND r.type = k.type AND r.id = k.id AND NOT r.deleted`,
    [tenant, patient, keys.map(([type]) => type), keys.map(([, id]) => id)],
  );
  return new Map(rows.map(({ type, id, content }) => [`${type}/${id}`, JSON.parse(content)]));
}

interface HeaderRow {
  readonly patient: string;
  readonly name: string;
  readonly birth_date: string | null;
  readonly gender: string | null;
  readonly phone: string | null;
  readonly provider: string | null;
  readonly provider_name: string | null;
  readonly last_visit: string | null;
  readonly pending: boolean;
}

interface StateRow {
  readonly measure_url: string;
  readonly measure_version: string;
  readonly group_id: string;
  readonly period_start: string;
  readonly period_end: string;
  readonly status: PatientGap['status'];
  readonly since: Date;
  readonly evaluated_at: Date;
  readonly due_by: string | null;
  readonly reasons: GapReason[];
  readonly evidence: string[];
  readonly next_steps: NextStep[];
  readonly populations: PopulationCount[];
  readonly error: string | null;
}
