import fc from 'fast-check';
import { compareVersions, newest, parseCanonical } from '../../../server/terminology/canonical.ts';

describe('A canonical', () => {
  it.each([
    ['http://a/b', 'http://a/b', null],
    ['http://a/b|1.0', 'http://a/b', '1.0'],
    ['http://a/b|', 'http://a/b', null],
    ['http://a/b|2.0#part', 'http://a/b', '2.0'],
  ])('%s is read', (text, url, version) => {
    expect(parseCanonical(text)).toEqual({ url, version });
  });
});

describe('Business versions are ordered', () => {
  it.each([
    ['0.9.000', '0.10.000'],
    ['1.0.0-ballot', '1.0.0'],
    ['1.0.0-ballot', '1.0.0-ballot2'],
    ['1.0', '1.0.1'],
    ['20240112', '20250212'],
    ['2024-09-01', '2025-03-01'],
    [null, '0'],
    ['2', '10'],
    ['1', 'draft'],
  ])('%s before %s', (older, newer) => {
    expect(compareVersions(older, newer)).toBeLessThan(0);
    expect(compareVersions(newer, older)).toBeGreaterThan(0);
  });

  it('in the same way whichever is asked about first', () => {
    const version = fc.option(fc.stringMatching(/^[0-9a-c]{1,3}([.-][0-9a-c]{1,3}){0,3}$/), { nil: null });
    fc.assert(
      fc.property(version, version, (a, b) => Math.sign(compareVersions(a, b)) === -Math.sign(compareVersions(b, a))),
    );
  });

  it('and the newest of several is found', () => {
    expect(newest([{ version: '1.9' }, { version: '1.10' }, { version: null }])).toEqual({ version: '1.10' });
    expect(newest([])).toBeNull();
  });
});
