export type Json = { readonly [name: string]: unknown };

export function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What may be absent, single or repeated, as a list. */
export function list(value: unknown): readonly unknown[] {
  return value === undefined || value === null ? [] : Array.isArray(value) ? value : [value];
}

export function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

/** `Screening` of `http://example.org/Measure/Screening|1.0`. */
export function lastPart(url: string): string {
  return (url.split('|')[0] ?? '').split('/').at(-1) ?? '';
}
