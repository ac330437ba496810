import { applyPatch, type Operation } from 'rfc6902';
import type { FhirResource } from '../../cql/index.ts';
import { InvalidRequest, PatchFailed } from '../store/errors.ts';
import { restoreRaw } from '../store/exact-json.ts';

const operations = new Set(['add', 'remove', 'replace', 'move', 'copy', 'test']);

/**
 * JSON Patch (RFC 6902) as a function on a resource's tree.
 *
 * @param body the parsed patch document: a list of operations
 * @throws InvalidRequest when it is not one; the returned function throws PatchFailed when an operation does not fit
 */
export function jsonPatch(body: unknown): (resource: FhirResource) => FhirResource {
  if (!Array.isArray(body)) throw new InvalidRequest('A JSON Patch is a list of operations (RFC 6902)');
  const patch = body.map(readOperation);
  return (resource) => {
    for (const [index, error] of applyPatch(resource, patch).entries()) {
      if (error !== null) {
        const operation = patch[index];
        const reason = error.name === 'TestError' ? 'the value is another' : 'the path does not exist in the resource';
        throw new PatchFailed(`Operation ${index} (${operation?.op} ${operation?.path}) failed: ${reason}`);
      }
    }
    return restoreRaw(resource);
  };
}

function readOperation(item: unknown, index: number): Operation {
  const fail = (reason: string): never => {
    throw new InvalidRequest(`Operation ${index} of the JSON Patch ${reason}`);
  };
  if (typeof item !== 'object' || item === null) return fail('is not an object');
  const { op, path, from }: { op?: unknown; path?: unknown; from?: unknown } = item;
  if (typeof op !== 'string' || !operations.has(op)) return fail(`needs "op": ${[...operations].join(', ')}`);
  if (typeof path !== 'string' || (path !== '' && !path.startsWith('/'))) return fail('needs "path", such as /name/0');
  // rfc6902 skips these steps, and would apply the operation to another element.
  if (
    [path, from].some(
      (pointer) => typeof pointer === 'string' && /\/(__proto__|constructor|prototype)(\/|$)/.test(pointer),
    )
  )
    return fail('names a property that FHIR does not have');
  if ((op === 'move' || op === 'copy') && typeof from !== 'string') return fail('needs "from"');
  if (['add', 'replace', 'test'].includes(op) && !('value' in item)) return fail('needs "value"');
  return item as Operation;
}
