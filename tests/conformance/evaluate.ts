import type { Bundle } from '@medplum/fhirtypes';
import type { Evaluator, PatientRecord } from '../../cql/index.ts';
import {
  evaluateSubject,
  measurementPeriod,
  type PreparedMeasure,
  prepareMeasure,
  readMeasure,
} from '../../measures/index.ts';
import { readReferenceLines } from '../support/reference-data.ts';
import { compare, type Differences } from './compare.ts';
import { type ConformanceCase, type Content, casesOf, loadContent, recordOf } from './content.ts';
import { claimsSeveralStrata } from './explained-strata.ts';

/** What became of one case. */
export interface CaseResult {
  readonly measure: string;
  readonly case: string;
  readonly differences: Differences;
  /** The expected report counts the patient in several strata of a group. */
  readonly severalStrata: boolean;
  readonly error: string | null;
  readonly ms: number;
}

const noDifferences: Differences = { populations: [], observations: [], strata: [], scores: [] };

/** Content and engine, loaded once per thread. */
export class Bench {
  readonly #evaluator: Evaluator;
  #content: Content | null = null;
  #records: readonly PatientRecord[] | null = null;

  constructor(evaluator: Evaluator) {
    this.#evaluator = evaluator;
  }

  get content(): Content {
    this.#content ??= loadContent();
    return this.#content;
  }

  prepare(name: string): PreparedMeasure {
    const measure = this.content.measures.get(name);
    if (measure === undefined) throw new Error(`There is no measure ${name}`);
    const { valueSets } = this.content;
    return prepareMeasure({
      definition: readMeasure(measure),
      linked: this.content.link(measure),
      valueSets,
      evaluator: this.#evaluator,
    });
  }

  /** Every official case of a measure, through the product's own code. */
  async cases(name: string, report: (result: CaseResult) => void): Promise<void> {
    const prepared = this.prepare(name);
    for (const official of casesOf(name)) report(await evaluateCase(prepared, official, { scores: false }));
  }

  /** A measure over every Synthea patient: only errors count, nothing is expected of the result. */
  async synthea(name: string, report: (result: CaseResult) => void): Promise<void> {
    const prepared = this.prepare(name);
    const { effectivePeriod } = prepared.definition;
    const period = measurementPeriod(effectivePeriod?.start ?? '2026', effectivePeriod?.end ?? '2026');
    for (const record of this.#patients()) {
      const started = performance.now();
      let error: string | null = null;
      try {
        await evaluateSubject(prepared, record, { period, now: `${period.end}T23:59:59.999+00:00` });
      } catch (thrown) {
        error = sentence(thrown);
      }
      const ms = performance.now() - started;
      report({
        measure: name,
        case: record.patient.id ?? '',
        differences: noDifferences,
        severalStrata: false,
        error,
        ms,
      });
    }
  }

  /** Synthea's patients; some of its Bundles are of hospitals and practitioners only. */
  #patients(): readonly PatientRecord[] {
    this.#records ??= readReferenceLines<Bundle>('synthea', 'bundles.ndjson.gz')
      .filter(({ entry }) => entry?.some(({ resource }) => resource?.resourceType === 'Patient'))
      .map(recordOf);
    return this.#records;
  }
}

/** Evaluates in UTC, at the end of the period of the expected report. */
export async function evaluateCase(
  prepared: PreparedMeasure,
  { measure: canonical, case: name, expected, bundle }: ConformanceCase,
  options: { readonly scores: boolean },
): Promise<CaseResult> {
  const started = performance.now();
  const measure = canonical.split('/').at(-1) ?? canonical;
  const result = { measure, case: name, severalStrata: claimsSeveralStrata(expected) };
  try {
    const period = measurementPeriod(expected.period?.start ?? '', expected.period?.end ?? '');
    const { groups } = await evaluateSubject(prepared, recordOf(bundle), {
      period,
      now: `${period.end}T23:59:59.999+00:00`,
    });
    const differences = compare(prepared.definition, groups, expected, options);
    return { ...result, differences, error: null, ms: performance.now() - started };
  } catch (thrown) {
    return { ...result, differences: noDifferences, error: sentence(thrown), ms: performance.now() - started };
  }
}

export function sentence(thrown: unknown): string {
  return thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
}
