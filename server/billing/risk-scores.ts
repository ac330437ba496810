import type { Resource } from '@medplum/fhirtypes';
import {
  type HccModelId,
  type HccTables,
  type PatientScore,
  scorePatient,
  UnsupportedRiskScore,
} from '../../measures/index.ts';
import type { Sql } from '../db/database.ts';
import { loadPatientRecords } from '../store/patient-record.ts';

export interface RiskScoreQuery {
  readonly paymentYear: number;
  /** Empty: the models that pay. */
  readonly models: readonly HccModelId[];
  readonly segment: string | null;
  /** Days of service, YYYY-MM-DD; null: the collection year. */
  readonly collection: { readonly start: string; readonly end: string } | null;
  /** Services after this day are not looked at; null: all are. */
  readonly asOf: string | null;
}

/** A patient's score, or why there is none. A patient that is not there is left out. */
export type ScoredPatient =
  | { readonly patient: string; readonly name: string; readonly score: PatientScore }
  | { readonly patient: string; readonly name: string; readonly error: UnsupportedRiskScore };

/** Types that a score is read from beside Patient: whoever asks for one needs the right to read each. */
export const scoredTypes = [
  'Coverage',
  'Encounter',
  'Condition',
  'Procedure',
  'ChargeItem',
  'Claim',
  'ExplanationOfBenefit',
] as const;
const patientsAtOnce = 100;

/** Scores patients from what is stored now, a hundred at a time, in the order that they were asked for. */
export async function* riskScores(
  sql: Sql,
  tables: HccTables,
  tenant: string,
  patients: readonly string[],
  query: RiskScoreQuery,
): AsyncGenerator<ScoredPatient> {
  for (let from = 0; from < patients.length; from += patientsAtOnce) {
    const records = await loadPatientRecords(sql, tenant, patients.slice(from, from + patientsAtOnce), scoredTypes);
    for (const [patient, { contents }] of records) {
      const resources = contents.map((content): Resource => JSON.parse(content));
      const name = nameOf(resources);
      try {
        yield { patient, name, score: scorePatient({ ...query, resources }, tables) };
      } catch (error) {
        if (!(error instanceof UnsupportedRiskScore)) throw error;
        yield { patient, name, error };
      }
    }
  }
}

function nameOf(resources: readonly Resource[]): string {
  const patient = resources.find((resource) => resource.resourceType === 'Patient');
  const name = patient?.name?.find(({ use }) => use === 'official') ?? patient?.name?.[0];
  return name?.text ?? [...(name?.given ?? []), name?.family].filter((part) => part !== undefined).join(' ');
}
