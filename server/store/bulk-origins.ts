import type { Sql } from '../db/database.ts';
import type { StoredResource } from '../db/stored-resource.ts';
import { StoreError } from './errors.ts';

/** A resource that another source brought, or that refers to one of those. */
export class ForeignResource extends StoreError {
  override readonly name = 'ForeignResource';
}

/** Who brings resources. */
export interface Origin {
  readonly source: string;
  /** The manifest of a submission; null for feeds. */
  readonly manifest: string | null;
  /** What is stored already, from no source, may be taken over. */
  readonly adopts: boolean;
  /** Ids of different sources cannot be the same, so references need no look. */
  readonly ownIds: boolean;
}

/**
 * Notes that the source brought the resources, in the transaction that stores them.
 *
 * @throws ForeignResource when one of them is another source's, was here before, or refers to another source's: the same
 *   id in two systems is most often not the same patient
 */
export async function claimOrigins(
  sql: Sql,
  tenant: string,
  { source, manifest, adopts, ownIds }: Origin,
  written: readonly StoredResource[],
): Promise<void> {
  if (written.length === 0) return;
  const own = new Set(written.map(({ type, id }) => `${type}/${id}`));
  const referred = ownIds ? [] : written.flatMap(({ content }) => referencesIn(content ?? ''));
  const names = [...new Set([...own, ...referred])].map((name) => name.split('/'));
  const { rows } = await sql.query<{ type: string; id: string; source: string }>(
    `SELECT o.type, o.id, o.source FROM unnest($2::text[], $3::text[]) AS t (type, id)
       JOIN bulk_origin AS o ON o.tenant = $1 AND o.type = t.type AND o.id = t.id`,
    [tenant, names.map(([type]) => type), names.map(([, id]) => id)],
  );
  for (const { type, id, source: owner } of rows) {
    if (owner === source) continue;
    const name = `${type}/${id}`;
    throw new ForeignResource(
      own.has(name)
        ? `${name} comes from ${owner} already, and ${source} uses the same id: ${advice}`
        : `It refers to ${name}, which comes from ${owner} and not from ${source}: ${advice}`,
    );
  }
  const known = new Set(rows.map(({ type, id }) => `${type}/${id}`));
  const before = written.find(({ type, id, version }) => version > 1 && !known.has(`${type}/${id}`));
  if (before !== undefined && !adopts)
    throw new ForeignResource(
      `${before.type}/${before.id} was stored here before, and not by ${source}: register it with ids "adopt" when it is ` +
        'the same resource, or "map" when it is another one',
    );
  await sql.query(
    `INSERT INTO bulk_origin (tenant, type, id, source, manifest)
     SELECT $1, type, id, $2, $3 FROM unnest($4::text[], $5::text[]) AS t (type, id)
     ON CONFLICT (tenant, type, id) DO UPDATE SET manifest = excluded.manifest`,
    [tenant, source, manifest, written.map(({ type }) => type), written.map(({ id }) => id)],
  );
}

const advice = 'register one of them with ids "map", so that each has ids of its own, and match the patients';

function referencesIn(content: string): string[] {
  const found = content.matchAll(/"reference":"([A-Z][A-Za-z]+\/[A-Za-z0-9.-]{1,64})/g);
  return [...found].map(([, reference = '']) => reference);
}

/** Of `Type/id`, those that the source brought. */
export async function ownedBy(
  sql: Sql,
  tenant: string,
  source: string,
  names: readonly string[],
): Promise<ReadonlySet<string>> {
  const keys = names.map((name) => name.split('/'));
  const { rows } = await sql.query<{ type: string; id: string }>(
    `SELECT o.type, o.id FROM unnest($3::text[], $4::text[]) AS t (type, id)
       JOIN bulk_origin AS o ON o.tenant = $1 AND o.source = $2 AND o.type = t.type AND o.id = t.id`,
    [tenant, source, keys.map(([type]) => type), keys.map(([, id]) => id)],
  );
  return new Set(rows.map(({ type, id }) => `${type}/${id}`));
}

/** Some of what the source's manifests brought and no later one did. */
export async function broughtBy(
  sql: Sql,
  tenant: string,
  source: string,
  manifests: readonly string[],
  count: number,
): Promise<readonly string[]> {
  const { rows } = await sql.query<{ type: string; id: string }>(
    'SELECT type, id FROM bulk_origin WHERE tenant = $1 AND source = $2 AND manifest = ANY ($3::text[]) LIMIT $4',
    [tenant, source, manifests, count],
  );
  return rows.map(({ type, id }) => `${type}/${id}`);
}

/** No manifest stands for the resources any more: they were deleted. Their ids stay the source's. */
export async function clearManifests(sql: Sql, tenant: string, names: readonly string[]): Promise<void> {
  const keys = names.map((name) => name.split('/'));
  await sql.query(
    `UPDATE bulk_origin AS o SET manifest = NULL FROM unnest($2::text[], $3::text[]) AS t (type, id)
      WHERE o.tenant = $1 AND o.type = t.type AND o.id = t.id AND o.manifest IS NOT NULL`,
    [tenant, keys.map(([type]) => type), keys.map(([, id]) => id)],
  );
}
