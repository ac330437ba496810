import type { Criterion } from './criteria.ts';
import type { Cursor } from './cursor.ts';
import type { SearchDefinition } from './definitions.ts';

export type SummaryMode = 'true' | 'text' | 'data' | 'count' | 'false';

/** A key of _sort: a parameter, or a column of the resource. */
export interface SortKey {
  readonly by: SearchDefinition | '_id' | '_lastUpdated';
  readonly descending: boolean;
}

/** _include and _revinclude (FHIR R4, 3.1.1.6). */
export interface Inclusion {
  readonly reverse: boolean;
  readonly iterate: boolean;
  /** Type whose references are followed; null for all (`*`). */
  readonly source: string | null;
  /** The reference parameter; null for all of the type (`*`). */
  readonly definition: SearchDefinition | null;
  /** Type of the resources at the other end; null for any. */
  readonly target: string | null;
}

/** What the client should know of a search that was answered all the same. */
export interface SearchIssue {
  readonly severity: 'warning' | 'information';
  readonly code: 'not-supported' | 'too-costly' | 'incomplete';
  readonly diagnostics: string;
}

/** A search that has been understood. */
export interface SearchRequest {
  /** The resource types that are searched; several only at system level. */
  readonly types: readonly string[];
  /** By type, since a parameter means something else in each. */
  readonly criteria: ReadonlyMap<string, readonly Criterion[]>;
  /** `Patient/x/Observation`; null when the search is not by compartment. */
  readonly compartment: { readonly type: string; readonly id: string } | null;
  /** Logical id of the Patient to whose compartment the caller is bound; null for none. */
  readonly patient: string | null;
  readonly inclusions: readonly Inclusion[];
  readonly sort: readonly SortKey[];
  readonly count: number;
  readonly total: 'none' | 'estimate' | 'accurate' | null;
  readonly summary: SummaryMode;
  /** Elements at the root that are wanted; empty for all. */
  readonly elements: readonly string[];
  readonly cursor: Cursor | null;
  readonly issues: readonly SearchIssue[];
  /** The parameters that took part, for the self link; without the cursor. */
  readonly applied: readonly (readonly [name: string, value: string])[];
}
