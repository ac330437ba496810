import { type Beneficiary, type Person, personIn } from './beneficiary.ts';
import { categorize, type DiagnosisStep, unsupported } from './categories.ts';
import { demographicVariables, graftVariables } from './demographics.ts';
import { type Diagnosis, mergeDiagnoses } from './diagnosis.ts';
import { UnsupportedRiskScore } from './errors.ts';
import { applyHierarchy } from './hierarchy.ts';
import { countVariable, findInteractions } from './interactions.ts';
import { hccModels } from './models/all.ts';
import type { HccModel, HccModelId } from './models/model.ts';
import { adjust, decimal, normalize } from './payment.ts';
import type { Announced } from './payment-year.ts';
import { type Segment, segmentOf } from './segment.ts';
import type { TableVersion } from './table-files.ts';
import type { HccTables, ModelTables } from './tables.ts';

/** A condition category that diagnoses gave, and whether it counts. */
export interface CategoryStep {
  readonly category: number;
  readonly label: string;
  /** ICD-10-CM codes without dots. */
  readonly codes: readonly string[];
  /** The category above that dropped it; null where none did. */
  readonly droppedBy: number | null;
  /** Why the model does not count it though no hierarchy drops it. */
  readonly notCounted: string | null;
}

export interface Contribution {
  readonly kind: 'demographic' | 'category' | 'interaction' | 'count' | 'graft';
  /** As in the coefficient table, without its segment. */
  readonly variable: string;
  readonly label: string;
  readonly coefficient: number;
  /** Categories that it rests on. */
  readonly categories: readonly number[];
}

/** Every step of one model's score. Scores are null where they cannot be told, and `refused` says why. */
export interface ModelScore {
  readonly model: HccModelId;
  readonly title: string;
  readonly system: string;
  readonly segment: Segment;
  /** On 1 February of the payment year. */
  readonly age: number;
  readonly diagnoses: readonly DiagnosisStep[];
  readonly categories: readonly CategoryStep[];
  readonly contributions: readonly Contribution[];
  readonly raw: number | null;
  readonly normalization: Announced<number> | null;
  readonly normalized: number | null;
  readonly codingAdjustment: Announced<number>;
  /** The payment score of this model. */
  readonly adjusted: number | null;
  /** Share of the payment in percent. */
  readonly weight: number;
  readonly refused: string | null;
  readonly tables: readonly TableVersion[];
}

export interface ScoreRequest {
  readonly paymentYear: number;
  readonly model: HccModelId;
  readonly beneficiary: Beneficiary;
  readonly diagnoses: readonly Diagnosis[];
  /** Null: as the person's data say. */
  readonly segment: string | null;
}

/**
 * Scores one person by one model (CMS model software). Pure: order and duplicates of diagnoses never matter.
 *
 * @throws UnsupportedRiskScore for a year, model or segment that cannot be computed
 */
export function scoreModel(request: ScoreRequest, tables: HccTables): ModelScore {
  return scoreMerged({ ...request, diagnoses: mergeDiagnoses(request.diagnoses) }, tables);
}

/** As scoreModel, of diagnoses that `mergeDiagnoses` gave. */
export function scoreMerged(request: ScoreRequest, tables: HccTables): ModelScore {
  const { paymentYear, model: id, beneficiary } = request;
  const model = hccModels[id];
  const own = tables.model(paymentYear, id);
  const { inYear } = own;
  const { codingAdjustment } = tables.year(paymentYear);
  const person = personIn(paymentYear, beneficiary);
  const segment = segmentOf(id, person, request.segment);
  const diagnoses = categorize(request.diagnoses, person, own);
  const categories = categoriesOf(diagnoses, model, own);
  const counting = categories.filter(({ droppedBy, notCounted }) => droppedBy === null && notCounted === null);
  const refused = inYear.refused?.['*'] ?? inYear.refused?.[segment.code] ?? null;
  const described = {
    model: id,
    title: model.title,
    system: model.system,
    segment,
    age: person.age,
    diagnoses,
    categories,
    codingAdjustment,
    weight: inYear.weight,
    refused,
    tables: own.versions,
  };
  if (refused !== null)
    return { ...described, contributions: [], raw: null, normalization: null, normalized: null, adjusted: null };
  requireSegment(id, segment.code, person, own);
  const contributions = contributionsOf(segment.code, counting, person, model, own);
  const raw = contributions.reduce((sum, { coefficient }) => sum + Math.round(coefficient * 1000), 0);
  const normalization = normalizationOf(inYear.normalization, segment.code);
  const normalized = normalization === null ? null : normalize(raw, normalization.value);
  // Whether the coding adjustment holds for ESRD segments is not told by what is installed.
  const adjusted = normalized === null || id === 'ESRD-V24' ? null : adjust(normalized, codingAdjustment.value);
  return {
    ...described,
    contributions,
    raw: decimal(raw),
    normalization,
    normalized: normalized === null ? null : decimal(normalized),
    adjusted: adjusted === null ? null : decimal(adjusted),
  };
}

