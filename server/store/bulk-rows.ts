import type { Sql } from '../db/database.ts';
import { wholeContent } from '../db/stored-resource.ts';

/** What an export reads of one type. Instants are ISO texts. */
export interface ExportSlice {
  readonly tenant: string;
  readonly type: string;
  /** State of the data that is read: the newest versions up to it. */
  readonly at: string;
  /** Only what changed after it; null for everything. */
  readonly since: string | null;
  /** Only what changed last before it; null for everything. */
  readonly until: string | null;
}

/** A resource as it was at the instant of the export. */
export interface ExportedRow {
  readonly patient: string;
  readonly id: string;
  /** Exact JSON; null when it was deleted. */
  readonly content: string | null;
}

/** Where to go on. `patient` is '' except where a roster is read. */
export interface ExportPosition {
  readonly patient: string;
  /** Null: everything of the patient was read. */
  readonly id: string | null;
}

export interface ExportPage {
  readonly rows: readonly ExportedRow[];
  /** Null: the type is read to its end. */
  readonly next: ExportPosition | null;
}

const rowsAtOnce = 500;
const bytesAtOnce = 8_000_000;
const patientsAtOnce = 200;

/** All resources of a type, whosoever they are. */
export async function readType(sql: Sql, slice: ExportSlice, after: ExportPosition | null): Promise<ExportPage> {
  return byId(sql, slice, after, '', []);
}

/** Resources of a type in no compartment that the records of a job's roster refer to. */
export async function readReferenced(
  sql: Sql,
  slice: ExportSlice,
  job: string,
  after: ExportPosition | null,
): Promise<ExportPage> {
  const condition = `AND EXISTS (
      SELECT 1 FROM record_reference AS f
        JOIN bulk_export_patient AS p ON p.tenant = f.tenant AND p.job = $9 AND p.patient = f.patient
       WHERE f.tenant = r.tenant AND f.type = r.type AND f.id = r.id)`;
  return byId(sql, slice, after, condition, [job]);
}

async function byId(
  sql: Sql,
  slice: ExportSlice,
  after: ExportPosition | null,
  condition: string,
  values: readonly unknown[],
): Promise<ExportPage> {
  const { rows } = await sql.query<PageRow>(
    pageSql(
      `SELECT r.patient, r.tenant, r.type, r.id, r.last_updated, ${wholeContent('r')} AS content FROM resource AS r
        WHERE r.tenant = $1 AND r.type = $2 AND r.id > $6 AND ($4::timestamptz IS NULL OR r.last_updated > $4) ${condition}
        ORDER BY r.id LIMIT $7`,
      'id',
    ),
    [...slicing(slice), after?.id ?? '', rowsAtOnce, bytesAtOnce, ...values],
  );
  const last = rows.at(-1);
  const more = last !== undefined && (last.total === rowsAtOnce || rows.length < last.total);
  return { rows: rows.flatMap(asRow), next: more ? { patient: '', id: last.id } : null };
}

/** Resources of a type in the compartments of a job's roster. */
export async function readRoster(
  sql: Sql,
  slice: ExportSlice,
  job: string,
  after: ExportPosition | null,
): Promise<ExportPage> {
  const from = after ?? { patient: '', id: null };
  const roster = await sql.query<{ patient: string }>(
    `SELECT patient FROM bulk_export_patient
      WHERE tenant = $1 AND job = $2 AND (patient > $3 OR (patient = $3 AND $4)) ORDER BY patient LIMIT ${patientsAtOnce}`,
    [slice.tenant, job, from.patient, from.id !== null],
  );
  const patients = roster.rows.map(({ patient }) => patient);
  const end = patients.at(-1);
  if (end === undefined) return { rows: [], next: null };
  const { rows } = await sql.query<PageRow>(
    pageSql(
      `SELECT r.patient, r.tenant, r.type, r.id, r.last_updated, ${wholeContent('r')} AS content FROM resource AS r
        WHERE r.patient = ANY ($9::text[]) AND r.tenant = $1 AND r.type = $2 AND (r.patient, r.id) > ($10, $6)
          AND ($4::timestamptz IS NULL OR r.last_updated > $4)
        ORDER BY r.patient, r.id LIMIT $7`,
      'patient, id',
    ),
    [...slicing(slice), from.id ?? '', rowsAtOnce, bytesAtOnce, patients, from.patient],
  );
  const last = rows.at(-1);
  const more = last !== undefined && (last.total === rowsAtOnce || rows.length < last.total);
  const next = more
    ? { patient: last.patient, id: last.id }
    : patients.length < patientsAtOnce
      ? null
      : { patient: end, id: null };
  return { rows: rows.flatMap(asRow), next };
}

interface PageRow extends ExportedRow {
  /** Rows of the page before it was cut by size. */
  readonly total: number;
  /** False for what did not exist at the instant, or did not change in the interval. */
  readonly wanted: boolean;
}

function asRow({ patient, id, content, wanted }: PageRow): ExportedRow[] {
  return wanted ? [{ patient, id, content }] : [];
}

/** What changed after the instant is read from the history; a page is cut where it becomes large. */
function pageSql(page: string, order: string): string {
  return `WITH page AS MATERIALIZED (${page}),
    was AS (
      SELECT p.patient, p.id, count(*) OVER ()::int AS total,
             CASE WHEN p.last_updated <= $3 THEN p.content ELSE h.content END AS content,
             CASE WHEN p.last_updated <= $3 THEN p.last_updated ELSE h.last_updated END AS changed
        FROM page AS p
        LEFT JOIN LATERAL (
          SELECT ${wholeContent('h')} AS content, h.last_updated FROM resource_history AS h
           WHERE p.last_updated > $3 AND h.tenant = p.tenant AND h.type = p.type AND h.id = p.id AND h.last_updated <= $3
           ORDER BY h.version DESC LIMIT 1) AS h ON true
    ),
    sized AS (
      SELECT *, sum(octet_length(content)) OVER (ORDER BY ${order} ROWS UNBOUNDED PRECEDING)
                - coalesce(octet_length(content), 0) AS before FROM was
    )
    SELECT patient, id, total, content,
           changed IS NOT NULL AND ($4::timestamptz IS NULL OR changed > $4) AND ($5::timestamptz IS NULL OR changed < $5) AS wanted
      FROM sized WHERE coalesce(before, 0) < $8 ORDER BY ${order}`;
}

function slicing({ tenant, type, at, since, until }: ExportSlice): unknown[] {
  return [tenant, type, at, since, until];
}

/** Types of which there is anything, with how many resources there are of each. */
export async function typesWithData(sql: Sql, tenant: string): Promise<ReadonlyMap<string, number>> {
  const { rows } = await sql.query<{ type: string; count: number }>(
    'SELECT type, count(*)::int AS count FROM resource WHERE tenant = $1 GROUP BY type ORDER BY type',
    [tenant],
  );
  return new Map(rows.map(({ type, count }) => [type, count]));
}
