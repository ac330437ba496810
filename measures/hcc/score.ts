import type { Beneficiary } from './beneficiary.ts';
import { type Diagnosis, mergeDiagnoses } from './diagnosis.ts';
import { type ModelScore, scoreMerged } from './model-score.ts';
import type { HccModelId } from './models/model.ts';
import { decimal, weigh } from './payment.ts';
import type { PaymentYear } from './payment-year.ts';
import type { TableStatus } from './table-files.ts';
import type { HccTables } from './tables.ts';

export interface RiskScore {
  readonly paymentYear: number;
  readonly collectionYear: number;
  /** One model, or the models of a blend. */
  readonly models: readonly ModelScore[];
  /** What is paid: of a blend the sum of the weighted scores, each rounded. Null where a part cannot be told. */
  readonly score: number | null;
  /** The least certain of all that the score rests on. */
  readonly status: TableStatus;
}

export interface RiskScoreRequest {
  readonly paymentYear: number;
  readonly beneficiary: Beneficiary;
  readonly diagnoses: readonly Diagnosis[];
  /** Empty: the models that pay in the year. */
  readonly models: readonly HccModelId[];
  readonly segment: string | null;
}

/** @throws UnsupportedRiskScore for a year, model or segment that cannot be computed */
export function scoreRisk(request: RiskScoreRequest, tables: HccTables): RiskScore {
  const { paymentYear, beneficiary, segment } = request;
  const diagnoses = mergeDiagnoses(request.diagnoses);
  const year = tables.year(paymentYear);
  const paying = payingModels(year, beneficiary);
  const wanted = request.models.length === 0 ? paying : request.models;
  const models = [...new Set(wanted)].map((model) =>
    scoreMerged({ paymentYear, model, beneficiary, diagnoses, segment }, tables),
  );
  return {
    paymentYear,
    collectionYear: year.collectionYear,
    models,
    score: payment(models, paying),
    status: leastCertain(models, tables.eligible(paymentYear).version.status),
  };
}

/** The models whose blend pays; members with ESRD are paid by the ESRD model. */
export function payingModels({ models }: PaymentYear, { esrd }: Beneficiary): readonly HccModelId[] {
  if (esrd !== null) return ['ESRD-V24'];
  const ids = Object.keys(models) as HccModelId[];
  return ids.filter((id) => (models[id]?.weight ?? 0) > 0);
}

/** Null when a paying model was not asked for, or has no payment score. */
function payment(models: readonly ModelScore[], paying: readonly HccModelId[]): number | null {
  const parts = paying.map((id) => models.find(({ model }) => model === id));
  if (parts.length === 1) return parts[0]?.adjusted ?? null;
  let sum = 0;
  for (const part of parts) {
    if (part === undefined || part.adjusted === null) return null;
    sum += weigh(Math.round(part.adjusted * 1000), part.weight);
  }
  return decimal(sum);
}

const certainty: readonly TableStatus[] = ['final', 'derived', 'provisional'];

function leastCertain(models: readonly ModelScore[], eligible: TableStatus): TableStatus {
  const all = models.flatMap(({ tables, normalization, codingAdjustment }) => [
    ...tables.map(({ status }) => status),
    codingAdjustment.status,
    ...(normalization === null ? [] : [normalization.status]),
  ]);
  return [eligible, ...all].reduce((worst, one) => (certainty.indexOf(one) > certainty.indexOf(worst) ? one : worst));
}
