import { createHash } from 'node:crypto';
import type { Bundle, BundleEntry, Resource } from '@medplum/fhirtypes';

/** Content that can't be read as resources to install. */
export class UnreadableContent extends Error {
  override readonly name = 'UnreadableContent';
}

/**
 * Makes one transaction of measure content: a Bundle of any type, a single resource, or NDJSON of either. Each resource
 * is put under its own id, so that installing again replaces it; one without an id gets one from its canonical. Only
 * Measure, Library, ValueSet and CodeSystem are taken, because content often comes with examples and test cases.
 *
 * @param texts files, as they are
 * @throws UnreadableContent when a file is not JSON, or there is nothing to install
 */
export function installBundle(texts: readonly string[]): Bundle {
  const resources = texts.flatMap(resourcesOf).filter(({ resourceType }) => installable.has(resourceType));
  if (resources.length === 0)
    throw new UnreadableContent('There is no Measure, Library, ValueSet or CodeSystem in the content');
  const byTarget = new Map(resources.map((resource) => [`${resource.resourceType}/${idOf(resource)}`, resource]));
  const entry = [...byTarget].map(
    ([target, resource]): BundleEntry => ({
      fullUrl: `urn:uuid:${uuidOf(target)}`,
      resource: { ...resource, id: idOf(resource) },
      request: { method: 'PUT', url: target },
    }),
  );
  return { resourceType: 'Bundle', type: 'transaction', entry };
}

const installable = new Set<string>(['Measure', 'Library', 'ValueSet', 'CodeSystem']);

function resourcesOf(text: string, file: number): Resource[] {
  const whole = tryParse(text);
  if (whole !== undefined) return flatten(whole);
  return text.split('\n').flatMap((line, index) => {
    if (line.trim() === '') return [];
    const parsed = tryParse(line);
    if (parsed === undefined)
      throw new UnreadableContent(`File ${file + 1} is neither JSON nor NDJSON: line ${index + 1} is not JSON`);
    return flatten(parsed);
  });
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function flatten(value: unknown): Resource[] {
  if (!isResource(value)) throw new UnreadableContent('The content holds something that is not a FHIR resource');
  if (value.resourceType !== 'Bundle') return [value];
  return (value.entry ?? []).flatMap(({ resource }) => (resource === undefined ? [] : flatten(resource)));
}

function isResource(value: unknown): value is Resource {
  return typeof value === 'object' && value !== null && 'resourceType' in value;
}

function idOf(resource: Resource): string {
  if (resource.id !== undefined) return resource.id;
  const { url = '', version = '' } = resource as { url?: string; version?: string };
  if (url === '') throw new UnreadableContent(`A ${resource.resourceType} has neither id nor url`);
  return createHash('sha256').update(`${url}|${version}`).digest('hex').slice(0, 32);
}

function uuidOf(target: string): string {
  const hex = createHash('sha256').update(target).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
