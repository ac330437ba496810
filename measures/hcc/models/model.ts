export type HccModelId = 'V24' | 'V28' | 'ESRD-V24' | 'RxHCC-V08';

/** A product of groups and of what the person is: counts where the segment has a coefficient for it. */
export interface Interaction {
  /** Variable of the coefficient table, in upper case. */
  readonly variable: string;
  /** Each is the name of a group, or of one category: `HCC238`. All must be there. */
  readonly all: readonly string[];
  /** Further condition on the person. */
  readonly person?: 'disabled' | 'non-aged';
}

/** What a version of the model says in words rather than in tables. */
export interface HccModel {
  readonly id: HccModelId;
  readonly title: string;
  /** As standards name the model's condition categories. */
  readonly system: string;
  /** Before the number of a category in the coefficient table. */
  readonly prefix: 'HCC' | 'RXHCC';
  readonly groups: Readonly<Record<string, readonly number[]>>;
  readonly interactions: readonly Interaction[];
  /** A category that is dropped, before hierarchies, unless one of others is there. */
  readonly needs: readonly { readonly category: number; readonly anyOf: readonly number[]; readonly reason: string }[];
}

/** Whole numbers from `first` to `last`. */
export function between(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}
