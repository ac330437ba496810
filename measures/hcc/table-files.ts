/** How certain a number or a list is: as published; derived by us from published facts; or waiting for a publication. */
export type TableStatus = 'final' | 'derived' | 'provisional';

/** Where a table's content comes from: named in every result that it had a part in. */
export interface TableVersion {
  /** File name without its ending, e.g. `mapping-V28-2026`. */
  readonly id: string;
  /** Year of the publication. */
  readonly year: number;
  readonly source: string;
  readonly status: TableStatus;
  /** Why it is not final; absent when it is. */
  readonly note?: string;
}

/** ICD-10-CM codes by condition category, front-coded (code-list.ts). With `base`, only what differs from that table. */
export interface MappingFile extends TableVersion {
  readonly base?: string;
  readonly add: Readonly<Record<string, string>>;
  readonly remove?: Readonly<Record<string, string>>;
}

/** Parents in CMS order, each with the children that it drops. */
export interface HierarchyFile extends TableVersion {
  readonly parents: readonly (readonly [parent: number, children: readonly number[]])[];
}

export interface LabelFile extends TableVersion {
  readonly labels: Readonly<Record<string, string>>;
}

/** Thousandths, by variable in the order of the segments; null where a segment has no such variable. */
export interface CoefficientFile extends TableVersion {
  readonly blocks: readonly {
    readonly segments: readonly string[];
    readonly variables: Readonly<Record<string, readonly (number | null)[]>>;
  }[];
}

/** Codes that count otherwise, or not at all, for an age or a sex. */
export interface EditFile extends TableVersion {
  readonly edits: readonly EditRow[];
}

export interface EditRow {
  /** Front-coded ICD-10-CM codes. */
  readonly codes: string;
  readonly sex?: 'F' | 'M';
  /** Holds for ages below. */
  readonly below?: number;
  /** Holds for ages from here on. */
  readonly from?: number;
  /** The condition category instead of the map's; null: the code is not valid for this person. */
  readonly category: number | null;
  readonly reason: string;
}

/** CPT and HCPCS codes as runs (code-list.ts). With `base`, what differs from that table. */
export interface EligibleFile extends TableVersion {
  readonly base?: string;
  readonly add: string;
  readonly remove?: string;
}
