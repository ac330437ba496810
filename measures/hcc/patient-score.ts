import type { Resource } from '@medplum/fhirtypes';
import { claimServices } from './claim-services.ts';
import { type BeneficiaryFacts, beneficiaryFacts } from './coverage-facts.ts';
import { type Diagnosis, dottedCode, mergeDiagnoses } from './diagnosis.ts';
import { encounterServices } from './encounter-services.ts';
import { type Gate, passGates } from './gates.ts';
import type { HccModelId } from './models/model.ts';
import { type RiskScore, scoreRisk } from './score.ts';
import type { DiscardedDiagnosis, Service } from './service.ts';
import type { TableVersion } from './table-files.ts';
import type { HccTables } from './tables.ts';

/** A service with what the gates said of it. */
export interface GatedService extends Service {
  readonly gates: readonly Gate[];
  /** All gates opened: its diagnoses count. */
  readonly counts: boolean;
}

export interface PatientScoreRequest {
  /** The Patient, and of it Coverage, Encounter, Condition, Procedure, ChargeItem, Claim and ExplanationOfBenefit. */
  readonly resources: readonly Resource[];
  readonly paymentYear: number;
  /** Empty: the models that pay. */
  readonly models: readonly HccModelId[];
  readonly segment: string | null;
  /** Days of service that count, YYYY-MM-DD. Null: the collection year. */
  readonly collection: { readonly start: string; readonly end: string } | null;
  /** Nothing after this day is looked at. Null: everything. */
  readonly asOf: string | null;
}

/** A score with all that led to it, from the services on. */
export interface PatientScore extends RiskScore, BeneficiaryFacts {
  readonly collection: { readonly start: string; readonly end: string };
  /** Those that carry ICD-10-CM codes; of those outside the collection only `outside` tells. */
  readonly services: readonly GatedService[];
  /** How many services with ICD-10-CM codes lie outside the collection. */
  readonly outside: number;
  readonly discarded: readonly DiscardedDiagnosis[];
  /** The codes that the diagnoses of the collection were taken from. */
  readonly diagnoses: readonly Diagnosis[];
  readonly eligibleCodes: TableVersion;
}

/**
 * Scores a patient from FHIR resources: services, gates, diagnoses, then the models.
 *
 * @throws UnsupportedRiskScore when year, model, segment or person cannot be scored
 */
export function scorePatient(request: PatientScoreRequest, tables: HccTables): PatientScore {
  const { resources, paymentYear, models, segment } = request;
  const year = tables.year(paymentYear);
  const facts = beneficiaryFacts(resources, paymentYear);
  const eligible = tables.eligible(paymentYear);
  const collection = collectionOf(request, year.collectionYear);
  const chart = encounterServices(resources);
  const rules = { year, eligible, ...collection };
  const gated = [...chart.services, ...claimServices(resources)]
    .filter(({ diagnoses }) => diagnoses.length > 0)
    .map((service): GatedService => {
      const gates = passGates(service, rules);
      return { ...service, gates, counts: gates.every(({ passed }) => passed) };
    })
    .sort((a, b) => (a.reference < b.reference ? -1 : 1));
  const services = gated.filter(({ gates }) => !gates.some(({ gate, passed }) => gate === 'date' && !passed));
  const diagnoses = mergeDiagnoses(services.filter(({ counts }) => counts).flatMap(diagnosesOf));
  const { beneficiary } = facts;
  return {
    ...facts,
    assumptions: [...facts.assumptions, ...kidneyAssumption(diagnoses, facts)],
    ...scoreRisk({ paymentYear, beneficiary, diagnoses, models, segment }, tables),
    collection,
    services,
    outside: gated.length - services.length,
    discarded: chart.discarded,
    diagnoses,
    eligibleCodes: eligible.version,
  };
}

/** Renal failure without the status that a payer's roster tells: the ESRD model would pay otherwise. */
function kidneyAssumption(diagnoses: readonly Diagnosis[], { beneficiary }: BeneficiaryFacts): string[] {
  const found = diagnoses.find(({ code }) => code === 'N186' || code === 'Z992');
  if (found === undefined || beneficiary.esrd !== null) return [];
  return [`${dottedCode(found.code)} is coded, but no Coverage tells an ESRD status: not scored by the ESRD model`];
}

function collectionOf(
  { collection, asOf }: PatientScoreRequest,
  year: number,
): { readonly start: string; readonly end: string } {
  const { start, end } = collection ?? { start: `${year}-01-01`, end: `${year}-12-31` };
  return { start, end: asOf !== null && asOf < end ? asOf : end };
}

function diagnosesOf({ diagnoses, reference: service, date }: Service): Diagnosis[] {
  return diagnoses.map(({ code, reference }) => ({ code, evidence: [{ reference, service, date: date ?? '' }] }));
}
