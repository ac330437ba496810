import type { Sql } from '../db/database.ts';
import type { ImportCounts, RejectedLine } from './import-source.ts';

/** Where an import stands with a source. */
export interface ImportPosition {
  readonly offset: number;
  readonly line: number;
  /** SHA-256 of what lies before the offset. */
  readonly digest: string;
  readonly complete: boolean;
  readonly counts: ImportCounts;
}

/** Which source of which import. */
export interface ImportKey {
  readonly tenant: string;
  readonly importId: string;
  readonly source: string;
}

/** @returns null when the import has not begun with the source */
export async function readPosition(sql: Sql, { tenant, importId, source }: ImportKey): Promise<ImportPosition | null> {
  const { rows } = await sql.query<ImportPosition>(
    `SELECT byte_offset AS offset, line, digest, complete, counts FROM import_source
      WHERE tenant = $1 AND import = $2 AND source = $3`,
    [tenant, importId, source],
  );
  return rows[0] ?? null;
}

export async function writePosition(sql: Sql, key: ImportKey, position: ImportPosition): Promise<void> {
  const { offset, line, digest, complete, counts } = position;
  await sql.query(
    `INSERT INTO import_source (tenant, import, source, byte_offset, line, digest, complete, counts)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
     ON CONFLICT (tenant, import, source) DO UPDATE
       SET byte_offset = excluded.byte_offset, line = excluded.line, digest = excluded.digest,
           complete = excluded.complete, counts = excluded.counts, updated_at = now()`,
    [key.tenant, key.importId, key.source, offset, line, digest, complete, JSON.stringify(counts)],
  );
}

/** Forgets how far an import was with a source, and what it refused: it begins anew. */
export async function forgetPosition(sql: Sql, { tenant, importId, source }: ImportKey): Promise<void> {
  const key = [tenant, importId, source];
  await sql.query(`DELETE FROM import_rejection WHERE tenant = $1 AND import = $2 AND source = $3`, key);
  await sql.query(`DELETE FROM import_source WHERE tenant = $1 AND import = $2 AND source = $3`, key);
}

/** Keeps refused lines; one that is kept already stays as it is. */
export async function keepRejected(sql: Sql, key: ImportKey, rejected: readonly RejectedLine[]): Promise<void> {
  for (const line of rejected) {
    await sql.query({
      name: 'store.keepRejected',
      text: `INSERT INTO import_rejection (tenant, import, source, line, byte_offset, bytes, severity, code, diagnostics,
               expression, resource_type, resource_id, content)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT DO NOTHING`,
      values: [
        ...[key.tenant, key.importId, key.source, line.line, line.offset, line.bytes, line.severity, line.code],
        ...[storable(line.diagnostics), line.expression.map(storable), line.resourceType, line.id],
        Buffer.from(line.text),
      ],
    });
  }
}

/** PostgreSQL's text holds no NUL. */
function storable(text: string): string {
  return text.replaceAll('\u0000', '\uFFFD');
}

const rejectedAtOnce = 500;

/** The refused lines of an import, by source and line, some at a time. */
export async function* rejectedLines(sql: Sql, tenant: string, importId: string): AsyncGenerator<RejectedLine> {
  let after: readonly [source: string, line: number] = ['', 0];
  for (;;) {
    const { rows } = await sql.query<RejectedLine & { content: Buffer }>(
      `SELECT source, line, byte_offset AS offset, bytes, severity, code, diagnostics, expression,
              resource_type AS "resourceType", resource_id AS id, content
         FROM import_rejection WHERE tenant = $1 AND import = $2 AND (source, line) > ($3, $4)
        ORDER BY source, line LIMIT ${rejectedAtOnce}`,
      [tenant, importId, ...after],
    );
    for (const { content, ...row } of rows) yield { ...row, text: content.toString('utf8') };
    const last = rows.at(-1);
    if (last === undefined) return;
    after = [last.source, last.line];
  }
}
