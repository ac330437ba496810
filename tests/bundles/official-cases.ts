import { createCompiler, type FhirResource } from '../../cql/index.ts';
import {
  evaluateSubject,
  type GapAnswer,
  gapAnswers,
  measurementPeriod,
  type PreparedMeasure,
  type SubjectResult,
} from '../../measures/index.ts';
import { type ConformanceCase, casesOf, recordOf } from '../conformance/content.ts';
import { Bench } from '../conformance/evaluate.ts';

/** A patient of an official case with what a measure says of it, on some day. */
export interface SampledCase {
  /** What the sample stands for: `open-gap`, `closed-gap excluded`, ... */
  readonly kind: string;
  readonly result: SubjectResult;
  readonly gaps: readonly GapAnswer[];
  readonly resources: readonly FhirResource[];
  readonly period: { readonly start: string; readonly end: string };
}

export interface SampledMeasure {
  readonly prepared: PreparedMeasure;
  readonly cases: readonly SampledCase[];
}

/** Evaluates cases of a measure, in their order, until there is one of every kind, or there are no more. */
export class OfficialCases {
  readonly #bench = new Bench(createCompiler());

  async sample(measure: string, most = 40): Promise<SampledMeasure> {
    const prepared = this.#bench.prepare(measure);
    const byKind = new Map<string, SampledCase>();
    for (const official of casesOf(measure).slice(0, most)) {
      for (const sampled of await evaluate(prepared, official))
        if (!byKind.has(sampled.kind)) byKind.set(sampled.kind, sampled);
      if (byKind.size >= 7) break;
    }
    return { prepared, cases: [...byKind.values()] };
  }
}

async function evaluate(prepared: PreparedMeasure, { expected, bundle }: ConformanceCase): Promise<SampledCase[]> {
  const record = recordOf(bundle);
  const period = measurementPeriod(expected.period?.start ?? '', expected.period?.end ?? '');
  const resources = (bundle.entry ?? []).flatMap(({ resource }) =>
    resource === undefined ? [] : [resource as FhirResource],
  );
  const now = `${period.end}T23:59:59.999+00:00`;
  const result = await evaluateSubject(prepared, record, { period, now, trace: true });
  const afterwards = `${Number(period.end.slice(0, 4)) + 1}-06-01`;
  return [period.end, afterwards].map((asOf) => {
    const gaps = gapAnswers(prepared, result, { period, asOf });
    return { kind: kindOf(result, gaps), result, gaps, resources, period };
  });
}

function kindOf({ groups }: SubjectResult, gaps: readonly GapAnswer[]): string {
  const [status] = gaps.map((gap) => gap.status);
  const found = groups.flatMap(({ populations }) => populations.filter(({ count }) => count > 0));
  const taken = found.find(({ code }) => /exclusion|exception/.test(code));
  const observed = found.some(({ observations }) => observations.length > 0) ? ' observed' : '';
  const alternatives = gaps.some(({ nextSteps }) => nextSteps.some((step) => step.alternatives ?? step.together));
  return `${status ?? 'counted'}${taken === undefined ? '' : ` ${taken.code}`}${observed}${alternatives ? ' choice' : ''}`;
}
