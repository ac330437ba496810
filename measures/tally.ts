import type { CqlValue } from '../cql/index.ts';
import type { GroupDefinition, MeasureDefinition, PopulationCode } from './definition.ts';
import { reportedGroups } from './evaluation/composite.ts';
import { MemberIdentity } from './evaluation/members.ts';
import type { PopulationResult, SubjectResult } from './evaluation/result.ts';
import { groupScore } from './evaluation/score.ts';
import { weightedMean } from './evaluation/scoring/composite.ts';
import {
  addSupplemental,
  emptySupplemental,
  mergeSupplemental,
  type SupplementalState,
  type SupplementalTotal,
  supplementalTotals,
} from './supplemental-totals.ts';

/** A population over all subjects: gross members, the subjects that have any, and observations without nulls. */
export interface PopulationTotal {
  readonly id: string | null;
  readonly code: PopulationCode;
  readonly count: number;
  /** Logical ids of Patients, sorted. */
  readonly subjects: readonly string[];
  /** Sorted; nulls are left out, though they count as members. */
  readonly observations: readonly number[];
}

export interface StratumTotal {
  readonly values: readonly CqlValue[];
  readonly populations: readonly PopulationTotal[];
  readonly score: number | null;
}

export interface GroupTotal {
  readonly id: string | null;
  readonly populations: readonly PopulationTotal[];
  readonly stratifiers: readonly { readonly id: string | null; readonly strata: readonly StratumTotal[] }[];
  readonly score: number | null;
}

export interface SubjectError {
  readonly subject: string;
  readonly name: string;
  readonly message: string;
}

/** What a measure says of a whole population. Subjects that could not be evaluated are in `errors` and nowhere else. */
export interface MeasureTotals {
  readonly groups: readonly GroupTotal[];
  /** Subjects that were evaluated. */
  readonly subjects: number;
  /** Of every supplemental data element, in the order of the Measure; without values where none was evaluated. */
  readonly supplementalData: readonly SupplementalTotal[];
  /** Sorted by subject. */
  readonly errors: readonly SubjectError[];
}

/** Running total as plain data: crosses threads and processes by structured clone. */
export interface TallyState {
  readonly groups: readonly { readonly populations: PopulationState[]; readonly strata: Map<string, StratumState>[] }[];
  subjects: number;
  readonly supplementalData: SupplementalState;
  readonly errors: SubjectError[];
  /** Composite measures only: the components' own tallies. */
  readonly components: readonly TallyState[];
}

interface PopulationState {
  count: number;
  readonly subjects: string[];
  readonly observations: number[];
}

interface StratumState {
  readonly values: readonly CqlValue[];
  readonly populations: PopulationState[];
}

/**
 * Folds the results of subjects into those of a population. Subjects may come in any order and through any number of
 * tallies that are merged afterwards: the totals are the same. Each subject is to be added once.
 */
export class Tally {
  readonly #definition: MeasureDefinition;
  readonly #groups: readonly GroupDefinition[];
  readonly #components: readonly Tally[];
  readonly #identity = new MemberIdentity();
  readonly state: TallyState;

