import type { Sql } from '../../db/database.ts';
import { type Evidence, evidenceOf } from './evidence.ts';

/** A version of a resource: what it says in one line, how it came about, and who wrote it. */
export interface VersionOrigin extends Evidence {
  readonly method: 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Instant at which it was stored. */
  readonly at: string;
  /** Who wrote it, by the AuditEvent of that very transaction; null where none tells. */
  readonly writtenBy: { readonly reference: string; readonly display: string | null } | null;
}

interface OriginRow {
  readonly patient: string;
  readonly type: string;
  readonly id: string;
  readonly version: number;
  readonly last_updated: Date;
  readonly method: VersionOrigin['method'];
  readonly content: string | null;
  readonly event: string | null;
}

/**
 * Versions by their reference. An AuditEvent is stored in the transaction of what it tells of, at the same instant; it
 * names the version, or, of many, the patient.
 *
 * @param references `Type/id/_history/v`; those that are not there are left out
 */
export async function versionOrigins(
  sql: Sql,
  tenant: string,
  references: readonly string[],
): Promise<Map<string, VersionOrigin>> {
  const parts = [...new Set(references)].map((reference) => reference.split('/'));
  if (parts.length === 0) return new Map();
  const { rows } = await sql.query<OriginRow>(
    `SELECT h.patient, h.type, h.id, h.version, h.last_updated, h.method, h.content,
       (SELECT e.content FROM resource AS e
        WHERE e.tenant = $1 AND e.type = 'AuditEvent' AND e.last_updated = h.last_updated AND NOT e.deleted
          AND (position('"' || h.type || '/' || h.id || '/_history/' || h.version || '"' IN e.content) > 0
            OR position('"Patient/' || h.patient || '"' IN e.content) > 0)
        ORDER BY position('"' || h.type || '/' || h.id || '/_history/' || h.version || '"' IN e.content) = 0
        LIMIT 1) AS event
     FROM unnest($2::text[], $3::text[], $4::bigint[]) AS w (type, id, version)
     JOIN resource_history AS h ON h.tenant = $1 AND h.type = w.type AND h.id = w.id AND h.version = w.version`,
    [tenant, parts.map(([type]) => type), parts.map(([, id]) => id), parts.map(([, , , version]) => version)],
  );
  return new Map(
    rows.map((row) => {
      const reference = `${row.type}/${row.id}/_history/${row.version}`;
      const content = row.content === null ? null : JSON.parse(row.content);
      const origin: VersionOrigin = {
        ...evidenceOf(reference, content),
        method: row.method,
        at: row.last_updated.toISOString(),
        writtenBy: row.event === null ? null : actorOf(JSON.parse(row.event)),
      };
      return [reference, origin];
    }),
  );
}

interface AgentOfEvent {
  readonly agent?: readonly { readonly who?: { readonly reference?: string; readonly display?: string } }[];
}

function actorOf({ agent }: AgentOfEvent): VersionOrigin['writtenBy'] {
  const { reference, display = null } = agent?.[0]?.who ?? {};
  return reference === undefined ? null : { reference, display };
}
