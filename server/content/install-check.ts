import type { Measure } from '@medplum/fhirtypes';
import type { Sql } from '../db/database.ts';
import type { StoredResource } from '../db/stored-resource.ts';
import { formatCanonical, parseCanonical } from '../terminology/canonical.ts';
import { readByUrl } from '../terminology/canonical-resources.ts';
import type { CheckedMeasure } from './check.ts';
import { type CheckLimits, checkInThread } from './check-in-thread.ts';
import { InvalidMeasureContent } from './errors.ts';
import type { LibraryDefinition } from './library-resource.ts';
import { databaseReader, keepTranslations } from './reader.ts';

const contentTypes = new Set(['Measure', 'Library', 'ValueSet', 'CodeSystem']);

/**
 * The check of everything that is installed, to be called in the transaction that writes it, before it commits. What it
 * throws undoes the transaction, so that nothing is half-installed.
 *
 * Checked are the Measures and Libraries among `written`, and every installed measure that depends on something that
 * was changed or deleted: a deletion that an installed measure needs is refused. Measures of any status are checked: a
 * draft that cannot run is not installed. ValueSets are checked with the measures that use them.
 *
 * @param written resources as they are now stored, of any type; deletions have no content
 * @returns canonicals (`url|version`) of the measures that were checked; empty when nothing concerned measures
 * @throws InvalidMeasureContent listing every problem
 */
export async function installCheck(
  sql: Sql,
  tenant: string,
  written: readonly StoredResource[],
  limits: CheckLimits = {},
): Promise<string[]> {
  const content = written.filter(({ type }) => contentTypes.has(type));
  if (content.length === 0) return [];
  await sql.query(
    `INSERT INTO content_version (tenant, version) VALUES ($1, 1)
     ON CONFLICT (tenant) DO UPDATE SET version = content_version.version + 1, changed_at = now()`,
    [tenant],
  );
  await sql.query(`SELECT pg_notify('gapless_content', $1)`, [tenant]);
  const present = content.filter(({ deleted }) => !deleted);
  const measures = present.filter(({ type }) => type === 'Measure').map(parse<Measure>);
  const libraries = present.filter(({ type }) => type === 'Library').map(parse<LibraryDefinition>);
  const affected = await affectedMeasures(sql, tenant, content, measures);
  const toCheck = { measures: [...measures, ...affected], libraries };
  if (toCheck.measures.length + libraries.length === 0) return [];
  const result = await checkInThread(databaseReader(sql, tenant), toCheck, limits);
  if (result.errors.length > 0) throw new InvalidMeasureContent(result.errors);
  await keepTranslations(sql, tenant, result.translations);
  for (const measure of result.measures) await remember(sql, tenant, measure);
  return result.measures.map(formatCanonical);
}

function parse<T>({ content }: StoredResource): T {
  return JSON.parse(content ?? 'null') as T;
}

/** Installed measures, other than those written now, that depend on something that was changed or deleted. */
async function affectedMeasures(
  sql: Sql,
  tenant: string,
  content: readonly StoredResource[],
  written: readonly Measure[],
): Promise<Measure[]> {
  const urls = await changedUrls(sql, tenant, content);
  if (urls.length === 0) return [];
  const { rows } = await sql.query<{ measure: string }>(
    `SELECT DISTINCT measure FROM measure_dependency WHERE tenant = $1 AND dependency_url = ANY($2)`,
    [tenant, urls],
  );
  const canonicals = new Set(rows.map((row) => row.measure));
  for (const measure of written) canonicals.delete(canonicalOf(measure));
  if (canonicals.size === 0) return [];
  const measureUrls = [...canonicals].map((canonical) => parseCanonical(canonical).url);
  const found = await readByUrl<Measure>(sql, tenant, 'Measure', measureUrls);
  return found.filter((measure) => canonicals.has(canonicalOf(measure)));
}

/** Canonical urls of what is written now and of what it replaces. New measures change no other. */
async function changedUrls(sql: Sql, tenant: string, content: readonly StoredResource[]): Promise<string[]> {
  const changed = content.filter(({ type, version }) => type !== 'Measure' || version > 1);
  const { rows } = await sql.query<{ url: string | null }>(
    `SELECT DISTINCT h.content::jsonb ->> 'url' AS url
     FROM unnest($2::text[], $3::text[], $4::bigint[]) AS w (type, id, version)
     JOIN resource_history AS h ON h.tenant = $1 AND h.type = w.type AND h.id = w.id
       AND h.version BETWEEN w.version - 1 AND w.version AND h.content IS NOT NULL`,
    [tenant, changed.map(({ type }) => type), changed.map(({ id }) => id), changed.map(({ version }) => version)],
  );
  return rows.flatMap(({ url }) => (url === null ? [] : [url]));
}

function canonicalOf({ url = '', version = null }: Pick<Measure, 'url'> & { version?: string | null }): string {
  return formatCanonical({ url, version });
}

async function remember(sql: Sql, tenant: string, measure: CheckedMeasure): Promise<void> {
  const canonical = formatCanonical(measure);
  await sql.query('DELETE FROM measure_dependency WHERE tenant = $1 AND measure = $2', [tenant, canonical]);
  await sql.query(
    `INSERT INTO measure_dependency (tenant, measure, dependency_type, dependency_url)
     SELECT $1, $2, type, url FROM unnest($3::text[], $4::text[]) AS d (type, url) ON CONFLICT DO NOTHING`,
    [tenant, canonical, measure.dependencies.map(({ type }) => type), measure.dependencies.map(({ url }) => url)],
  );
  await sql.query('DELETE FROM content_warning WHERE tenant = $1 AND url = $2 AND version = $3', [
    tenant,
    measure.url,
    measure.version ?? '',
  ]);
  await sql.query(
    `INSERT INTO content_warning (tenant, url, version, code, diagnostics)
     SELECT $1, $2, $3, code, diagnostics FROM unnest($4::text[], $5::text[]) AS w (code, diagnostics)
     ON CONFLICT DO NOTHING`,
    [
      tenant,
      measure.url,
      measure.version ?? '',
      measure.warnings.map(({ code }) => code),
      measure.warnings.map(({ diagnostics }) => diagnostics),
    ],
  );
}
