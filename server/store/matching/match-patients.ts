import type { Patient } from '@medplum/fhirtypes';
import type { Sql } from '../../db/database.ts';
import { matchCandidates } from './candidates.ts';
import { featuresOf } from './features.ts';
import { type MatchScore, matchScore } from './score.ts';

export interface PatientMatch extends MatchScore {
  readonly patient: Patient;
}

/** Patients who may be this one, best first; of equal scores by id. Without its own id, so that a Patient finds itself, too. */
export async function matchPatients(sql: Sql, tenant: string, wanted: Patient): Promise<readonly PatientMatch[]> {
  const features = featuresOf(wanted);
  const candidates = await matchCandidates(sql, tenant, wanted, features);
  return candidates
    .map((patient) => ({ patient, ...matchScore(features, featuresOf(patient)) }))
    .filter(({ grade }) => grade !== null)
    .toSorted((a, b) => b.score - a.score || ((a.patient.id ?? '') < (b.patient.id ?? '') ? -1 : 1));
}
