import type { RiskAssessment, RiskAssessmentPrediction } from '@medplum/fhirtypes';
import type { ModelScore, PatientScore } from '../../measures/index.ts';
import { stepsOf } from './risk-steps.ts';

const predictions = 'http://gapless.health/CodeSystem/risk-score';

/**
 * A risk score as RiskAssessment (R4): relativeRisk is what CMS's scores are, the cost of a member relative to an average one.
 * Basis are the resources that diagnoses were taken from, and the steps, which are contained. Preliminary while anything it
 * rests on is derived or provisional.
 */
export function riskAssessment(patient: string, score: PatientScore, at: Date): RiskAssessment {
  const { models, paymentYear, status } = score;
  const blend = models.length > 1;
  const evidence = new Set(
    models.flatMap(({ diagnoses }) =>
      diagnoses.flatMap((step) =>
        step.categories.length === 0 ? [] : step.evidence.map(({ reference }) => reference),
      ),
    ),
  );
  const when = { start: `${paymentYear}-01-01`, end: `${paymentYear}-12-31` };
  const notes = [
    ...score.assumptions,
    ...models.flatMap(({ title, refused }) => (refused === null ? [] : [`${title} has no score: ${refused}`])),
    ...models.flatMap(({ title, raw, normalized }) =>
      raw !== null && normalized === null
        ? [`${title}: no normalization factor is known for payment year ${paymentYear}, only the raw score is`]
        : [],
    ),
  ];
  return {
    resourceType: 'RiskAssessment',
    contained: [stepsOf(score)],
    status: status === 'final' ? 'final' : 'preliminary',
    method: {
      text: `${models.map(({ title }) => title).join(' and ')}, payment year ${paymentYear}`,
    },
    code: { coding: [{ system: predictions, code: 'risk-score', display: 'Risk score' }], text: 'Risk score' },
    subject: { reference: `Patient/${patient}` },
    occurrenceDateTime: at.toISOString(),
    basis: [...[...evidence].sort().map((reference) => ({ reference })), { reference: '#steps' }],
    prediction: [
      ...(blend && score.score !== null
        ? [prediction('payment-score', 'Payment score of the blend', score.score, when, blendRationale(models))]
        : []),
      ...models.map((model) => modelPrediction(model, when)),
    ],
    ...(notes.length > 0 && { note: notes.map((text) => ({ text })) }),
  };
}

function modelPrediction(model: ModelScore, when: { readonly start: string; readonly end: string }) {
  const { title, segment, raw, normalized, adjusted, contributions } = model;
  const code = adjusted !== null ? 'adjusted-score' : normalized !== null ? 'normalized-score' : 'raw-score';
  const sum = contributions
    .filter(({ coefficient }) => coefficient !== 0)
    .map(({ variable, coefficient }) => `${variable} ${coefficient}`)
    .join(' + ');
  const rationale = [
    ...(raw === null ? [] : [`${sum} = ${raw} raw`]),
    ...(normalized === null ? [] : [`${normalized} normalized`]),
    ...(adjusted === null ? [] : [`${adjusted} after the coding adjustment`]),
  ].join('; ');
  const words = `${title}, segment ${segment.code}`;
  return prediction(code, words, adjusted ?? normalized ?? raw, when, rationale);
}

function prediction(
  code: string,
  words: string,
  score: number | null,
  whenPeriod: { readonly start: string; readonly end: string },
  rationale: string,
): RiskAssessmentPrediction {
  return {
    outcome: { coding: [{ system: predictions, code }], text: words },
    ...(score !== null && { relativeRisk: score }),
    whenPeriod,
    ...(rationale !== '' && { rationale }),
  };
}

function blendRationale(models: readonly ModelScore[]): string {
  return models.map(({ title, adjusted, weight }) => `${weight}% of ${adjusted} (${title})`).join(' + ');
}