  /**
   * @param components definitions of a composite's components, in their order; weighted scoring needs them
   * @param state continues another tally's total
   */
  constructor(definition: MeasureDefinition, components: readonly MeasureDefinition[] = [], state?: TallyState) {
    this.#definition = definition;
    this.#components = components.map((component, c) => new Tally(component, [], state?.components[c]));
    this.#groups = reportedGroups(definition);
    this.state = state ?? {
      groups: this.#groups.map(({ populations, stratifiers }) => ({
        populations: populations.map(emptyPopulation),
        strata: stratifiers.map(() => new Map()),
      })),
      subjects: 0,
      supplementalData: emptySupplemental(definition),
      errors: [],
      components: this.#components.map((component) => component.state),
    };
  }

  add({ subject, groups, components, supplementalData }: SubjectResult): void {
    this.state.subjects += 1;
    addSupplemental(this.state.supplementalData, this.#definition, supplementalData, this.#identity);
    for (const [c, component] of this.#components.entries()) {
      const result = components[c];
      if (result !== undefined) component.add(result);
    }
    for (const [g, group] of this.state.groups.entries()) {
      const result = groups[g];
      for (const [p, population] of group.populations.entries()) addResult(population, subject, result?.populations[p]);
      for (const [s, strata] of group.strata.entries())
        for (const { values, populations } of result?.stratifiers[s]?.strata ?? []) {
          const stratum = this.#stratum(strata, values, populations.length);
          for (const [p, population] of stratum.populations.entries()) addResult(population, subject, populations[p]);
        }
    }
  }

  /** A subject that could not be evaluated. The message must not quote clinical data. */
  addError(subject: string, error: Error): void {
    this.state.errors.push({ subject, name: error.name, message: error.message });
  }

  /** Takes over what another tally of the same measure counted. */
  merge(other: TallyState): void {
    this.state.subjects += other.subjects;
    mergeSupplemental(this.state.supplementalData, other.supplementalData);
    for (const [c, component] of this.#components.entries()) {
      const state = other.components[c];
      if (state !== undefined) component.merge(state);
    }
    for (const error of other.errors) this.state.errors.push(error);
    for (const [g, group] of this.state.groups.entries()) {
      const added = other.groups[g];
      for (const [p, population] of group.populations.entries()) mergePopulation(population, added?.populations[p]);
      for (const [s, strata] of group.strata.entries())
        for (const { values, populations } of added?.strata[s]?.values() ?? []) {
          const stratum = this.#stratum(strata, values, populations.length);
          for (const [p, population] of stratum.populations.entries()) mergePopulation(population, populations[p]);
        }
    }
  }

  totals(): MeasureTotals {
    return {
      groups: this.#groups.map((group, g) => this.#group(group, this.state.groups[g])),
      subjects: this.state.subjects,
      supplementalData: supplementalTotals(this.#definition, this.state.supplementalData),
      errors: this.state.errors.toSorted((a, b) => order(a.subject, b.subject)),
    };
  }

  #group(group: GroupDefinition, state: TallyState['groups'][number] | undefined): GroupTotal {
    const populations = group.populations.map((population, p) => total(population, state?.populations[p]));
    return {
      id: group.id,
      populations,
      stratifiers: group.stratifiers.map((stratifier, s) => {
        const applies = group.populations.filter(
          ({ code }) => stratifier.appliesTo.length === 0 || stratifier.appliesTo.includes(code),
        );
        const strata = [...(state?.strata[s] ?? [])].toSorted(([a], [b]) => order(a, b));
        return {
          id: stratifier.id,
          strata: strata.map(([, stratum]) => {
            const totals = applies.map((population, p) => total(population, stratum.populations[p]));
            return { values: stratum.values, populations: totals, score: stratumScore(group, applies, totals) };
          }),
        };
      }),
      score: this.#weightedScore() ?? groupScore(group, populations),
    };
  }

  /** Weighted composites weigh the components' rates over the whole population; null for all other measures. */
  #weightedScore(): number | null {
    const { compositeScoring, components } = this.#definition;
    if (compositeScoring !== 'weighted' || this.#components.length === 0) return null;
    const scores = components.flatMap(({ weight, groupId }, c) => {
      const tally = this.#components[c];
      if (tally === undefined) return [];
      const g = tally.#groups.findIndex(({ id }) => groupId === null || id === groupId);
      const improvementNotation = tally.#groups[g]?.improvementNotation ?? null;
      return [{ score: tally.totals().groups[g]?.score ?? null, weight, improvementNotation }];
    });
    return weightedMean(scores, compositeScoring);
  }

  #stratum(strata: Map<string, StratumState>, values: readonly CqlValue[], populations: number): StratumState {
    const key = this.#identity.key(values);
    const known = strata.get(key);
    if (known !== undefined) return known;
    const stratum = { values, populations: Array.from({ length: populations }, emptyPopulation) };
    strata.set(key, stratum);
    return stratum;
  }
}

function emptyPopulation(): PopulationState {
  return { count: 0, subjects: [], observations: [] };
}

function addResult(state: PopulationState, subject: string, result: PopulationResult | undefined): void {
  if (result === undefined || result.count === 0) return;
  state.count += result.count;
  state.subjects.push(subject);
  for (const value of result.observations) if (value !== null) state.observations.push(value);
}

function mergePopulation(state: PopulationState, other: PopulationState | undefined): void {
  if (other === undefined) return;
  state.count += other.count;
  for (const subject of other.subjects) state.subjects.push(subject);
  for (const value of other.observations) state.observations.push(value);
}

function total({ id, code }: { id: string | null; code: PopulationCode }, state = emptyPopulation()): PopulationTotal {
  return {
    id,
    code,
    count: state.count,
    subjects: state.subjects.toSorted(order),
    observations: state.observations.toSorted((a, b) => a - b),
  };
}

/** A stratum's score needs every population of the group; where it does not apply to all, there is none. */
function stratumScore(
  group: GroupDefinition,
  applies: readonly { code: PopulationCode }[],
  totals: readonly PopulationTotal[],
): number | null {
  return applies.length === group.populations.length ? groupScore(group, totals) : null;
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
