import type { FhirResource } from '../../cql/index.ts';
import type { Sql } from '../db/database.ts';
import { typesOutsidePatient } from '../search/compartment.ts';
import { isReplaced } from './replaced-patients.ts';

/** All that an evaluation of one patient may read. */
export interface LoadedRecord {
  /** Logical id of the Patient. */
  readonly patient: string;
  /** The stored texts: what evaluation threads are sent, which parse them themselves. */
  readonly contents: readonly string[];
  /** The contents as plain JSON, parsed when this is read. */
  readonly resources: readonly FhirResource[];
  /** By `Type/id`, for evidence. */
  readonly versions: ReadonlyMap<string, number>;
}

interface Row {
  readonly patient: string;
  readonly type: string;
  readonly id: string;
  readonly version: number;
  readonly content: string;
}

/**
 * Loads patients for evaluation, hundreds at a time: the resources of their compartments, and the resources in no
 * compartment (Medication, Location, Practitioner, Organization, …) that those refer to directly. AuditEvents are never
 * part of a record.
 *
 * @param resourceTypes types to load; Patient always is. Null: all
 * @returns by patient id, in the order of `patientIds`; a patient without a current Patient resource, or with one that
 *   another replaced, is absent
 */
export async function loadPatientRecords(
  sql: Sql,
  tenant: string,
  patientIds: readonly string[],
  resourceTypes: readonly string[] | null,
): Promise<ReadonlyMap<string, LoadedRecord>> {
  const { rows } = await sql.query<Row>(
    `SELECT patient, type, id, version, content FROM resource
      WHERE patient = ANY ($1::text[]) AND patient <> '' AND tenant = $2 AND NOT deleted
        AND (type = 'Patient' OR ($3::text[] IS NULL AND type <> 'AuditEvent') OR type = ANY ($3::text[]))
      ORDER BY patient, type, id`,
    [patientIds, tenant, resourceTypes],
  );
  const byPatient = Map.groupBy(rows, ({ patient }) => patient);
  const outside = typesOutside(resourceTypes);
  const wanted = new Map<string, ReadonlySet<string>>();
  const found = /"reference":"(([A-Z][A-Za-z]+)\/[A-Za-z0-9.-]{1,64})/g;
  for (const [patient, own] of byPatient) {
    const references = new Set<string>();
    for (const { content } of own) {
      for (const [, reference = '', type = ''] of content.matchAll(found))
        if (outside.has(type)) references.add(reference);
    }
    wanted.set(patient, references);
  }
  const referenced = await loadByReference(sql, tenant, new Set([...wanted.values()].flatMap((set) => [...set])));
  const records = new Map<string, LoadedRecord>();
  for (const patient of patientIds) {
    const own = byPatient.get(patient) ?? [];
    if (!own.some(({ type, content }) => type === 'Patient' && !isReplaced(content))) continue;
    const others = [...(wanted.get(patient) ?? [])].flatMap((reference) => referenced.get(reference) ?? []);
    const contents = [...own, ...others].map(({ content }) => content);
    records.set(patient, {
      patient,
      contents,
      get resources() {
        return contents.map((content): FhirResource => JSON.parse(content));
      },
      versions: new Map([...own, ...others].map(({ type, id, version }) => [`${type}/${id}`, version])),
    });
  }
  return records;
}

function typesOutside(resourceTypes: readonly string[] | null): ReadonlySet<string> {
  const outside = typesOutsidePatient();
  return resourceTypes === null ? outside : new Set(resourceTypes.filter((type) => outside.has(type)));
}

/** A current resource, as stored. */
export interface ReferencedResource {
  readonly type: string;
  readonly id: string;
  readonly version: number;
  readonly content: string;
}

/** Current resources by `Type/id`; those that are not there are absent. */
export async function loadByReference(
  sql: Sql,
  tenant: string,
  references: ReadonlySet<string>,
): Promise<ReadonlyMap<string, ReferencedResource>> {
  if (references.size === 0) return new Map();
  const keys = [...references].map((reference) => reference.split('/'));
  const { rows } = await sql.query<Row>(
    `SELECT r.type, r.id, r.version, r.content
       FROM unnest($2::text[], $3::text[]) AS t (type, id)
       JOIN resource AS r ON r.tenant = $1 AND r.type = t.type AND r.id = t.id AND NOT r.deleted`,
    [tenant, keys.map(([type]) => type), keys.map(([, id]) => id)],
  );
  return new Map(rows.map((row) => [`${row.type}/${row.id}`, row]));
}
