export {
  type AttributionWindow,
  type ComputedAttribution,
  computeAttribution,
  type Share,
  type Visit,
} from './attribution/attribute.ts';
export {
  type AttributionTotals,
  attributionTotals,
  type ComparedAttribution,
  compareAttribution,
  type ListedAttribution,
} from './attribution/compare.ts';
export { serviceYearOf } from './attribution/services.ts';
export { type SpecialtyClass, specialtyClass } from './attribution/specialties.ts';
export { type OwnMeasure, ownMeasures } from './content/own-measures.ts';
export type * from './definition.ts';
export type { ImprovementNotations } from './direction.ts';
export * from './errors.ts';
export { reportedGroups } from './evaluation/composite.ts';
export { measurementPeriod, offsetOf, periodParameter } from './evaluation/period.ts';
export type * from './evaluation/result.ts';
export { type ComponentScore, weightedMean } from './evaluation/scoring/composite.ts';
export { evaluateSubject, type SubjectRequest } from './evaluation/subject.ts';
export type * from './gaps/answer.ts';
export { datedGapAnswers, gapAnswers } from './gaps/gap-answers.ts';
export { type GapFacts, gapFacts, gapStatus } from './gaps/status.ts';
export type { Beneficiary, EntitlementReason, EsrdStatus, Sex } from './hcc/beneficiary.ts';
export type { DiagnosisStep } from './hcc/categories.ts';
export { type BeneficiaryFacts, coverageExtensions } from './hcc/coverage-facts.ts';
export { type Diagnosis, type DiagnosisEvidence, dottedCode, plainCode } from './hcc/diagnosis.ts';
export { UnsupportedRiskScore } from './hcc/errors.ts';
export type { Gate, GateName } from './hcc/gates.ts';
export type { CategoryStep, Contribution, ModelScore, ScoreRequest } from './hcc/model-score.ts';
export { scoreModel } from './hcc/model-score.ts';
export { hccModels, isHccModelId } from './hcc/models/all.ts';
export type { HccModel, HccModelId } from './hcc/models/model.ts';
export { type GatedService, type PatientScore, type PatientScoreRequest, scorePatient } from './hcc/patient-score.ts';
export type { PaymentYear } from './hcc/payment-year.ts';
export { type RiskScore, type RiskScoreRequest, scoreRisk } from './hcc/score.ts';
export type { DiscardedDiagnosis } from './hcc/service.ts';
export type { TableStatus, TableVersion } from './hcc/table-files.ts';
export { type HccTables, openHccTables } from './hcc/tables.ts';
export { type KeptInput, prepareOrRestore } from './kept.ts';
export { type PreparedMeasure, type PrepareInput, prepareMeasure } from './prepare.ts';
export { readMeasure } from './read-measure.ts';
export type { SupplementalTotal } from './supplemental-totals.ts';
export * from './tally.ts';
