import type { Bundle, Resource } from '@medplum/fhirtypes';
import { practice } from '../../demo/index.ts';
import { type MeasurementPeriod, measurementPeriod } from '../../measures/index.ts';
import { casesOf } from '../conformance/content.ts';
import { readReferenceLines } from '../support/reference-data.ts';
import { spread } from './statistics.ts';

/** Where records come from: the official cases (a few resources each), or whole lives (hundreds of resources). */
export type Population = 'official' | 'synthea' | 'demo';
export const populations: readonly Population[] = ['official', 'synthea', 'demo'];

/** A patient as a database holds it: the JSON text of each resource. */
export interface StoredPatient {
  readonly id: string;
  readonly texts: readonly string[];
  readonly period: MeasurementPeriod;
}

const year2026 = measurementPeriod('2026', '2026');

/** The records of the benchmark, read once. `perMeasure` bounds the official patients of a measure. */
export class Patients {
  readonly #perMeasure: number;
  readonly #cases = new Map<string, readonly StoredPatient[]>();
  #synthea: readonly StoredPatient[] | null = null;
  #demo: readonly StoredPatient[] | null = null;

  constructor(perMeasure: number) {
    this.#perMeasure = perMeasure;
  }

  /**
   * @param measures all measures that are benchmarked: one without official cases gets patients of the others
   * @param rounds of large records, so many: spread over all sizes
   */
  of(population: Population, measure: string, measures: readonly string[], rounds: number): readonly StoredPatient[] {
    if (population !== 'official') return bySizes(population === 'synthea' ? this.synthea() : this.demo(), rounds);
    const own = this.#official(measure);
    return own.length > 0 ? own : this.#others(measures);
  }

  /** Synthea's patients; some of its Bundles are of hospitals and practitioners only. */
  synthea(): readonly StoredPatient[] {
    this.#synthea ??= readReferenceLines<Bundle>('synthea', 'bundles.ndjson.gz')
      .map(({ entry = [] }) => entry.flatMap(({ resource }) => resource ?? []))
      .filter((resources) => resources.some(({ resourceType }) => resourceType === 'Patient'))
      .map((resources, i) => stored(`synthea-${i}`, resources, year2026));
    return this.#synthea;
  }

  demo(): readonly StoredPatient[] {
    this.#demo ??= [...practice({ seed: 'benchmark', patients: 60, asOf: '2026-10-01' }).patients].map(
      ({ patientId, resources }) => stored(patientId, resources, year2026),
    );
    return this.#demo;
  }

  #official(measure: string): readonly StoredPatient[] {
    const known = this.#cases.get(measure);
    if (known !== undefined) return known;
    const made = spread(officialCases(measure), this.#perMeasure);
    this.#cases.set(measure, made);
    return made;
  }

  #others(measures: readonly string[]): readonly StoredPatient[] {
    const known = this.#cases.get('');
    if (known !== undefined) return known;
    const all = measures.flatMap((measure) => spread(this.#official(measure), 2));
    const made = spread(all.length > 0 ? all : officialCases('CMS125FHIRBreastCancerScreen'), this.#perMeasure);
    this.#cases.set('', made);
    return made;
  }
}

/** One patient for each round, from small to large. */
export function bySizes(patients: readonly StoredPatient[], count: number): StoredPatient[] {
  return spread(
    patients.toSorted((a, b) => a.texts.length - b.texts.length),
    count,
  );
}

function officialCases(measure: string): StoredPatient[] {
  return readCases(measure).map(({ case: id, expected, bundle }) =>
    stored(
      id,
      (bundle.entry ?? []).flatMap(({ resource }) => resource ?? []),
      measurementPeriod(expected.period?.start ?? '2026', expected.period?.end ?? '2026'),
    ),
  );
}

function readCases(measure: string): ReturnType<typeof casesOf> {
  try {
    return casesOf(measure);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}

function stored(id: string, resources: readonly Resource[], period: MeasurementPeriod): StoredPatient {
  return { id, texts: resources.map((resource) => JSON.stringify(resource)), period };
}
