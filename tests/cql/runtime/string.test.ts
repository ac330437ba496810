import type { Value } from '../../../cql/runtime/index.ts';
import * as cql from '../../../cql/runtime/index.ts';

describe('17. Strings', () => {
  it.each<[string, Value, Value]>([
    ['Concatenate with null', cql.Concatenate('a', null), null],
    ['Combine leaves nulls out', cql.Combine(['a', null, 'b'], '-'), 'a-b'],
    ['Combine of nothing', cql.Combine([null]), null],
    ['Split without a separator', cql.Split('a,b', null), ['a,b']],
    ['SplitOnMatches', cql.SplitOnMatches('a1b22c', '\\d+'), ['a', 'b', 'c']],
    ['Length', cql.Length(''), 0],
    ['Indexer', cql.Indexer('ab', 1), 'b'],
    ['Indexer outside', cql.Indexer('ab', -1), null],
    ['PositionOf what is missing', cql.PositionOf('c', 'ab'), -1],
    ['LastPositionOf', cql.LastPositionOf('hi', 'Say hi to Ohio!'), 11],
    ['Substring at the end', cql.Substring('ab', 2), null],
    ['Substring of nothing', cql.Substring('', 0), ''],
    ['Substring with a length beyond the end', cql.Substring('ab', 1, 9), 'b'],
    ['StartsWith', cql.StartsWith('Breathe', 'Bre'), true],
    ['EndsWith null', cql.EndsWith('a', null), null],
    ['Matches covers the whole string', cql.Matches('circa 2017', '\\d+'), false],
    ['Matches an alternative as a whole', cql.Matches('ab', 'a|ab'), true],
    ['ReplaceMatches with an escaped dollar', cql.ReplaceMatches('a b', '\\s', '\\$'), 'a$b'],
    ['ReplaceMatches with a group', cql.ReplaceMatches('ab', '(a)(b)', '$2$1'), 'ba'],
    ['Upper', cql.Upper('aB'), 'AB'],
    ['Lower of null', cql.Lower(null), null],
  ])('%s', (_, actual, expected) => expect(actual).toEqual(expected));

  it('an invalid pattern fails', () => expect(() => cql.Matches('a', '(')).toThrow(cql.CqlRuntimeError));
});
