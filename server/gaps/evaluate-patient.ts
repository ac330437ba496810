import type { EvaluationPool } from '../jobs/evaluation-pool.ts';
import type { LoadedRecord } from '../store/patient-record.ts';
import type { Claim } from './change-feed.ts';
import { gapRows } from './gap-row.ts';
import type { PatientOutcome } from './gap-state.ts';
import type { LiveMeasure } from './live-plan.ts';
import { patientHeader } from './patient-header.ts';
import { resultRow } from './stored-results.ts';

/** The instant of an evaluation as engines take it: in UTC, with its offset. */
export function nowText(now: Date): string {
  return now.toISOString().replace('Z', '+00:00');
}

/**
 * Evaluates all live measures for a claimed patient.
 * @param record null when the patient is gone
 * @param now ISO date-time with offset, in the timezone of the practice
 */
export async function evaluatePatient(
  pool: EvaluationPool,
  claim: Claim,
  record: LoadedRecord | null,
  measures: readonly LiveMeasure[],
  now: string,
): Promise<PatientOutcome> {
  if (record === null) return { claim, header: null, rows: [], results: [] };
  const answers = await pool.evaluate({
    resources: record.contents,
    tasks: measures.map(({ packed, period }) => ({
      measure: packed,
      request: { period, now, supplementalData: true },
      gaps: true,
      detail: false,
      keep: true,
    })),
  });
  const results = measures.flatMap(({ measure, period, packed }, index) => {
    const answer = answers[index];
    return answer === undefined ? [] : [resultRow(measure, packed, period, answer, record.versions, now)];
  });
  const rows = measures.flatMap(({ measure, groups, period, packed }, index) => {
    const answer = answers[index];
    return answer === undefined ? [] : gapRows(measure, groups, period, packed.hash, answer);
  });
  const header = patientHeader(record.contents, now.slice(0, 10));
  return { claim, header: header ?? unreadable(claim.patient), rows, results };
}

/** The outcome without what could not be stored, and with the error that says so; never the value itself. */
export function withError(outcome: PatientOutcome, { name }: Error): PatientOutcome {
  const error = `${name}: a value of the record cannot be stored`;
  const nothing = { status: 'error', populations: [], reasons: [], nextSteps: [], evidence: [], dueBy: null } as const;
  const rows = outcome.rows.map((row) => ({ ...row, ...nothing, error }));
  const results = outcome.results.map((result) => ({ ...result, validThrough: null, result: null }));
  return { ...outcome, header: outcome.header === null ? null : unreadable(outcome.claim.patient), rows, results };
}

/** A Patient that cannot be read still has its row in the worklists, with the error. */
function unreadable(patient: string): PatientOutcome['header'] {
  const unknown = { birthDate: null, gender: null, phone: null, provider: null, providerName: null, lastVisit: null };
  return { id: patient, name: `Patient ${patient}`, sortName: `patient ${patient}`, ...unknown };
}
