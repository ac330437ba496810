import type { CqlValue } from '../../cql/index.ts';
import { PatientRecord } from '../../cql/index.ts';
import {
  evaluateSubject,
  type GroupDefinition,
  type MeasureDefinition,
  type PopulationCode,
  type PopulationDefinition,
  type PreparedMeasure,
  type StratifierDefinition,
  type SubjectResult,
} from '../../measures/index.ts';
import { callKey } from '../../measures/prepare.ts';

/** A population whose id and expression are its code, unless said otherwise. */
export function population(code: PopulationCode, changes: Partial<PopulationDefinition> = {}): PopulationDefinition {
  return {
    id: code,
    linkId: null,
    code,
    concept: { coding: [{ code }] },
    description: null,
    expression: code,
    criteriaReference: null,
    aggregateMethod: null,
    ...changes,
  };
}

export function stratifier(changes: Partial<StratifierDefinition>): StratifierDefinition {
  return { id: 'stratifier', linkId: null, code: null, expression: null, components: [], appliesTo: [], ...changes };
}

export function group(changes: Partial<GroupDefinition>): GroupDefinition {
  return {
    id: 'group',
    linkId: null,
    code: null,
    description: null,
    scoring: 'proportion',
    basis: 'boolean',
    improvementNotation: 'increase',
    rateAggregation: null,
    scoringUnit: null,
    populations: [],
    stratifiers: [],
    ...changes,
  };
}

export function measure(
  groups: readonly GroupDefinition[],
  changes: Partial<MeasureDefinition> = {},
): MeasureDefinition {
  return {
    url: 'http://example.org/Measure/fake',
    version: '1',
    name: 'Fake',
    title: 'Fake measure',
    library: 'http://example.org/Library/Fake',
    scoring: null,
    scoringAtRoot: false,
    improvementNotation: null,
    compositeScoring: null,
    effectivePeriod: null,
    groups,
    supplementalData: [],
    components: [],
    ...changes,
  };
}

export const proportionCodes: readonly PopulationCode[] = [
  'initial-population',
  'denominator',
  'denominator-exclusion',
  'numerator',
  'denominator-exception',
  'numerator-exclusion',
];

/** A measure whose expressions give these values, as an engine would. */
export function preparedWith(
  definition: MeasureDefinition,
  values: { readonly [expression: string]: CqlValue },
  functions: readonly (readonly [name: string, over: string | null])[] = [],
): PreparedMeasure {
  const linked = { main: { library: { identifier: { id: 'Fake' } } }, includes: [], hash: '' };
  return {
    definition,
    library: {
      linked,
      evaluate: async () => ({ values: new Map(Object.entries(values)), clauses: [], retrieves: [] }),
    },
    requirements: new Map(),
    periodType: 'DateTime',
    calls: new Map(functions.map(([name, over]) => [callKey(name, over), name])),
    needs: new Map(),
    bounds: [],
    components: [],
  };
}

export const period = { start: '2026-01-01', end: '2026-12-31' };
export const now = '2026-12-31T23:59:59.999+00:00';

export function evaluate(prepared: PreparedMeasure, subject = 'p'): Promise<SubjectResult> {
  return evaluateSubject(prepared, new PatientRecord([{ resourceType: 'Patient', id: subject }]), { period, now });
}

export function encounter(id: string): CqlValue {
  return { type: 'Resource', resource: { resourceType: 'Encounter', id } };
}

/** Counts by population code of the first group. */
export function counts({ groups: [first] }: SubjectResult): { [code: string]: number } {
  return Object.fromEntries((first?.populations ?? []).map(({ code, count }) => [code, count]));
}
