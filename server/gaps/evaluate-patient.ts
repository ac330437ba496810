import type { EvaluationPool } from '../jobs/evaluation-pool.ts';
import type { LoadedRecord } from '../store/patient-record.ts';
import type { Claim } from './change-feed.ts';
import type { DueMeasure } from './due-measures.ts';
import { gapRows } from './gap-row.ts';
import { patientHeader } from './patient-header.ts';
import type { EvaluatedRow, PatientOutcome } from './patient-outcome.ts';
import { type ResultRow, resultRow } from './stored-results.ts';

/**
 * Evaluates for a claimed patient the measures that are due.
 * @param record null when the patient is gone
 * @param withHeader take what worklists show from the record, which then has Encounters
 * @param now ISO date-time with offset, in the timezone of the practice
 */
export async function evaluatePatient(
  pool: EvaluationPool,
  claim: Claim,
  record: LoadedRecord | null,
  due: readonly DueMeasure[],
  withHeader: boolean,
  now: string,
): Promise<PatientOutcome> {
  if (record === null) return { claim, header: null, rows: [], results: [] };
  const answers = await pool.evaluate({
    resources: record.contents,
    tasks: due.map(({ live: { packed, period } }) => ({
      measure: packed,
      request: { period, now, supplementalData: true },
      gaps: true,
      detail: false,
      keep: true,
    })),
    priority: claim.background ? 'background' : 'feed',
  });
  const today = now.slice(0, 10);
  const rows: EvaluatedRow[] = [];
  const results: ResultRow[] = [];
  for (const [index, { live, cause }] of due.entries()) {
    const answer = answers[index];
    if (answer === undefined) continue;
    const { measure, packed, period, groups } = live;
    results.push(resultRow(measure, packed, period, answer, record.versions, now));
    const holdThrough = answer.ok ? (answer.kept?.holdThrough ?? null) : null;
    // What follows the clock is looked at again tomorrow; so is what failed.
    const validUntil = !answer.ok || packed.clock !== 'none' ? today : holdThrough;
    for (const row of gapRows(measure, groups, period, packed.hash, answer, today)) {
      const timeless = row.status === 'closed-gap' || row.status === 'not-applicable' || row.status === null;
      rows.push({
        ...row,
        cause,
        // On an earlier day than today (clocks are set back) the time that is left is another.
        validFrom: timeless && packed.clock === 'none' ? null : today,
        validUntil: validUntil !== null && validUntil < today ? today : validUntil,
        utcOffset: now.slice(-6),
      });
    }
  }
  const header = withHeader ? (patientHeader(record.contents, today) ?? unreadable(claim.patient)) : 'unchanged';
  return { claim, header, rows, results };
}

/** The outcome without what could not be stored, and with the error that says so; never the value itself. */
export function withError(outcome: PatientOutcome, { name }: Error): PatientOutcome {
  const error = `${name}: a value of the record cannot be stored`;
  const nothing = { status: 'error', populations: [], reasons: [], nextSteps: [], evidence: [], dueBy: null } as const;
  const rows = outcome.rows.map((row) => ({ ...row, ...nothing, error }));
  const results = outcome.results.map((result) => ({ ...result, validThrough: null, result: null }));
  const header =
    typeof outcome.header === 'object' && outcome.header !== null ? unreadable(outcome.claim.patient) : null;
  return { ...outcome, header: outcome.header === 'unchanged' ? 'unchanged' : header, rows, results };
}

/** A Patient that cannot be read still has its row in the worklists, with the error. */
function unreadable(patient: string): Exclude<PatientOutcome['header'], 'unchanged'> {
  const unknown = { birthDate: null, gender: null, phone: null, provider: null, providerName: null, lastVisit: null };
  return { id: patient, name: `Patient ${patient}`, sortName: `patient ${patient}`, ...unknown };
}
