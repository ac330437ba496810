import type { Bundle, Group, Resource } from '@medplum/fhirtypes';
import { type Day, dateOf, dayOf } from './calendar.ts';
import { syntheticTag, systemUrl } from './codes.ts';
import { type Payer, payers, sharedResources } from './organizations.ts';
import { type DemoPatient, writeLife } from './patients.ts';
import { personOf } from './person.ts';

export interface PracticeOptions {
  /** Any text. The same seed and as-of date give the same practice, byte for byte. */
  readonly seed: string;
  /** Number of patients, from 1. Patient n is the same in a practice of any size. */
  readonly patients: number;
  /** `YYYY-MM-DD`: the day on which the records were taken. Nothing in them happened on or after it. */
  readonly asOf: string;
}

export interface Practice {
  /** Organizations, locations, practitioners and their roles, payers: to be stored before the patients. */
  readonly shared: Resource[];
  /** Written one by one while iterating; iterating again writes them again. */
  readonly patients: Iterable<DemoPatient>;
  /** A roster per payer of the patients attributed to it. References patients: to be stored after them. */
  groups(): Group[];
}

/** Thrown when the number of patients is not a whole number of at least 1. */
export class NotAPracticeSize extends Error {
  override readonly name = 'NotAPracticeSize';
  constructor(patients: number) {
    super(`${patients} is not a number of patients: give a whole number of at least 1`);
  }
}

/** A synthetic primary-care practice. Throws NotADate and NotAPracticeSize. */
export function practice({ seed, patients, asOf }: PracticeOptions): Practice {
  if (!Number.isSafeInteger(patients) || patients < 1) throw new NotAPracticeSize(patients);
  const day = dayOf(asOf);
  return {
    shared: sharedResources(),
    patients: {
      *[Symbol.iterator]() {
        for (let number = 1; number <= patients; number++) yield writeLife(seed, number, day);
      },
    },
    groups: () => rosters(seed, patients, day),
  };
}

/** Da Vinci attribution lists: who a payer says belongs to the practice. The deceased stay on them as inactive. */
function rosters(seed: string, patients: number, asOf: Day): Group[] {
  const members = new Map<Payer, NonNullable<Group['member']>>();
  for (let number = 1; number <= patients; number++) {
    const person = personOf(seed, number, asOf);
    if (person.payer === undefined) continue;
    const list = members.get(person.payer) ?? [];
    list.push({
      entity: { reference: `Patient/${person.id}` },
      period: { start: dateOf(person.joined), ...(person.died !== undefined && { end: dateOf(person.died) }) },
      ...(person.died !== undefined && { inactive: true }),
    });
    members.set(person.payer, list);
  }
  return (Object.keys(payers) as Payer[]).map((key) => roster(key, members.get(key) ?? []));
}

function roster(key: Payer, member: NonNullable<Group['member']>): Group {
  const { id, name } = payers[key];
  return {
    resourceType: 'Group',
    id: `demo-roster-${key}`,
    meta: { tag: [syntheticTag] },
    identifier: [{ system: `${systemUrl('demo')}/roster`, value: key }],
    active: true,
    type: 'person',
    actual: true,
    name: `Attributed patients of ${name}`,
    managingEntity: { reference: `Organization/${id}`, display: name },
    quantity: member.length,
    ...(member.length > 0 && { member }),
  };
}

/** A transaction that creates or replaces resources under their own ids: sending it twice changes nothing. */
export function transactionBundle(resources: readonly Resource[]): Bundle {
  return {
    resourceType: 'Bundle',
    type: 'transaction',
    entry: resources.map((resource) => {
      const url = `${resource.resourceType}/${resource.id ?? ''}`;
      return { fullUrl: `http://gapless.health/demo/${url}`, resource, request: { method: 'PUT', url } };
    }),
  };
}
