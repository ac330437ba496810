import { parseSearch } from '../../../server/search/parse.ts';
import { now } from './practice.ts';

const parse = (query: string, handling: 'strict' | 'lenient' = 'lenient', type: string | null = 'Observation') =>
  parseSearch(type, new URLSearchParams(query), { now, handling });

describe('An unknown parameter', () => {
  it.each([
    'nonsense=1',
    'subject:Patient.nonsense=1',
    '_has:Encounter:nonsense:x=1',
    '_sort=nonsense',
    '_include=Observation:nonsense',
  ])('is left out and reported when handling is lenient: %s', (query) => {
    const request = parse(`${query}&code=1`);
    expect(request.issues).toHaveLength(1);
    expect(request.issues[0]?.diagnostics).toContain('nonsense');
    expect(request.criteria.get('Observation')).toHaveLength(1);
  });

  it('does not come back in the self link', () => {
    expect(parse('nonsense=1&code=1&_count=5').applied).toEqual([
      ['code', '1'],
      ['_count', '5'],
    ]);
  });

  it('is an error that names the known ones when handling is strict', () => {
    expect(() => parse('nonsense=1', 'strict')).toThrow(
      /^Observation has no search parameter "nonsense". It has: .*code/,
    );
  });
});

describe('A wrong search', () => {
  it.each<[string, string, string]>([
    [
      'date=yesterday',
      'InvalidSearchValue',
      '"yesterday" of the search parameter "date" is wrong: expected a date such as',
    ],
    ['date=2026-02-30', 'InvalidSearchValue', '"date"'],
    ['date=2026-13', 'InvalidSearchValue', '"date"'],
    ['value-quantity=many', 'InvalidSearchValue', 'expected a quantity'],
    ['value-quantity=1|a', 'InvalidSearchValue', 'number|system|code'],
    ['code=a|b|c', 'InvalidSearchValue', 'expected a token'],
    ['code=|', 'InvalidSearchValue', 'expected a token'],
    ['code:missing=perhaps', 'InvalidSearchValue', 'true or false'],
    ['subject=not a reference', 'InvalidSearchValue', 'expected a reference'],
    ['code-value-quantity=1', 'InvalidSearchValue', '2 values joined by $: token$quantity'],
    ['_count=many', 'InvalidSearchValue', 'whole number'],
    ['_summary=perhaps', 'InvalidSearchValue', 'one of true, text, data, count, false'],
    ['_total=exact', 'InvalidSearchValue', 'one of none, estimate, accurate'],
    ['_include=Observation', 'InvalidSearchValue', 'Type:parameter'],
    ['_include:nonsense=Observation:subject', 'UnsupportedSearch', ':iterate'],
    ['code:exact=1', 'UnsupportedSearch', 'a token parameter has no modifier ":exact"'],
    ['date:missing:x=1', 'UnsupportedSearch', 'modifier'],
    ['code.text=1', 'UnsupportedSearch', 'code is not a reference'],
    ['_has:Encounter:patient:status=finished', 'UnsupportedSearch', 'Encounter.patient does not refer to Observation'],
    ['_text=words', 'UnsupportedSearch', 'full-text'],
    ['_contained=true', 'UnsupportedSearch', 'contained'],
    ['_sort=code-value-quantity', 'UnsupportedSearch', 'has no order'],
    [Array(65).fill('code=1').join('&'), 'UnsupportedSearch', '64 parameters'],
    [`code=${Array(2_001).fill('1').join()}`, 'UnsupportedSearch', '2000 values'],
    [`${'derived-from:Observation.'.repeat(8)}code=1`, 'UnsupportedSearch', '6 links'],
  ])('%s is a clear %s', (query, name, message) => {
    let thrown: unknown = null;
    try {
      parse(query);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ name, message: expect.stringContaining(message) });
  });

  it('may ask for a thousand codes, and for any number of ids', () => {
    expect(() => parse(`code=${Array(1_000).fill('1').join()}`)).not.toThrow();
    expect(() => parse(`_id=${Array(10_000).fill('1').join()}`)).not.toThrow();
  });

  it('of an unknown type says so', () => {
    expect(() => parse('', 'lenient', 'Observatory')).toThrow('"Observatory" is not a FHIR R4 resource type');
    expect(() => parse('_type=Patient,Observatory', 'lenient', null)).toThrow('Observatory');
  });

  it('near a place is refused clearly', () => {
    expect(() => parse('near=1|2', 'lenient', 'Location')).toThrow('geographic');
  });
});
