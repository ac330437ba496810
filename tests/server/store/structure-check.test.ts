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

const extension = [{ url: 'http://example.org/e', valueString: 'x' }];
const junk = [
  ...[
    null,
    '',
    ' ',
    0,
    -1,
    1.5,
    'x',
    [],
    {},
    [1],
    ['a'],
    true,
    '2020-02-30',
    '2020-13-01',
    '0000',
    'a b',
    'a  b',
    [{}],
  ],
  ...[
    '#x',
    { reference: '#referral' },
    { reference: '#nothing' },
    [{ reference: '#coverage' }],
    { extension },
    extension,
  ],
  ...[
    '\u0001',
    'x'.repeat(1_048_577),
    'AAA=',
    'AA=A',
    'urn:oid:1.2',
    'urn:uuid:x',
    3_000_000_000,
    '14:60:00',
    ['a', null],
  ],
  ...[{ system: 'http://unitsofmeasure.org', code: 'mg', value: 1 }, { coding: [{ code: 'entered-in-error' }] }],
  ...[
    { low: { value: 2 }, high: { value: 1 } },
    { start: '2021', end: '2020' },
    { start: '2020-01', end: '2020' },
  ],
  ...[
    [{ resourceType: 'Patient', meta: { versionId: '1' } }],
    [{ resourceType: 'Patient', contained: [] }],
    [{ id: 'x' }],
  ],
];
/** What is put beside the others: elements of their own, of primitives, of choices, and none. */
const added = [
  '_status',
  '_birthDate',
  'valueString',
  'valueQuantity',
  'contained',
  'onsetAge',
  'abatementString',
  'meta',
];
added.push('text', 'extension', 'modifierExtension', 'id', 'detail', 'reference', 'period', 'timing', 'unknown', '_id');

/** A copy with one random element removed, added or replaced by junk. */
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
    if (choice % 5 === 0 && !Array.isArray(node))
      Reflect.set(node, added[(choice >> 3) % added.length] ?? key, junk[(choice >> 1) % junk.length]);
    else if (choice % 4 !== 0) Reflect.set(node, key, junk[(choice >> 2) % junk.length]);
    else if (Array.isArray(node)) node.splice(Number(key), 1);
    else Reflect.deleteProperty(node, key);
    break;
  }
  return copy;
}

describeWithReferenceData('The quick validation', () => {
  /** Of each type as many, so that the rare ones are tried as much as Observations. */
  const resources = (): FhirResource[] => {
    const all = readReference('synthea', 'bundles.ndjson.gz')
      .split('\n')
      .slice(0, 6)
      .flatMap((line) => JSON.parse(line).entry.map(({ resource }: { resource: FhirResource }) => resource));
    return [...Map.groupBy(all, ({ resourceType }) => resourceType).values()].flatMap((some) => some.slice(0, 40));
  };

  it('passes real data by itself', () => {
    const all = resources();
    indexTypes(new Set(all.map(({ resourceType }) => resourceType)));
    expect(all.filter(isPlainlyValid).length / all.length).toBe(1);
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
      { numRuns: Number(process.env.RUNS ?? 4_000) },
    );
  });
});
