import { RE2JS, RE2JSException } from 're2js';
import { CqlRuntimeError } from './errors.ts';

/** How far one operator may walk: characters of the text times instructions of the pattern. About a second. */
const maxSteps = 20_000_000;
const maxPattern = 1_000;
/** A match costs some microseconds, however short it is. */
const maxMatches = 200_000;

/** Patterns in use; the oldest goes when there are more. */
const compiled = new Map<string, RE2JS>();
const maxCompiled = 200;

/**
 * Regular expressions of CQL (ELM 17.10, 17.13, 17.16), by an engine whose time grows with the length of the text and never
 * beyond: the patterns and the texts of a measure and of a record may be hostile. So there are no backreferences and no
 * looking around; such a pattern is an error, as is one that would take too long.
 */
function programOf(pattern: string, text: string): RE2JS {
  const known = compiled.get(pattern) ?? compile(pattern);
  if (text.length * known.programSize() > maxSteps)
    throw new CqlRuntimeError('The text is too long for a regular expression of this size');
  return known;
}

/** @throws CqlRuntimeError */
function compile(pattern: string): RE2JS {
  if (pattern.length > maxPattern)
    throw new CqlRuntimeError(`A regular expression has at most ${maxPattern} characters`);
  try {
    const made = RE2JS.compile(pattern);
    const [oldest] = compiled.keys();
    if (compiled.size >= maxCompiled && oldest !== undefined) compiled.delete(oldest);
    compiled.set(pattern, made);
    return made;
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    throw new CqlRuntimeError(
      'The pattern is not a regular expression (backreferences and lookaround are not supported)',
    );
  }
}

/** Whether the pattern covers the whole text. @throws CqlRuntimeError */
export function covers(text: string, pattern: string): boolean {
  return programOf(pattern, text).matcher(text).matches();
}

/** The text between matches. A match of nothing splits between two characters. @throws CqlRuntimeError */
export function splitAtMatches(text: string, pattern: string): readonly string[] {
  const matcher = programOf(pattern, text).matcher(text);
  const parts: string[] = [];
  let from = 0;
  for (let matches = 0; matcher.find(); matches += 1) {
    checkMatches(matches);
    const [start, end] = [matcher.start(), matcher.end()];
    if (start === end && (start === from || start === text.length)) continue;
    parts.push(text.slice(from, start));
    from = end;
  }
  parts.push(text.slice(from));
  return parts;
}

/**
 * All matches replaced. In the substitution `$1` is a group, `\$` a dollar and `\\` a backslash; a group that took no part is
 * empty.
 * @param check is told the length of what is made, while it is made, and may throw
 * @throws CqlRuntimeError
 */
export function replaceMatches(
  text: string,
  pattern: string,
  substitution: string,
  check: (length: number) => void,
): string {
  const program = programOf(pattern, text);
  const groups = program.groupCount();
  const parts = [...substitution.matchAll(/\\(.)|\$(\d)|[\s\S]/g)].map(([whole, escaped, group]) =>
    group !== undefined && Number(group) <= groups ? Number(group) : (escaped ?? whole),
  );
  const matcher = program.matcher(text);
  let made = '';
  let from = 0;
  for (let matches = 0; matcher.find(); matches += 1) {
    checkMatches(matches);
    made += text.slice(from, matcher.start());
    for (const part of parts) made += typeof part === 'string' ? part : (matcher.group(part) ?? '');
    check(made.length);
    from = matcher.end();
  }
  return made + text.slice(from);
}

function checkMatches(matches: number): void {
  if (matches >= maxMatches)
    throw new CqlRuntimeError('A regular expression may match at most 200,000 times in a text');
}
