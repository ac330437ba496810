import fc from 'fast-check';
import type { FhirResource } from '../../../cql/index.ts';
import { indexTypes } from '../../../server/search/definitions.ts';
import { plain } from '../../../server/store/exact-json.ts';
import { isPlainlyValid } from '../../../server/store/structure-check.ts';
import { validate } from '../../../server/store/validate.ts';
import { describeWithReferenceData, readReference } from '../../support/reference-data.ts';

const isRefused = (resource: FhirResource): boolean => {
  try {
    return validate(plain(resource)).some(({ severity }) => severity === 'error');
  } catch {
    return true; // the slow check itself stumbles over some broken lists
  }
};

const junk = [null, '', ' ', 0, -1, 1.5, 'x', [], {}, [1], ['a'], true, '2020-02-30', '2020-13-01', '#x', 'a b', [{}]];

/** A copy with one random element removed, renamed or replaced by junk. */
function mutate(resource: FhirResource, choices: readonly number[]): FhirResource {
  const copy = structuredClone(resource);
  let node: object = copy;
  for (const choice of choices) {
    const keys = Object.keys(node).filter((key) => key !== 'resourceType');
    const key = keys[choice % keys.length];
    if (key === undefined) break;
    const value: unknown = Reflect.get(node, key);
    if (typeof value === 'object' && value !== null && choice % 3 !== 0) {
      node = value;
      continue;
    }
    if (choice % 4 !== 0) Reflect.set(node, key, junk[choice % junk.length]);
    else if (Array.isArray(node)) node.splice(Number(key), 1);
    else Reflect.deleteProperty(node, key);
    break;
  }
  return copy;
}

describeWithReferenceData('The quick validation', () => {
  const resources = (): FhirResource[] =>
    readReference('synthea', 'bundles.ndjson.gz')
      .split('\n')
      .slice(0, 6)
      .flatMap((line) => JSON.parse(line).entry.map(({ resource }: { resource: FhirResource }) => resource));

  it('passes most real data by itself', () => {
    const all = resources();
    indexTypes(new Set(all.map(({ resourceType }) => resourceType)));
    expect(all.filter(isPlainlyValid).length / all.length).toBeGreaterThan(0.8);
  });

  it('never passes what the full validation refuses', () => {
    const all = resources();
    indexTypes(new Set(all.map(({ resourceType }) => resourceType)));
    fc.assert(
      fc.property(
        fc.nat(all.length - 1),
        fc.array(fc.nat(10_000), { minLength: 1, maxLength: 7 }),
        (index, choices) => {
          const mutant = mutate(all[index] as FhirResource, choices);
          if (isPlainlyValid(mutant)) expect(isRefused(mutant)).toBe(false);
        },
      ),
      { numRuns: 3_000 },
    );
  });
});
