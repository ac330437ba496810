/** What a reference or canonical points to. Local ones have type and id, all others a URL. */
export interface Target {
  readonly type: string;
  readonly id: string;
  readonly url: string;
  /** Of `Patient/1/_history/2` or `http://example.org/Measure/x|1.0`; '' for none. */
  readonly version: string;
}

const local = /^([A-Z][A-Za-z]+)\/([A-Za-z0-9\-.]{1,64})(?:\/_history\/([A-Za-z0-9\-.]{1,64}))?$/;

/**
 * Reads the text of a Reference.reference: relative, absolute (local when it starts with `baseUrl`) or `urn:`.
 * Null for a contained resource's `#id`.
 */
export function parseReference(text: string, baseUrl: string | null = null): Target | null {
  if (text === '' || text.startsWith('#')) return null;
  const relative = baseUrl !== null && text.startsWith(`${baseUrl}/`) ? text.slice(baseUrl.length + 1) : text;
  const match = local.exec(relative);
  if (match !== null) return { type: match[1] ?? '', id: match[2] ?? '', url: '', version: match[3] ?? '' };
  const [url = '', version = ''] = text.split('/_history/');
  return { type: '', id: '', url, version };
}
