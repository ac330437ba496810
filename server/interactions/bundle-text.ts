/** A Bundle entry as JSON text. Resources are stored texts, spliced in as they are, so that every number stays exact. */
export interface TextEntry {
  readonly fullUrl?: string;
  /** Exact JSON of the resource; null for none. */
  readonly resource?: string | null;
  readonly search?: object;
  readonly request?: object;
  readonly response?: object;
}

export interface BundleText {
  readonly type: 'searchset' | 'history' | 'batch-response' | 'transaction-response';
  /** Null where it was not counted. */
  readonly total?: number | null;
  readonly link?: readonly { readonly relation: string; readonly url: string }[];
  readonly entry: readonly TextEntry[];
}

/** The Bundle's JSON text (R4 bundle.html). An empty list of entries is left out, as FHIR wants it. */
export function bundleText({ type, total = null, link = [], entry }: BundleText): string {
  const head: Record<string, unknown> = { resourceType: 'Bundle', type };
  if (total !== null) head.total = total;
  if (link.length > 0) head.link = link;
  const start = JSON.stringify(head).slice(0, -1);
  return entry.length === 0 ? `${start}}` : `${start},"entry":[${entry.map(entryText).join(',')}]}`;
}

function entryText({ fullUrl, resource, search, request, response }: TextEntry): string {
  const parts: string[] = [];
  if (fullUrl !== undefined) parts.push(`"fullUrl":${JSON.stringify(fullUrl)}`);
  if (resource !== undefined && resource !== null) parts.push(`"resource":${resource}`);
  for (const [name, value] of Object.entries({ search, request, response })) {
    if (value !== undefined) parts.push(`"${name}":${JSON.stringify(value)}`);
  }
  return `{${parts.join(',')}}`;
}
