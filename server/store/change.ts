import type { FhirResource } from '../../cql/index.ts';
import { patientOf } from '../search/compartment.ts';
import type { IndexedResource } from '../search/rows.ts';
import type { Identified } from './conditions.ts';
import type { Applied } from './entry.ts';
import { PreconditionFailed, ResourceDeleted, ResourceNotFound, VersionConflict } from './errors.ts';
import { parseExact, plain, withoutNumbers } from './exact-json.ts';
import type { Current } from './lock.ts';
import { assertValid, checkType } from './validate.ts';
import type { NewVersion } from './write-rows.ts';

export interface Write {
  readonly version: NewVersion;
  readonly index: IndexedResource;
  /** Content of the version before; null when there was none, or it was deleted. */
  readonly previous: string | null;
}

export interface Change {
  readonly applied: Applied;
  /** Null when there is nothing to write. */
  readonly write: Write | null;
}

/**
 * What an entry makes of the current version. Pure.
 *
 * @param tree the resource of a create or update, with its links replaced; null for patches and deletions
 * @param current null when the id was never used
 * @param now instant of the transaction, for meta.lastUpdated
 * @param baseUrl our own FHIR base: absolute references below it are local
 * @throws VersionConflict, PreconditionFailed, ResourceNotFound, ResourceDeleted, InvalidResource
 */
export function changeOf(
  item: Identified,
  tree: FhirResource | null,
  current: Current | null,
  now: string,
  baseUrl: string | null,
): Change {
  const { entry, id, matched } = item;
  const { type, method } = entry;
  if (matched !== null) return { applied: { outcome: 'unchanged', type, stored: matched }, write: null };
  const key = `${type}/${id}`;
  if (method !== 'POST') checkVersion(entry.ifMatch, key, current);
  if (method === 'DELETE') {
    return current === null || current.deleted
      ? { applied: { outcome: 'absent', type, stored: null }, write: null }
      : writeOf('deleted', method, current.patient, type, id, null, current, now);
  }
  if (method === 'PUT' && entry.ifNoneMatch?.trim() === '*' && current !== null && !current.deleted) {
    throw new PreconditionFailed(`${key} exists already, and If-None-Match: * asks that it does not`);
  }
  const resource = method === 'PATCH' ? patched(entry.patch, key, current) : tree;
  if (resource === null) throw new TypeError(`${key} has no content`);
  const outcome = current === null || current.deleted ? 'created' : 'updated';
  return writeOf(outcome, method, patientOf(withoutNumbers(resource), baseUrl), type, id, resource, current, now);
}

/** The outcome of an update to just what is stored; null for all others. */
export function unchangedOf({ entry }: Identified, tree: FhirResource | null, current: Current | null): Change | null {
  if (entry.method !== 'PUT' || tree === null || current?.content == null || entry.ifMatch !== null) return null;
  const { id, version, lastUpdated, content } = current;
  if (JSON.stringify(stamp(tree, id, version, lastUpdated)) !== content) return null;
  return { applied: { outcome: 'unchanged', type: entry.type, stored: { ...current, content } }, write: null };
}

/** A new resource of the server's own, such as an AuditEvent. */
export function creationOf(resource: FhirResource, id: string, now: string): Write {
  const { write } = writeOf(
    'created',
    'POST',
    patientOf(withoutNumbers(resource)),
    resource.resourceType,
    id,
    resource,
    null,
    now,
  );
  if (write === null) throw new TypeError('a creation writes');
  return write;
}

function writeOf(
  outcome: Applied['outcome'],
  method: NewVersion['method'],
  patient: string,
  type: string,
  id: string,
  tree: FhirResource | null,
  current: Current | null,
  lastUpdated: string,
): Change {
  const version = (current?.version ?? 0) + 1;
  const stamped = tree === null ? null : stamp(tree, id, version, lastUpdated);
  const content = stamped === null ? null : JSON.stringify(stamped);
  const stored = { patient, type, id, version, lastUpdated, deleted: content === null, content };
  const replaces = current === null || current.deleted ? null : current.patient;
  const leaves = current !== null && current.patient !== patient ? current.patient : null;
  return {
    applied: { outcome, type, stored },
    write: {
      version: { patient, type, id, version, method, content, leaves, isNew: current === null },
      index: { patient, type, id, resource: stamped === null ? null : plain(stamped), replaces },
      previous: current?.content ?? null,
    },
  };
}

function patched(patch: (tree: FhirResource) => FhirResource, key: string, current: Current | null): FhirResource {
  if (current === null) throw new ResourceNotFound(`${key} does not exist`);
  if (current.content === null) throw new ResourceDeleted(key, current.version);
  const before = parseExact(current.content);
  checkType(before, current.type);
  const result = patch(before);
  checkType(result, current.type);
  assertValid(plain(result));
  return result;
}

/**
 * The tree with id, meta.versionId and meta.lastUpdated set. Elements keep their order; new ones follow resourceType and id.
 */
export function stamp(resource: FhirResource, id: string, version: number, lastUpdated: string): FhirResource {
  const given = resource.meta;
  const meta = { ...(typeof given === 'object' ? given : {}), versionId: String(version), lastUpdated };
  const stamped: Record<string, unknown> = {};
  const last = 'id' in resource ? 'id' : 'resourceType';
  for (const [key, value] of Object.entries(resource)) {
    stamped[key] = key === 'id' ? id : key === 'meta' ? meta : value;
    if (key === last) Object.assign(stamped, 'id' in resource ? {} : { id }, 'meta' in resource ? {} : { meta });
  }
  return stamped as FhirResource;
}

/**
 * Optimistic locking (R4 http.html#concurrency).
 *
 * @param ifMatch value of If-Match: `W/"3"`, `"3"` or `3`; null when there is none
 */
function checkVersion(ifMatch: string | null, key: string, current: Current | null): void {
  if (ifMatch === null || ifMatch.trim() === '*') return;
  const wanted = /^(?:W\/)?"?([^"]*)"?$/.exec(ifMatch.trim())?.[1] ?? ifMatch;
  const actual = current?.version ?? 0;
  if (String(actual) !== wanted) throw new VersionConflict(key, wanted, actual);
}
