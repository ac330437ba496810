import {
  type CqlValue,
  createInterpreter,
  createTranslator,
  type EvaluationRequest,
  type EvaluationResult,
  type Evaluator,
  type ExpandedValueSet,
  type FhirResource,
  type LinkedLibrary,
  linkLibraries,
  PatientRecord,
  type Translator,
  type ValueSetSource,
} from '../../cql/index.ts';

export const now = '2026-06-15T12:00:00.000+00:00';

export const translator: Translator = createTranslator();
export const evaluator: Evaluator = createInterpreter();

/** Value sets by their urls; the newest is the last of a url. */
export function valueSetsOf(...sets: readonly ExpandedValueSet[]): ValueSetSource {
  return {
    find: (url, version) =>
      sets.findLast((set) => set.url === url && (version === null || set.version === version)) ?? null,
  };
}

/** A library of FHIR 4.0.1 with FHIRHelpers, from its definitions. */
export async function library(definitions: string): Promise<LinkedLibrary> {
  const cql = `library Tested version '1.0.0'
using FHIR version '4.0.1'
include FHIRHelpers version '4.0.1' called FHIRHelpers
${definitions}`;
  const { main, includes } = await translator.translate({ cql });
  return linkLibraries(main, (name) => includes.find((elm) => elm.library.identifier.id === name) ?? null);
}

export function record(...resources: readonly FhirResource[]): PatientRecord {
  const patient: FhirResource = { resourceType: 'Patient', id: 'ada', birthDate: '1970-03-01', gender: 'female' };
  return new PatientRecord(
    resources.some(({ resourceType }) => resourceType === 'Patient') ? resources : [patient, ...resources],
  );
}

export async function evaluateLibrary(
  linked: LinkedLibrary,
  patient: PatientRecord,
  request: Partial<EvaluationRequest> = {},
  valueSets: ValueSetSource = valueSetsOf(),
): Promise<EvaluationResult> {
  const prepared = evaluator.prepare(linked, valueSets);
  return prepared.evaluate(patient, { expressions: ['Result'], parameters: {}, now, ...request });
}

/** The value of a CQL expression for a patient. */
export async function cqlValueOf(
  expression: string,
  patient: PatientRecord = record(),
  header = '',
  valueSets: ValueSetSource = valueSetsOf(),
  request: Partial<EvaluationRequest> = {},
): Promise<CqlValue> {
  const linked = await library(`${header}\ncontext Patient\ndefine Result:\n  ${expression}`);
  return (await evaluateLibrary(linked, patient, request, valueSets)).values.get('Result') ?? null;
}
