import { type Evaluator, PatientRecord } from '../../../cql/index.ts';
import {
  evaluateSubject,
  gapAnswers,
  type PreparedMeasure,
  prepareMeasure,
  readMeasure,
} from '../../../measures/index.ts';
import { type Content, loadContent } from '../../conformance/content.ts';
import { type BenchEngine, nowOf, type ParsedPatient } from '../engine.ts';

/** Our own evaluators, through the product's own code. Every evaluation makes a new record: nothing is left of the last. */
export function ownEngine(evaluator: Evaluator): BenchEngine {
  const content = loadContent();
  return {
    version: `gapless (${evaluator.name})`,
    async prepare(name) {
      const prepared = prepareOwn(content, evaluator, name);
      return {
        async evaluate(patients, gaps) {
          let failures = 0;
          for (const patient of patients) {
            const record = new PatientRecord(patient.resources);
            if (!(await evaluateOwn(prepared, record, patient, gaps))) failures += 1;
          }
          return failures;
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

/** One measure for one record. False when the evaluation failed. */
export async function evaluateOwn(
  prepared: PreparedMeasure,
  record: PatientRecord,
  { period }: Pick<ParsedPatient, 'period'>,
  gaps: boolean,
): Promise<boolean> {
  try {
    const result = await evaluateSubject(prepared, record, { period, now: nowOf(period), supplementalData: false });
    if (gaps) gapAnswers(prepared, result, { period, asOf: period.end });
    return true;
  } catch (error) {
    if (error instanceof Error && error.name === 'EvaluationFailed') return false;
    throw error;
  }
}
