import type { Group } from '@medplum/fhirtypes';
import type { Sql } from '../db/database.ts';

/** Whom an evaluation is about. */
export type SubjectSelection =
  | { readonly kind: 'patients'; readonly ids: readonly string[] }
  /** Logical id of a Group of persons; its members, and those of Groups in it, that are not inactive. */
  | { readonly kind: 'group'; readonly id: string }
  /** Patients whose general practitioner is one of these: `Practitioner/x`, `PractitionerRole/x`, `Organization/x`. */
  | { readonly kind: 'provider'; readonly references: readonly string[] }
  | { readonly kind: 'all' };

export class UnknownSubject extends Error {
  override readonly name = 'UnknownSubject';
  readonly reference: string;
  constructor(reference: string) {
    super(`There is no ${reference}`);
    this.reference = reference;
  }
}

/**
 * Logical ids of the Patients that a selection means and that exist, each once, in batches.
 * @throws UnknownSubject for a Patient or Group that does not exist, when it was named itself
 */
export async function* subjectIds(
  sql: Sql,
  tenant: string,
  selection: SubjectSelection,
  batchSize = 200,
): AsyncGenerator<string[]> {
  if (selection.kind === 'all') return yield* allPatients(sql, tenant, batchSize);
  if (selection.kind === 'provider') return yield* chunks(await patientsOfProviders(sql, tenant, selection.references), batchSize);
  if (selection.kind === 'group') {
    const members = await groupMembers(sql, tenant, selection.id, new Set());
    return yield* chunks(await existing(sql, tenant, [...members]), batchSize);
  }
  const ids = [...new Set(selection.ids)];
  const found = await existing(sql, tenant, ids);
  const missing = ids.find((id) => !found.includes(id));
  if (missing !== undefined) throw new UnknownSubject(`Patient/${missing}`);
  yield* chunks(found, batchSize);
}

/** How many there are: for progress. @throws UnknownSubject */
export async function countSubjects(sql: Sql, tenant: string, selection: SubjectSelection): Promise<number> {
  if (selection.kind === 'all') {
    const { rows } = await sql.query<{ n: number }>(
      `SELECT count(*) AS n FROM resource WHERE tenant = $1 AND type = 'Patient' AND NOT deleted`,
      [tenant],
    );
    return rows[0]?.n ?? 0;
  }
  let count = 0;
  for await (const ids of subjectIds(sql, tenant, selection)) count += ids.length;
  return count;
}

async function* allPatients(sql: Sql, tenant: string, batchSize: number): AsyncGenerator<string[]> {
  for (let after = ''; ; ) {
    const { rows } = await sql.query<{ id: string }>(
      `SELECT id FROM resource WHERE tenant = $1 AND type = 'Patient' AND NOT deleted AND id > $2 ORDER BY id LIMIT $3`,
      [tenant, after, batchSize],
    );
    if (rows.length === 0) return;
    yield rows.map(({ id }) => id);
    after = rows.at(-1)?.id ?? '';
  }
}

async function existing(sql: Sql, tenant: string, ids: readonly string[]): Promise<string[]> {
  const { rows } = await sql.query<{ id: string }>(
    `SELECT id FROM resource
     WHERE patient = ANY($2) AND tenant = $1 AND type = 'Patient' AND id = patient AND NOT deleted ORDER BY id`,
    [tenant, ids],
  );
  return rows.map(({ id }) => id);
}

async function groupMembers(sql: Sql, tenant: string, id: string, seen: Set<string>): Promise<Set<string>> {
  const members = new Set<string>();
  if (seen.has(id)) return members;
  seen.add(id);
  const { rows } = await sql.query<{ content: string }>(
    `SELECT content FROM resource WHERE tenant = $1 AND type = 'Group' AND id = $2 AND NOT deleted`,
    [tenant, id],
  );
  const [row] = rows;
  if (row === undefined) throw new UnknownSubject(`Group/${id}`);
  const group: Group = JSON.parse(row.content);
  for (const { entity, inactive } of group.member ?? []) {
    const [, type, member = ''] = /(?:^|\/)(Patient|Group)\/([A-Za-z0-9.-]+)$/.exec(entity.reference ?? '') ?? [];
    if (inactive === true) continue;
    if (type === 'Patient') members.add(member);
    else if (type === 'Group') for (const inner of await groupMembers(sql, tenant, member, seen)) members.add(inner);
  }
  return members;
}

async function patientsOfProviders(sql: Sql, tenant: string, references: readonly string[]): Promise<string[]> {
  const { rows } = await sql.query<{ id: string }>(
    `SELECT id FROM resource WHERE tenant = $1 AND type = 'Patient' AND NOT deleted AND EXISTS (
       SELECT FROM jsonb_array_elements(CASE jsonb_typeof(content::jsonb -> 'generalPractitioner')
         WHEN 'array' THEN content::jsonb -> 'generalPractitioner' ELSE '[]' END) AS p
       WHERE p ->> 'reference' = ANY($2)) ORDER BY id`,
    [tenant, references],
  );
  return rows.map(({ id }) => id);
}

function* chunks(ids: readonly string[], size: number): Generator<string[]> {
  for (let start = 0; start < ids.length; start += size) yield ids.slice(start, start + size);
}
