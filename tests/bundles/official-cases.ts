import { readdirSync, readFileSync } from 'node:fs';
import { createCompiler, type FhirResource, PatientRecord } from '../../cql/index.ts';
import {
  evaluateSubject,
  type GapAnswer,
  gapAnswers,
  measurementPeriod,
  type PreparedMeasure,
  type SubjectResult,
} from '../../measures/index.ts';
import { casesOf } from '../conformance/content.ts';
import { Bench } from '../conformance/evaluate.ts';
import { prepareOwn } from '../measures/content/installed.ts';
import { patientOf, type Sketch } from '../measures/content/patient.ts';

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

  sample(measure: string, most = 40): Promise<SampledMeasure> {
    const patients = casesOf(measure)
      .slice(0, most)
      .map(({ bundle, expected }) => ({
        resources: (bundle.entry ?? []).flatMap(({ resource }) =>
          resource === undefined ? [] : [resource as FhirResource],
        ),
        period: measurementPeriod(expected.period?.start ?? '', expected.period?.end ?? ''),
      }));
    return sampleOf(this.#bench.prepare(measure), patients);
  }
}

/** The same of a measure that Gapless publishes, with the cases that come with it. */
export function sampleOwn(measure: string): Promise<SampledMeasure> {
  const folder = new URL(`../../measures/content/${measure}/cases/`, import.meta.url);
  const patients = readdirSync(folder).flatMap((file) => {
    const cases: { readonly patient?: { readonly [element: string]: unknown }; readonly resources: Sketch[] }[] =
      JSON.parse(readFileSync(new URL(file, folder), 'utf8'));
    return cases.map(({ patient = { gender: 'female', birthDate: '1966-06-15' }, resources }) => ({
      resources: patientOf(patient, resources),
      period: { start: '2026-01-01', end: '2026-12-31' },
    }));
  });
  return sampleOf(prepareOwn(measure), patients);
}

async function sampleOf(
  prepared: PreparedMeasure,
  patients: readonly Pick<SampledCase, 'resources' | 'period'>[],
): Promise<SampledMeasure> {
  const byKind = new Map<string, SampledCase>();
  for (const patient of patients) {
    for (const sampled of await evaluate(prepared, patient))
      if (!byKind.has(sampled.kind)) byKind.set(sampled.kind, sampled);
    if (byKind.size >= 5) break;
  }
  return { prepared, cases: [...byKind.values()] };
}

async function evaluate(
  prepared: PreparedMeasure,
  { resources, period }: Pick<SampledCase, 'resources' | 'period'>,
): Promise<SampledCase[]> {
  const now = `${period.end}T23:59:59.999+00:00`;
  const result = await evaluateSubject(prepared, new PatientRecord([...resources]), { period, now, trace: true });
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
