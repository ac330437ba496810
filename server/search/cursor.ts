import { InvalidCursor } from './errors.ts';

/** Where a page ends: the sort values and the name of its outermost resource. */
export interface Cursor {
  readonly direction: 'next' | 'previous';
  /** As text; null for a resource without a value. */
  readonly keys: readonly (string | null)[];
  readonly type: string;
  readonly id: string;
  /** Of the sort order that it belongs to. */
  readonly order: string;
}

export function formatCursor({ direction, keys, type, id, order }: Cursor): string {
  return Buffer.from(JSON.stringify([direction === 'next' ? 0 : 1, type, id, order, ...keys])).toString('base64url');
}

/** @throws InvalidCursor */
export function parseCursor(text: string, order: string, keyCount: number): Cursor {
  const found = decode(text);
  if (!Array.isArray(found)) throw new InvalidCursor();
  const [direction, type, id, itsOrder, ...keys]: unknown[] = found;
  const texts = keys.filter((key): key is string | null => typeof key === 'string' || key === null);
  if (typeof type !== 'string' || typeof id !== 'string' || itsOrder !== order) throw new InvalidCursor();
  if (texts.length !== keyCount || keys.length !== keyCount) throw new InvalidCursor();
  return { direction: direction === 1 ? 'previous' : 'next', keys: texts, type, id, order };
}

function decode(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    return null;
  }
}
