import { fileURLToPath } from 'node:url';
import { readSources, type SourceFile, violations } from './support/sources.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const file = (path: string, text = '', imports: string[] = []): SourceFile => ({ path, text, imports });

describe('The architecture', () => {
  it('holds in every source file', () => {
    expect(violations(readSources(root))).toEqual([]);
  });

  it.each<[string, SourceFile[], string]>([
    [
      'an import against the direction',
      [file('cql/link', '', ['measures/index'])],
      'cql/link must not import measures/index',
    ],
    [
      'an import past an index',
      [file('measures/tally', '', ['cql/elm'])],
      'measures/tally must import cql/index, not cql/elm',
    ],
    [
      'an import to the right in server/',
      [file('server/store/write', '', ['server/http/app'])],
      'server/store/write must not import server/http/app',
    ],
    ['a place unknown to the order', [file('server/extra/x')], 'server/extra/x has no place in the order of server/'],
    [
      'a second reader of the environment',
      [file('server/db/x', 'process.env.PORT')],
      'server/db/x reads the environment; only server/config may',
    ],
    [
      'SQL outside its folders',
      [file('server/http/x', 'sql(`SELECT id FROM resource`)')],
      'server/http/x contains SQL; only server/{db,search,store,gaps,billing,jobs,terminology,content,auth} may',
    ],
    ['a name after nothing', [file('bundles/utils')], 'bundles/utils is named after nothing'],
    ['a file that is too long', [file('cql/long', '\n'.repeat(500))], 'cql/long is longer than 400 lines'],
    ['a cycle', [file('cql/a', '', ['cql/b']), file('cql/b', '', ['cql/a'])], 'cql/a -> cql/b -> cql/a'],
  ])('would notice %s', (_, files, sentence) => {
    expect(violations(files)).toContain(sentence);
  });
});