function categoriesOf(diagnoses: readonly DiagnosisStep[], model: HccModel, tables: ModelTables): CategoryStep[] {
  const codes = new Map<number, string[]>();
  for (const { code, categories } of diagnoses)
    for (const category of categories) {
      const known = codes.get(category);
      if (known === undefined) codes.set(category, [code]);
      else known.push(code);
    }
  const present = new Set(codes.keys());
  const notCounted = unsupported(present, model);
  const supported = notCounted.size === 0 ? present : present.difference(new Set(notCounted.keys()));
  const droppedBy = applyHierarchy(supported, tables);
  return [...codes]
    .sort(([a], [b]) => a - b)
    .map(([category, of]) => ({
      category,
      label: tables.label(category),
      codes: of,
      droppedBy: droppedBy.get(category) ?? null,
      notCounted: notCounted.get(category) ?? null,
    }));
}

function contributionsOf(
  segment: string,
  counting: readonly CategoryStep[],
  person: Person,
  model: HccModel,
  tables: ModelTables,
): Contribution[] {
  const contributions: Contribution[] = [];
  const add = (
    kind: Contribution['kind'],
    variable: string,
    label: string,
    categories: readonly number[],
    of = segment,
  ): void => {
    const value = tables.coefficients.get(of)?.get(variable);
    if (value !== undefined) contributions.push({ kind, variable, label, coefficient: decimal(value), categories });
  };
  for (const variable of demographicVariables(segment, person)) add('demographic', variable, 'Age, sex, status', []);
  if (/^G(F|NP)[AN]$/.test(segment))
    for (const variable of graftVariables(person)) add('graft', variable, 'Time since the transplant', [], 'FGC');
  for (const { category, label } of counting) add('category', `${model.prefix}${category}`, label, [category]);
  const left = new Set(counting.map(({ category }) => category));
  for (const { variable, categories } of findInteractions(left, model, person))
    add('interaction', variable, 'Diseases together', categories);
  const count = countVariable(left.size);
  if (count !== null) add('count', count, `${left.size} payment categories`, [...left]);
  return contributions;
}

/** Nobody is scored by a segment that has no cell for age and sex: the sum would lack its first part. */
function requireSegment(id: HccModelId, segment: string, person: Person, { coefficients }: ModelTables): void {
  const known = coefficients.get(segment);
  if (known === undefined)
    throw new UnsupportedRiskScore(
      `${id} has no segment ${segment}: there are ${[...coefficients.keys()].filter((one) => one !== 'FGC').join(', ')}`,
    );
  if (!demographicVariables(segment, person).some((variable) => known.has(variable)))
    throw new UnsupportedRiskScore(
      `Segment ${segment} of ${id} is not for this person's age (${person.age} on 1 February of the payment year) or status`,
    );
}

function normalizationOf(
  announced: Announced<number | { readonly dialysis: number; readonly graft: number }> | null,
  segment: string,
): Announced<number> | null {
  if (announced === null) return null;
  const { value, status, source } = announced;
  if (typeof value === 'number') return { value, status, source };
  return { value: segment.startsWith('G') ? value.graft : value.dialysis, status, source };
}
