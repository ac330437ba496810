import fc from 'fast-check';
import { MalformedJson } from '../../../server/store/errors.ts';
import { parseExact, plain, restoreRaw } from '../../../server/store/exact-json.ts';

const digits = fc.stringMatching(/^(0|[1-9]\d{0,20})$/);
const number = fc
  .tuple(
    fc.constantFrom('', '-'),
    digits,
    fc.stringMatching(/^(\.\d{1,20})?$/),
    fc.stringMatching(/^([eE][+-]?\d{1,2})?$/),
  )
  .map((parts) => parts.join(''));

describe('Exact JSON', () => {
  it('gives every number as it was written, in objects and lists, with and without spaces', () => {
    fc.assert(
      fc.property(fc.array(number, { minLength: 1 }), fc.constantFrom('', ' ', '\n  '), (numbers, space) => {
        const text = `{"a":[${numbers.join(',')}],"b":{"c":${numbers[0]}}}`;
        const spaced = text.replaceAll(/[:,[{]/g, (sign) => sign + space);
        expect(JSON.stringify(parseExact(spaced))).toBe(text);
      }),
    );
  });

  it('leaves alone what only looks like a number', () => {
    const text = '{"a":"x: 1.10, y","b":["[1e3]"],"1.10":true}';
    expect(JSON.stringify(parseExact(text))).toBe(text);
  });

  it('can be read as ordinary numbers', () => {
    const tree = parseExact('{"resourceType":"Observation","v":[1.10,2],"w":1e3}') as { resourceType: string };
    expect(plain(tree)).toEqual({ resourceType: 'Observation', v: [1.1, 2], w: 1000 });
    const simple = { resourceType: 'Observation', v: 1 };
    expect(plain(simple)).toBe(simple);
  });

  it('survives a copy that knows nothing of raw numbers', () => {
    expect(JSON.stringify(restoreRaw({ a: { rawJSON: '1.10' }, b: [{ c: { rawJSON: '1e3' } }] }))).toBe(
      '{"a":1.10,"b":[{"c":1e3}]}',
    );
  });

  it('refuses what is nested so deep that it would exhaust the stack', () => {
    const nested = (levels: number): string => `${'['.repeat(levels)}1.10${']'.repeat(levels)}`;
    expect(JSON.stringify(parseExact(nested(250)))).toBe(nested(250));
    expect(() => parseExact(nested(251))).toThrow('nested deeper than 250 levels');
    expect(() => parseExact(`{"a":${nested(100_000)}}`)).toThrow('nested deeper than 250 levels');
  });

  it.each(['__proto__', 'constructor', 'toString'])('refuses the property %s, which every object inherits', (key) => {
    expect(() => parseExact(`{"name":[{"${key}":{"given":["x"]}}]}`)).toThrow(`FHIR has no property "${key}"`);
    expect(parseExact(`{"family":"${key}"}`)).toEqual({ family: key });
  });

  it.each<[string, number, number, string]>([
    ['{"a":1,}', 1, 8, 'unexpected character'],
    ['{"a":tru}', 1, 9, 'unexpected character'],
    ['{\n "a": 01}', 2, 8, 'unexpected character'],
    ['{"a" 1}', 1, 6, 'unexpected character'],
    ['{"a":1}}', 1, 8, 'unexpected character'],
    ['{"a":[1', 1, 8, 'too early'],
    ['{"a":"x', 1, 8, 'too early'],
    ['', 1, 1, 'empty'],
  ])('says where %j is wrong, without quoting it', (text, line, column, reason) => {
    const parse = () => parseExact(text);
    expect(parse).toThrow(MalformedJson);
    expect(parse).toThrow(expect.objectContaining({ line, column, message: expect.stringContaining(reason) }));
  });
});
