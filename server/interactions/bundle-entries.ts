import type { FhirResource } from '../../cql/index.ts';
import { InvalidRequest, TransactionFailed } from '../store/errors.ts';
import type { FhirRequest } from './interaction.ts';

/** An entry of a batch or transaction Bundle: the request that it stands for. */
export interface BundleEntry {
  readonly fullUrl: string | null;
  /** Tree of the resource; undefined when the entry has none. */
  readonly resource: unknown;
  readonly request: FhirRequest;
}

const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']);

/**
 * Reads one of Bundle.entry.
 *
 * @param baseUrl our own FHIR base: absolute URLs below it are accepted, all others refused
 * @throws InvalidRequest when the entry has no usable request
 */
export function readEntry(entry: unknown, baseUrl: string): BundleEntry {
  const { request, fullUrl, resource } = record(entry);
  const { method, url, ifMatch, ifNoneMatch, ifNoneExist, ifModifiedSince } = record(request);
  if (typeof method !== 'string' || !methods.has(method)) {
    throw new InvalidRequest(`request.method must be one of ${[...methods].join(', ')}`);
  }
  if (typeof url !== 'string') throw new InvalidRequest('request.url is missing');
  const given = { 'if-match': ifMatch, 'if-none-match': ifNoneMatch, 'if-none-exist': ifNoneExist };
  const headers = Object.fromEntries(
    Object.entries({ ...given, 'if-modified-since': ifModifiedSince }).filter(
      (header): header is [string, string] => typeof header[1] === 'string',
    ),
  );
  const body = resource === undefined ? null : JSON.stringify(resource);
  return {
    fullUrl: typeof fullUrl === 'string' ? fullUrl : null,
    resource,
    request: { method, ...readUrl(url, baseUrl), headers, body },
  };
}

/** Entries of a Bundle. @throws InvalidRequest unless they are a list */
export function entriesOf(bundle: FhirResource): readonly unknown[] {
  const entries = bundle.entry ?? [];
  if (!Array.isArray(entries)) throw new InvalidRequest('Bundle.entry must be a list', ['Bundle.entry']);
  return entries;
}

/** Runs the work for an entry of a transaction; what it throws then names the entry. */
export function atEntry<T>(index: number, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof Error ? new TransactionFailed(index, error) : error;
  }
}

function readUrl(url: string, baseUrl: string): Pick<FhirRequest, 'path' | 'query'> {
  const relative = url.startsWith(`${baseUrl}/`) ? url.slice(baseUrl.length + 1) : url.replace(/^\//, '');
  if (/^[a-z][a-z0-9+.-]*:/i.test(relative)) throw new InvalidRequest('request.url must be relative to this server');
  const mark = relative.indexOf('?');
  const path = mark === -1 ? relative : relative.slice(0, mark);
  const query = new URLSearchParams(mark === -1 ? '' : relative.slice(mark + 1));
  try {
    return { path: path.split('/').filter(Boolean).map(decodeURIComponent), query };
  } catch {
    throw new InvalidRequest('request.url is not a URL');
  }
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
