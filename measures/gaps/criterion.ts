import type { Coding } from '../definition.ts';
import type { DataNeed } from './answer.ts';

/** What a criterion depends on: data, and how it is combined. Worked out once, when a measure is prepared. */
export type Criterion =
  | {
      /** `all`: every part must hold. `any`: one part is enough. */
      readonly kind: 'all' | 'any';
      readonly of: readonly Criterion[];
      readonly clause: Clause | null;
    }
  | { readonly kind: 'data'; readonly need: PlannedNeed; readonly clause: Clause | null }
  /** Something that data of a patient's chart doesn't change, or that this analysis does not understand: age, say. */
  | { readonly kind: 'other'; readonly clause: Clause | null };

/** Where the engine's trace says whether a part held. */
export interface Clause {
  /** `library localId` */
  readonly key: string;
  /** The truth value that is wanted of it. */
  readonly wanted: boolean;
  /** False when more is asked of the part than the clause itself asks: then its holding tells nothing. */
  readonly exact: boolean;
}

export interface ValueBound {
  readonly comparator: 'lt' | 'le' | 'gt' | 'ge' | 'eq';
  readonly value: number;
  readonly unit: string | null;
}

/** A bound on a date; the definition gives it for a period and a patient. `until`: begun by the end of an interval. */
export interface Window {
  readonly kind: 'interval' | 'from' | 'to' | 'until';
  readonly definition: string;
  /** The bound itself is out: "before", not "on or before". */
  readonly proper: boolean;
}

/** What an element must be: one of these codes (any of a value set, when it has a url). */
export interface ElementCodes {
  readonly path: string;
  readonly codes: readonly Coding[];
  readonly valueSet: string | null;
  readonly title: string;
}

/** A retrieve that a criterion depends on, and how. */
export interface PlannedNeed {
  /** Dates are null: they depend on the period, see `windows`. */
  readonly need: DataNeed;
  /** True when such data speaks for closing the gap, false when it speaks against it. */
  readonly wanted: boolean;
  /** `library localId` of the retrieve, as the trace has it. */
  readonly retrieve: string;
  readonly windows: readonly Window[];
  /** Code of the component that the value is taken of; null when it is the resource's own. */
  readonly component: Coding | null;
  readonly values: readonly ValueBound[];
  /** The newest value counts, not any. */
  readonly newest: boolean;
  /** Nothing at all is as good as a value within the bounds. */
  readonly optional: boolean;
  readonly hasValue: boolean;
  /** Codes that `status`, `intent`, `category`, `value`... must have. */
  readonly elements: readonly ElementCodes[];
  /** How many are needed. */
  readonly count: number;
  /** Something is asked that this analysis does not understand. */
  readonly unclear: boolean;
  /** It takes any data of its type: a look at what other data refers to, or that is chosen in ways not understood. */
  readonly generic: boolean;
  /** It asks for documentation that something was not done. */
  readonly negation: boolean;
}

export function leaves(criterion: Criterion): PlannedNeed[] {
  if (criterion.kind === 'data') return [criterion.need];
  return criterion.kind === 'other' ? [] : criterion.of.flatMap(leaves);
}

/** Key of an analysis: what would meet the criterion, or (`wanted` false) what would keep from meeting it. */
export function criterionKey(expression: string, wanted: boolean): string {
  return JSON.stringify([expression, wanted]);
}
