/** A canonical reference: `url` or `url|version`, a fragment dropped (FHIR R4, 2.24.0.2). */
export interface Canonical {
  readonly url: string;
  readonly version: string | null;
}

/** Reads a canonical: the version stands after the last bar, because a URL may hold one. */
export function parseCanonical(text: string): Canonical {
  const [reference = ''] = text.split('#');
  const bar = reference.lastIndexOf('|');
  if (bar === -1) return { url: reference, version: null };
  return { url: reference.slice(0, bar), version: reference.slice(bar + 1) || null };
}
