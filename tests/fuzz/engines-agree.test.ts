import { describeDifference } from './differences.ts';
import { searchHostile } from './hostile.ts';
import { search } from './search.ts';
import { triaged } from './triaged.ts';

describe('Random typed ELM', () => {
  it('gives the same on both engines, or a decided difference', async () => {
    const { evaluated, found } = await search({ seed: 2026, runs: 1500, until: Number.POSITIVE_INFINITY, most: 5 });
    expect(found.map(({ difference }) => describeDifference(difference))).toEqual([]);
    expect(evaluated).toBeGreaterThanOrEqual(1500);
  });

  it('is the same for the same seed', async () => {
    const plan = { seed: 7, runs: 100, until: Number.POSITIVE_INFINITY, most: 5 };
    expect(await search(plan)).toEqual(await search(plan));
  });

  it('has rules with a section of the specification each', () => {
    for (const { what, section } of triaged) expect([what, section.length > 5]).toEqual([what, true]);
    expect(new Set(triaged.map(({ what }) => what)).size).toBe(triaged.length);
  });
});

describe('Code in the strings of an ELM document', () => {
  it('is never run, and never becomes part of the code', async () => {
    const { tried, broken } = await searchHostile({
      seed: 2026,
      until: Number.POSITIVE_INFINITY,
      every: 19,
      generated: 150,
    });
    expect(broken).toEqual([]);
    expect(tried).toBeGreaterThan(300);
  });
});
