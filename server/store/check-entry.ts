import type { Entry } from './entry.ts';
import { InvalidId } from './errors.ts';
import { plain } from './exact-json.ts';
import { assertValid, checkId, checkType } from './validate.ts';

/**
 * All that can be said of an entry without the database.
 *
 * @throws InvalidResource, WrongResourceType, UnknownResourceType, InvalidId
 */
export function checkEntry(entry: Entry): void {
  if (entry.method === 'POST' || entry.method === 'PUT') {
    checkType(entry.resource, entry.type);
    assertValid(plain(entry.resource));
  }
  if (entry.method !== 'POST' && entry.id !== null) checkId(entry.id);
  if (entry.method === 'PUT' && entry.id !== null) checkSameId(entry.id, entry.resource);
}

/** R4 http.html#update: the body carries the id of the URL. */
function checkSameId(id: string, resource: unknown): void {
  checkType(resource, null);
  if (resource.id === id) return;
  const { resourceType } = resource;
  throw new InvalidId(
    resource.id === undefined
      ? `The body has no id: an update needs the id of the URL in ${resourceType}.id`
      : 'The id of the body is not the id of the URL',
    [`${resourceType}.id`],
  );
}
