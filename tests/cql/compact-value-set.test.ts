import fc from 'fast-check';
import { CompactValueSet, codeSet, compactValueSet, type ExpandedValueSet } from '../../cql/index.ts';

const text = fc.string({ unit: 'grapheme', maxLength: 12 });
const code = fc.record(
  {
    system: fc.constantFrom('http://snomed.info/sct', 'http://loinc.org', 'urn:x'),
    code: fc.oneof(fc.constantFrom('1', '2', '__proto__', ''), text),
    version: text,
    display: text,
  },
  { requiredKeys: ['system', 'code'] },
);
const expansion = fc.record({
  url: text,
  version: fc.option(text),
  codes: fc.array(code, { maxLength: 40 }),
});

describe('A compact value set', () => {
  it('lists what it was made of, with displays and versions, also when only its bytes crossed to another thread', () => {
    fc.assert(
      fc.property(expansion, (expanded) => {
        const { bytes } = compactValueSet(expanded);
        const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
        shared.set(bytes);
        const { url, version, codes } = new CompactValueSet(shared);
        expect({ url, version, codes }).toEqual(expanded);
      }),
    );
  });

  it('holds the codes that are listed and no other', () => {
    fc.assert(
      fc.property(expansion, code, ({ codes }, other) => {
        const set = codeSet({ codes });
        for (const each of codes) expect(set.has(each.system, each.code)).toBe(true);
        const listed = codes.filter((each) => each.code === other.code);
        expect(set.has(other.system, other.code)).toBe(listed.some(({ system }) => system === other.system));
        expect(set.systemsOf(other.code)).toBe(new Set(listed.map(({ system }) => system)).size);
        expect(set.size).toBe(new Set(codes.map((each) => `${each.system} ${each.code}`)).size);
        expect(set.mixed).toBe(new Set(codes.map(({ system }) => system)).size > 1);
      }),
    );
  });

  it.each([
    [null, '1'],
    [undefined, '1'],
    ['urn:x', null],
    ['urn:x', undefined],
    ['urn:y', '1'],
  ])('does not hold %p %p', (system, given) => {
    expect(codeSet({ codes: [{ system: 'urn:x', code: '1' }] }).has(system, given)).toBe(false);
  });

  it('has a hash that tells contents apart', () => {
    const one: ExpandedValueSet = { url: 'u', version: '1', codes: [{ system: 's', code: 'a' }] };
    const hashes = [
      one,
      { ...one, version: '2' },
      { ...one, codes: [{ system: 's', code: 'b' }] },
      { ...one, codes: [{ system: 's', code: 'a', display: 'A' }] },
    ].map((expanded) => compactValueSet(expanded).hash);
    expect(new Set(hashes).size).toBe(4);
    expect(compactValueSet({ ...one }).hash).toBe(hashes[0]);
  });
});
