import { covers, replaceMatches, splitAtMatches } from './pattern.ts';
import { checkText } from './size.ts';
import { isList, type Value } from './values/value.ts';

/** Operators of strings (ELM 17). Positions count from 0. Null if an operand is null unless it says otherwise. */

/** 17.2. Concatenate. @throws CqlRuntimeError for a text that is too long */
export function Concatenate(a: Value, b: Value): string | null {
  if (typeof a !== 'string' || typeof b !== 'string') return null;
  checkText(a.length + b.length);
  return a + b;
}

/** 17.1. Combine: nulls among the strings are left out; null when nothing is left. A null separator is empty. */
export function Combine(list: Value, separator: Value = null): string | null {
  if (list === null || !isList(list)) return null;
  const texts = list.filter((item) => typeof item === 'string');
  const between = typeof separator === 'string' ? separator : '';
  checkText(texts.reduce((sum, text) => sum + text.length + between.length, 0));
  return texts.length === 0 ? null : texts.join(between);
}

/** 17.15. Split; a null separator doesn't split. */
export function Split(text: Value, separator: Value): readonly string[] | null {
  if (typeof text !== 'string') return null;
  return typeof separator === 'string' ? text.split(separator) : [text];
}

/** 17.16. SplitOnMatches. @throws CqlRuntimeError for an invalid pattern */
export function SplitOnMatches(text: Value, pattern: Value): readonly string[] | null {
  if (typeof text !== 'string') return null;
  return typeof pattern === 'string' ? splitAtMatches(text, pattern) : [text];
}

/** 17.8 and 20.20. Length of a string; of a list, where null has none: 0. */
export function Length(a: Value): number | null {
  if (typeof a === 'string') return a.length;
  return a !== null && isList(a) ? a.length : null;
}

/** 17.18. Upper. */
export function Upper(text: Value): string | null {
  return typeof text === 'string' ? text.toUpperCase() : null;
}

/** 17.9. Lower. */
export function Lower(text: Value): string | null {
  return typeof text === 'string' ? text.toLowerCase() : null;
}

/** 17.6 and 20.17. Indexer of a string or a list; null outside. */
export function Indexer(a: Value, index: Value): Value {
  if (a === null || typeof index !== 'number' || index < 0) return null;
  return typeof a === 'string' ? (a[index] ?? null) : isList(a) ? (a[index] ?? null) : null;
}

/** 17.11. PositionOf the first occurrence; -1 when there is none. */
export function PositionOf(pattern: Value, text: Value): number | null {
  return typeof pattern === 'string' && typeof text === 'string' ? text.indexOf(pattern) : null;
}

/** 17.7. LastPositionOf. */
export function LastPositionOf(pattern: Value, text: Value): number | null {
  return typeof pattern === 'string' && typeof text === 'string' ? text.lastIndexOf(pattern) : null;
}

/** 17.17. Substring: to the end without a length; null where it starts outside. */
export function Substring(text: Value, start: Value, length: Value = null): string | null {
  if (typeof text !== 'string' || typeof start !== 'number' || start < 0) return null;
  if (start > 0 && start >= text.length) return null;
  return typeof length === 'number' ? text.slice(start, start + Math.max(length, 0)) : text.slice(start);
}

/** 17.14. StartsWith. */
export function StartsWith(text: Value, prefix: Value): boolean | null {
  return typeof text === 'string' && typeof prefix === 'string' ? text.startsWith(prefix) : null;
}

/** 17.4. EndsWith. */
export function EndsWith(text: Value, suffix: Value): boolean | null {
  return typeof text === 'string' && typeof suffix === 'string' ? text.endsWith(suffix) : null;
}

/** 17.10. Matches: the pattern covers the whole string. @throws CqlRuntimeError for an invalid pattern */
export function Matches(text: Value, pattern: Value): boolean | null {
  return typeof text === 'string' && typeof pattern === 'string' ? covers(text, pattern) : null;
}

/**
 * 17.13. ReplaceMatches: all matches. `$1` stands for a group, `\$` for a dollar.
 * @throws CqlRuntimeError for an invalid pattern, and for a text that is too long
 */
export function ReplaceMatches(text: Value, pattern: Value, substitution: Value): string | null {
  if (typeof text !== 'string' || typeof pattern !== 'string' || typeof substitution !== 'string') return null;
  return replaceMatches(text, pattern, substitution, checkText);
}
