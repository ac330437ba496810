import { type StoredResource, wholeContent } from '../db/stored-resource.ts';

export interface ResourceRow {
  readonly patient: string;
  readonly type: string;
  readonly id: string;
  readonly version: number;
  readonly updated: string;
  readonly content: string;
}

/** What `stored` reads, of the table or subquery with that alias. */
export function resourceColumns(r: string): string {
  return `${r}.patient, ${r}.type, ${r}.id, ${r}.version, ${wholeContent(r)} AS content,
    to_char(${r}.last_updated AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS updated`;
}

export function stored({ patient, type, id, version, updated, content }: ResourceRow): StoredResource {
  return { patient, type, id, version, lastUpdated: updated, deleted: false, content };
}
