import { createHash } from 'node:crypto';

/**
 * A UUID (RFC 9562, version 8) that is the same for the same parts. A report of the same measure, period and subject
 * thereby keeps its id, so that storing it again makes a new version of it and not a second report.
 */
export function uuidOf(...parts: readonly (string | number | null)[]): string {
  const hex = createHash('sha256').update(JSON.stringify(parts)).digest('hex');
  const variant = ((Number.parseInt(hex.slice(16, 17), 16) & 3) | 8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
