import { CqlRuntimeError, Matches, ReplaceMatches, SplitOnMatches } from '../../../cql/runtime/index.ts';

/** Patterns that hold a backtracking engine for years. */
const catastrophic = [
  '(a+)+$',
  '([a-zA-Z]+)*$',
  '(a|aa)+$',
  '(a|a?)+$',
  '(.*a){25}$',
  '^(([a-z])+.)+[A-Z]([a-z])+$',
  '(x+x+)+y',
  '(?:a?){30}a{30}$',
];

describe('Regular expressions in CQL', () => {
  it.each(catastrophic)('%s ends soon on a text that it does not match', (pattern) => {
    const text = `${'a'.repeat(2_000)}${'x'.repeat(2_000)}!`;
    const started = performance.now();
    for (const operator of [Matches, SplitOnMatches, (a: string, b: string) => ReplaceMatches(a, b, '-')])
      try {
        operator(text, pattern);
      } catch (error) {
        if (!(error instanceof CqlRuntimeError)) throw error;
      }
    expect(performance.now() - started).toBeLessThan(10_000);
  });

  it.each([
    ['a program that repetition makes huge', 'a', '((a{100}){100}){100}'],
    ['a pattern that is too long', 'a', 'a'.repeat(1_001)],
    ['a text too long for the pattern', 'a'.repeat(1_000_000), '(a|b|c|d){0,500}'],
    ['a backreference', 'aa', '(a)\\1'],
    ['looking ahead', 'ab', 'a(?=b)b'],
    ['looking behind', 'ab', 'a(?<=a)b'],
    ['an open group', 'a', '('],
  ])('refuse %s', (_, text, pattern) => {
    expect(() => Matches(text, pattern)).toThrow(CqlRuntimeError);
  });

  it.each([
    ['a group', 'ab', '(a)(b)', '$2$1', 'ba'],
    ['a group that took no part', 'b', '(a)?b', '[$1]', '[]'],
    ['a group that there is not', 'a', 'a', '$3', '$3'],
    ['a dollar', 'a', 'a', '\\$1', '$1'],
    ['a backslash', 'a', 'a', '\\\\', '\\'],
    ['what JavaScript would read into it', 'abc', 'b', "$&$`$'$$", "a$&$`$'$$c"],
    ['every match of nothing', 'ab', 'x*', '-', '-a-b-'],
  ])('replace with %s', (_, text, pattern, substitution, expected) => {
    expect(ReplaceMatches(text, pattern, substitution)).toBe(expected);
  });

  it('split without giving the groups', () => expect(SplitOnMatches('a-b', '(-)')).toEqual(['a', 'b']));
  it('split between characters at matches of nothing', () =>
    expect(SplitOnMatches('abc', 'x*')).toEqual(['a', 'b', 'c']));
  it('know characters beyond 16 bits as one', () => expect(Matches('😀', '.')).toBe(true));
});
