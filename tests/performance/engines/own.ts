import { type Evaluator, PatientRecord } from '../../../cql/index.ts';
import {
  evaluateSubject,
  gapAnswers,
  type PreparedMeasure,
  prepareMeasure,
  readMeasure,
  type SubjectResult,
} from '../../../measures/index.ts';
import { type Content, loadContent } from '../../conformance/content.ts';
import {
  type BenchEngine,
  metCriteria,
  nowOf,
  type ParsedPatient,
  type PopulationNames,
  populationNames,
} from '../engine.ts';

/** Our own evaluators, through the product's own code. Every evaluation makes a new record: nothing is left of the last. */
export function ownEngine(evaluator: Evaluator): BenchEngine {
  const content = loadContent();
  return {
    version: `gapless (${evaluator.name})`,
    async prepare(name) {
      const prepared = prepareOwn(content, evaluator, name);
      const told = populationNames(prepared.definition.groups);
      return {
        async evaluate(patients, gaps) {
          let [failures, met] = [0, 0];
          for (const patient of patients) {
            const record = new PatientRecord(patient.resources);
            const result = await evaluateOwn(prepared, record, patient, gaps);
            if (result === null) failures += 1;
            else met += criteriaMet(prepared, result, told);
          }
          return { failures, met };
        },
      };
    },
  };
}

export function prepareOwn(
  { measures, valueSets, link }: Content,
  evaluator: Evaluator,
  name: string,
): PreparedMeasure {
  const measure = measures.get(name);
  if (measure === undefined) throw new Error(`There is no measure ${name}`);
  return prepareMeasure({ definition: readMeasure(measure), linked: link(measure), valueSets, evaluator });
}

function criteriaMet({ definition }: PreparedMeasure, { groups }: SubjectResult, told: PopulationNames): number {
  const held = new Set<string>();
  for (const [g, group] of groups.entries())
    for (const [p, { criterion }] of group.populations.entries()) {
      const name = definition.groups[g]?.populations[p]?.expression;
      const holds = Array.isArray(criterion) ? criterion.length > 0 : criterion === true;
      if (name !== undefined && holds) held.add(name);
    }
  return metCriteria(told, held);
}

/** One measure for one record. Null when the evaluation failed. */
export async function evaluateOwn(
  prepared: PreparedMeasure,
  record: PatientRecord,
  { period }: Pick<ParsedPatient, 'period'>,
  gaps: boolean,
): Promise<SubjectResult | null> {
  try {
    const result = await evaluateSubject(prepared, record, { period, now: nowOf(period), supplementalData: false });
    if (gaps) gapAnswers(prepared, result, { period, asOf: period.end });
    return result;
  } catch (error) {
    if (error instanceof Error && error.name === 'EvaluationFailed') return null;
    throw error;
  }
}
