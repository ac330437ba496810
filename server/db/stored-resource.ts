/** A version of a FHIR resource as the database holds it. */
export interface StoredResource {
  /** Logical id of the Patient in whose compartment it lies; '' when it lies in none (or in several). */
  readonly patient: string;
  readonly type: string;
  readonly id: string;
  readonly version: number;
  /** Instant with milliseconds in UTC, as meta.lastUpdated has it: `2026-01-31T10:00:00.000Z`. */
  readonly lastUpdated: string;
  readonly deleted: boolean;
  /** The exact JSON text, with id and meta filled in; null when deleted. */
  readonly content: string | null;
}

/**
 * SQL of the exact JSON text of a version: a large Group that is changed by its members keeps them in rows of their own
 * (0013-attribution.sql), and whoever reads `content` itself would miss them.
 *
 * @param table alias of a row of `resource` or `resource_history`
 */
export function wholeContent(table: string): string {
  return `whole_content(${table}.tenant, ${table}.type, ${table}.id, ${table}.version, ${table}.content)`;
}
