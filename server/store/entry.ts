import type { FhirResource } from '../../cql/index.ts';
import type { Transaction } from '../db/database.ts';
import type { StoredResource } from '../db/stored-resource.ts';

/**
 * A change to the store. Resources are trees of `parseExact`, not yet validated. `criteria` is the query of a
 * conditional interaction (`identifier=urn:x|1`), without the question mark; then `id` is null.
 */
export type Entry = CreateEntry | UpdateEntry | PatchEntry | DeleteEntry;

interface EntryTarget {
  readonly type: string;
  readonly id: string | null;
  readonly criteria: string | null;
  /** Value of If-Match, `W/"3"`; null when the caller has none. */
  readonly ifMatch: string | null;
}

export interface CreateEntry {
  readonly method: 'POST';
  readonly type: string;
  readonly resource: unknown;
  /** Bundle.entry.fullUrl, by which other entries refer to this one. */
  readonly fullUrl: string | null;
  /** Criteria of If-None-Exist. */
  readonly ifNoneExist: string | null;
}

export interface UpdateEntry extends EntryTarget {
  readonly method: 'PUT';
  readonly resource: unknown;
  readonly fullUrl: string | null;
  /** If-None-Match: `*` makes an update that only creates. */
  readonly ifNoneMatch: string | null;
}

export interface PatchEntry extends EntryTarget {
  readonly method: 'PATCH';
  /** Gives the patched tree; may change and return the tree that it is given, which is its own. */
  readonly patch: (current: FhirResource) => FhirResource;
}

export interface DeleteEntry extends EntryTarget {
  readonly method: 'DELETE';
}

/** What became of an entry. */
export interface Applied {
  /** `unchanged`: a conditional create found its resource, or an update changes nothing (`keepsUnchanged`). `absent`: there was nothing to delete; `stored` is null. */
  readonly outcome: 'created' | 'updated' | 'deleted' | 'unchanged' | 'absent';
  readonly type: string;
  readonly stored: StoredResource | null;
}

export interface ApplyOptions {
  /** A urn:uuid or conditional reference that points to nothing: kept as it is (DEQM), or refused. */
  readonly dangling?: 'keep' | 'refuse';
  /** The entries are those of a transaction Bundle: conditional references are resolved, and errors name the entry. */
  readonly transaction?: boolean;
  /** Our own FHIR base without a slash at the end: absolute references below it are local. */
  readonly baseUrl?: string | null;
  /** Where the entries stand in that Bundle, for the errors; in this order unless told. */
  readonly positions?: readonly number[];
  /** The caller has put every entry through `checkEntry`. */
  readonly isChecked?: boolean;
  /** An update that would change nothing makes no version: its outcome is `unchanged`. */
  readonly keepsUnchanged?: boolean;
  /** Makes the AuditEvent that is stored in the same transaction. */
  readonly audit?: (applied: readonly Applied[]) => FhirResource | null;
  /** Runs last in the transaction: the reads of a transaction Bundle. What it throws undoes everything. */
  readonly beforeCommit?: (sql: Transaction, applied: readonly Applied[]) => Promise<void>;
}

/** Runs the work for an entry, by its position; what it throws then tells which entry it was. */
export type Locator = <T>(entry: number, work: () => T) => T;
