import type { Parameters, ParametersParameter } from '@medplum/fhirtypes';
import {
  type CategoryStep,
  type Contribution,
  type DiagnosisStep,
  dottedCode,
  type GatedService,
  type ModelScore,
  type PatientScore,
  type TableVersion,
} from '../../measures/index.ts';

type Part = ParametersParameter;

const text = (name: string, value: string | null): Part[] => (value === null ? [] : [{ name, valueString: value }]);
const decimal = (name: string, value: number | null): Part[] => (value === null ? [] : [{ name, valueDecimal: value }]);
const pointer = (name: string, reference: string): Part => ({ name, valueReference: { reference } });
const parts = (name: string, part: Part[]): Part => ({ name, part });

/** Every step of a score, from services to payment, with the resource and the table behind each. */
export function stepsOf(score: PatientScore): Parameters {
  const { paymentYear, collection, services, outside, discarded, assumptions, sources, models, eligibleCodes } = score;
  return {
    resourceType: 'Parameters',
    id: 'steps',
    parameter: [
      { name: 'paymentYear', valueInteger: paymentYear },
      { name: 'collection', valuePeriod: collection },
      ...decimal('score', score.score),
      { name: 'status', valueCode: score.status },
      ...assumptions.flatMap((assumption) => text('assumption', assumption)),
      ...Object.entries(sources).map(([fact, reference]) =>
        parts('fact', [{ name: 'name', valueString: fact }, pointer('source', reference)]),
      ),
      tablePart('eligibleCodes', eligibleCodes),
      ...services.map(servicePart),
      { name: 'servicesOutsideCollection', valueInteger: outside },
      ...discarded.map(({ reference, reason }) =>
        parts('discarded', [pointer('diagnosis', reference), { name: 'reason', valueCode: reason }]),
      ),
      ...models.map(modelPart),
    ],
  };
}

function servicePart({ reference, date, counts, gates, diagnoses }: GatedService): Part {
  return parts('service', [
    pointer('service', reference),
    ...(date === null ? [] : [{ name: 'date', valueDate: date }]),
    { name: 'counts', valueBoolean: counts },
    ...gates.map(({ gate, passed, reason }) =>
      parts('gate', [
        { name: 'gate', valueCode: gate },
        { name: 'passed', valueBoolean: passed },
        { name: 'reason', valueString: reason },
      ]),
    ),
    ...diagnoses.map((diagnosis) =>
      parts('diagnosis', [codePart(diagnosis.code), pointer('source', diagnosis.reference)]),
    ),
  ]);
}

function codePart(code: string): Part {
  return { name: 'code', valueCoding: { system: 'http://hl7.org/fhir/sid/icd-10-cm', code: dottedCode(code) } };
}

function modelPart(model: ModelScore): Part {
  const { segment, age, normalization, codingAdjustment, weight, refused, tables } = model;
  return parts('model', [
    { name: 'model', valueCode: model.model },
    parts('segment', [
      { name: 'code', valueCode: segment.code },
      { name: 'reason', valueString: segment.reason },
    ]),
    { name: 'age', valueInteger: age },
    ...model.diagnoses.map(diagnosisPart),
    ...model.categories.map((category) => categoryPart(category, model)),
    ...model.contributions.map(contributionPart),
    ...decimal('raw', model.raw),
    ...(normalization === null
      ? []
      : [
          parts('normalization', [
            { name: 'factor', valueDecimal: normalization.value },
            { name: 'status', valueCode: normalization.status },
            { name: 'source', valueString: normalization.source },
          ]),
        ]),
    ...decimal('normalized', model.normalized),
    parts('codingAdjustment', [
      { name: 'percent', valueDecimal: codingAdjustment.value / 10 },
      { name: 'status', valueCode: codingAdjustment.status },
      { name: 'source', valueString: codingAdjustment.source },
    ]),
    ...decimal('adjusted', model.adjusted),
    { name: 'weightPercent', valueInteger: weight },
    ...text('refused', refused),
    ...tables.map((table) => tablePart('table', table)),
  ]);
}

function diagnosisPart({ code, categories, edit, warning, evidence }: DiagnosisStep): Part {
  return parts('diagnosis', [
    codePart(code),
    ...categories.map((category) => ({ name: 'category', valueInteger: category })),
    ...text('edit', edit),
    ...(warning === null
      ? []
      : [
          parts('warning', [
            { name: 'code', valueCode: warning.code },
            { name: 'text', valueString: warning.text },
          ]),
        ]),
    ...evidence.map(({ reference, service, date }) =>
      parts('evidence', [pointer('source', reference), pointer('service', service), { name: 'date', valueDate: date }]),
    ),
  ]);
}

function categoryPart(
  { category, label, codes, droppedBy, notCounted }: CategoryStep,
  { system }: Pick<ModelScore, 'system'>,
): Part {
  return parts('category', [
    { name: 'category', valueCoding: { system, code: String(category), display: label } },
    ...codes.map(codePart),
    ...(droppedBy === null ? [] : [{ name: 'droppedBy', valueInteger: droppedBy }]),
    ...text('notCounted', notCounted),
  ]);
}

function contributionPart({ kind, variable, label, coefficient, categories }: Contribution): Part {
  return parts('contribution', [
    { name: 'kind', valueCode: kind },
    { name: 'variable', valueString: variable },
    ...text('label', label === '' ? null : label),
    { name: 'coefficient', valueDecimal: coefficient },
    ...categories.map((category) => ({ name: 'category', valueInteger: category })),
  ]);
}

function tablePart(name: string, { id, year, status, source, note }: TableVersion): Part {
  return parts(name, [
    { name: 'id', valueString: id },
    { name: 'year', valueInteger: year },
    { name: 'status', valueCode: status },
    { name: 'source', valueString: source },
    ...text('note', note ?? null),
  ]);
}
