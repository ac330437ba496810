import type { FhirResource } from '../../cql/index.ts';
import type { GroupDefinition, MeasurementPeriod } from '../../measures/index.ts';
import type { StoredPatient } from './patients.ts';

/** The engines that are compared, and the floor: reading the same records without evaluating anything. */
export const engineNames = ['compiled', 'interpreted', 'cql-execution', 'fqm-execution', 'JSON.parse'] as const;
export type EngineName = (typeof engineNames)[number];

/** A patient whose resources are parsed. */
export interface ParsedPatient {
  readonly id: string;
  readonly resources: readonly FhirResource[];
  readonly period: MeasurementPeriod;
}

/** An engine under test. Each runs in a thread of its own, because some of them change classes of the others. */
export interface BenchEngine {
  /** Name and version of what does the work. */
  readonly version: string;
  prepare(measure: string): Promise<PreparedBench>;
}

export interface PreparedBench {
  /**
   * Evaluates every population, stratifier and observation of the measure (no supplemental data) for each patient.
   * @param gaps go on to the gap answer, where the engine has one
   */
  evaluate(patients: readonly ParsedPatient[], gaps: boolean): Promise<Evaluated>;
}

export interface Evaluated {
  /** Patients that could not be evaluated. */
  readonly failures: number;
  /** `metCriteria` of all patients: what shows that engines do the same. Null: not told. */
  readonly met: number | null;
}

export function parse({ id, texts, period }: StoredPatient): ParsedPatient {
  return { id, period, resources: texts.map((text): FhirResource => JSON.parse(text)) };
}

/** What Now() is for a patient. */
export function nowOf({ end }: MeasurementPeriod): string {
  return `${end}T23:59:59.999+00:00`;
}

/** Names of the criteria that are compared: those of populations, several of which may share one. */
export interface PopulationNames {
  readonly initial: ReadonlySet<string>;
  readonly all: ReadonlySet<string>;
}

export function populationNames(groups: readonly GroupDefinition[]): PopulationNames {
  const populations = groups.flatMap((group) => group.populations);
  const named = populations.filter(({ code }) => code !== 'measure-observation');
  return {
    initial: new Set(populations.filter(({ code }) => code === 'initial-population').map((each) => each.expression)),
    all: new Set(named.map(({ expression }) => expression)),
  };
}

/** How many criteria of populations hold for a patient; none count for one who is in no initial population. */
export function metCriteria({ initial, all }: PopulationNames, held: ReadonlySet<string>): number {
  return held.isDisjointFrom(initial) ? 0 : held.intersection(all).size;
}
