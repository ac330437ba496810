import type { Reference, Resource } from '@medplum/fhirtypes';
import fc from 'fast-check';
import { type DemoPatient, practice, transactionBundle } from '../../demo/index.ts';
import { baseProblems } from '../support/base-r4.ts';

const asOf = '2026-11-22';
const patientsOf = (patients: number, seed = 'gapless'): DemoPatient[] => [
  ...practice({ seed, patients, asOf }).patients,
];
const bytes = (value: unknown): string => JSON.stringify(value);

/** Every string in a resource with the path that leads to it. */
function* strings(value: unknown, path: string): Generator<readonly [path: string, text: string]> {
  if (typeof value === 'string') yield [path, value];
  else if (Array.isArray(value)) for (const item of value) yield* strings(item, path);
  else if (typeof value === 'object' && value !== null)
    for (const [key, item] of Object.entries(value)) yield* strings(item, `${path}.${key}`);
}

function references(resource: Resource): string[] {
  return [...strings(resource, resource.resourceType)]
    .filter(([path]) => path.endsWith('.reference'))
    .map(([, text]) => text);
}

describe('A demo practice', () => {
  const larger = patientsOf(150);
  const small = larger.slice(0, 60);

  it('is the same, byte for byte, for the same seed and day', () => {
    expect(bytes(patientsOf(60))).toBe(bytes(small));
  });

  it('differs for another seed', () => {
    expect(bytes(patientsOf(5, 'another'))).not.toBe(bytes(small.slice(0, 5)));
  });

  it('can be iterated again with the same result', () => {
    const { patients } = practice({ seed: 'gapless', patients: 3, asOf });
    expect(bytes([...patients])).toBe(bytes([...patients]));
  });

  it('has the same patient n in a practice of any size', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), (size) => {
        const last = patientsOf(size).at(-1);
        return bytes(last) === bytes(small[size - 1]);
      }),
      { numRuns: 8 },
    );
  });

  it('names patients demo-1 to demo-n', () => {
    expect(small.map(({ patientId }) => patientId)).toEqual(
      Array.from({ length: 60 }, (_, index) => `demo-${index + 1}`),
    );
  });

  it.each([0, -1, 1.5, Number.NaN])('refuses %p patients', (patients) => {
    expect(() => practice({ seed: 'x', patients, asOf })).toThrow('give a whole number of at least 1');
  });

  it.each(['2026-02-30', '22.11.2026', '', '2026-11-22T00:00:00Z'])('refuses "%s" as a day', (wrong) => {
    expect(() => practice({ seed: 'x', patients: 1, asOf: wrong })).toThrow('give it as YYYY-MM-DD');
  });

  it('lets no id occur twice', () => {
    const whole = practice({ seed: 'gapless', patients: 60, asOf });
    const all = [...whole.shared, ...small.flatMap(({ resources }) => resources), ...whole.groups()];
    const ids = all.map(({ resourceType, id }) => `${resourceType}/${id}`);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('marks everything as synthetic', () => {
    const whole = practice({ seed: 'gapless', patients: 60, asOf });
    const all = [...whole.shared, ...small.flatMap(({ resources }) => resources), ...whole.groups()];
    for (const { meta } of all)
      expect(meta?.tag).toEqual([{ system: 'http://gapless.health/demo', code: 'synthetic' }]);
  });

  it('names its US Core profile on a part of the resources', () => {
    const all = small
      .flatMap(({ resources }) => resources)
      .filter(({ resourceType }) => resourceType === 'Observation');
    const share = all.filter(({ meta }) => meta?.profile !== undefined).length / all.length;
    expect(share).toBeGreaterThan(0.6);
    expect(share).toBeLessThan(0.85);
  });

  it('is valid R4', () => {
    const { shared, groups } = practice({ seed: 'gapless', patients: 50, asOf });
    const all = [...shared, ...groups(), ...small.slice(0, 50).flatMap(({ resources }) => resources)];
    // Resources that differ in digits only are alike to a validator: one of each kind is enough.
    const kinds = new Map(all.map((resource) => [bytes(resource).replace(/\d+/g, '0'), resource]));
    const invalid = [...kinds.values()].flatMap((resource) =>
      baseProblems(resource).map((problem) => `${resource.id} ${problem}`),
    );
    expect(kinds.size).toBeGreaterThan(500);
    expect(invalid).toEqual([]);
  }, 120_000);

  it('refers only to the patient itself and to what all share', () => {
    const shared = new Set(
      practice({ seed: 'gapless', patients: 1, asOf }).shared.map(({ resourceType, id }) => `${resourceType}/${id}`),
    );
    for (const { resources } of small) {
      const own = new Set(resources.map(({ resourceType, id }) => `${resourceType}/${id}`));
      const dangling = resources.flatMap(references).filter((target) => !own.has(target) && !shared.has(target));
      expect(dangling).toEqual([]);
    }
  });

  it('says nothing of a day on or after the as-of day, nor of one before birth', () => {
    const wrong: string[] = [];
    for (const { resources } of larger) {
      const born = resources.find((one) => one.resourceType === 'Patient')?.birthDate ?? '';
      for (const resource of resources) {
        for (const [path, text] of strings(resource, resource.resourceType)) {
          if (!/^\d{4}-\d{2}-\d{2}(T|$)/.test(text) || path.startsWith('Coverage.period')) continue;
          if (text >= asOf || text.slice(0, 10) < born) wrong.push(`${resource.id} ${path} ${text}`);
        }
      }
    }
    expect(wrong).toEqual([]);
  });

  it('writes instants with the offset that was in force in the eastern United States', () => {
    const instants = small
      .flatMap(({ resources }) => resources)
      .flatMap((resource) => [...strings(resource, '')])
      .map(([, text]) => text)
      .filter((text) => /^\d{4}-\d{2}-\d{2}T/.test(text));
    const local = new Intl.DateTimeFormat('sv-SE', {
      timeZone: 'America/New_York',
      dateStyle: 'short',
      timeStyle: 'medium',
    });
    for (const text of new Set(instants))
      expect(local.format(new Date(text))).toBe(text.slice(0, 19).replace('T', ' '));
  });

  it('has the messy realities of a record', () => {
    const all = larger.flatMap(({ resources }) => resources);
    const some = (test: (resource: Resource) => boolean): boolean => all.some(test);
    const codes = new Set(
      all
        .flatMap((resource) => [...strings(resource, '')])
        .filter(([path]) => path.endsWith('.code'))
        .map(([, text]) => text),
    );
    expect(some((one) => one.resourceType === 'Observation' && one.status === 'entered-in-error')).toBe(true);
    expect(some((one) => one.resourceType === 'Encounter' && one.status === 'cancelled')).toBe(true);
    expect(some((one) => one.resourceType === 'Immunization' && one.status === 'not-done')).toBe(true);
    expect(some((one) => one.resourceType === 'Observation' && one.dataAbsentReason !== undefined)).toBe(true);
    expect(
      some(
        (one) => one.resourceType === 'Condition' && one.verificationStatus?.coding?.[0]?.code === 'entered-in-error',
      ),
    ).toBe(true);
    expect(some((one) => one.resourceType === 'Condition' && one.onsetDateTime === undefined)).toBe(true);
    expect([codes.has('M54.5'), codes.has('33914-3'), codes.has('99442')]).toEqual([true, true, true]);
  });

  it('has a roster per payer, of exactly the patients whom that payer covers', () => {
    const covered = new Map<string, string[]>();
    for (const { patientId, resources } of small) {
      const active = resources.find((one) => one.resourceType === 'Coverage' && one.status === 'active');
      const payor = active?.resourceType === 'Coverage' ? active.payor?.[0]?.reference : undefined;
      if (payor !== undefined) covered.set(payor, [...(covered.get(payor) ?? []), `Patient/${patientId}`]);
    }
    const groups = practice({ seed: 'gapless', patients: 60, asOf }).groups();
    expect(groups).toHaveLength(5);
    for (const { managingEntity, member, quantity } of groups) {
      const listed = (member ?? []).map(({ entity }: { entity?: Reference }) => entity?.reference);
      expect(listed).toEqual(covered.get(managingEntity?.reference ?? '') ?? []);
      expect(quantity).toBe(listed.length);
    }
  });

  it('makes a transaction that puts each resource under its own id', () => {
    const [first] = small;
    const bundle = transactionBundle(first?.resources ?? []);
    expect(bundle.type).toBe('transaction');
    expect(bundle.entry).toHaveLength(first?.resources.length ?? -1);
    expect(bundle.entry?.[0]).toMatchObject({
      request: { method: 'PUT', url: 'Patient/demo-1' },
      resource: { id: 'demo-1' },
    });
    expect(baseProblems(bundle)).toEqual([]);
  });
});
