import type { Encounter, Practitioner, Reference, Resource } from '@medplum/fhirtypes';
import type { Day } from './calendar.ts';
import { syntheticTag } from './codes.ts';
import type { Person } from './person.ts';
import type { ProblemKey } from './problems.ts';
import type { Random } from './random.ts';

/** A visit that has been written down: what everything that happens in it refers to. */
export interface Visit {
  readonly day: Day;
  /** Minute of the day at which it starts. */
  readonly minute: number;
  readonly kind: VisitKind;
  readonly encounter: Reference<Encounter>;
  readonly clinician: Reference<Practitioner>;
}

export type VisitKind =
  | 'new-patient'
  | 'annual'
  | 'well-child'
  | 'follow-up'
  | 'acute'
  | 'video'
  | 'telephone'
  | 'home'
  | 'prenatal'
  | 'emergency'
  | 'inpatient'
  | 'specialist'
  | 'hospice';

/** One patient's record while it is being written. */
export interface Chart {
  readonly person: Person;
  readonly random: Random;
  readonly subject: { readonly reference: string };
  /** Day of onset by problem. */
  readonly problems: ReadonlyMap<ProblemKey, Day>;
  readonly resources: Resource[];
  /** Gives a resource its id, tag and (as in real records: not always) profile, and files it. */
  add(resource: Resource, options?: { readonly id?: string; readonly profile?: string }): string;
}

/** Share of the resources that name their profile: what comes from other systems often doesn't. */
const profiled = 0.72;

export function openChart(person: Person, problems: ReadonlyMap<ProblemKey, Day>, random: Random): Chart {
  const resources: Resource[] = [];
  const counts = new Map<string, number>();
  return {
    person,
    problems,
    random,
    resources,
    subject: { reference: `Patient/${person.id}` },
    add(resource, { id: given, profile } = {}) {
      const { resourceType } = resource;
      const count = (counts.get(resourceType) ?? 0) + 1;
      counts.set(resourceType, count);
      const id = given ?? `${person.id}-${resourceType.toLowerCase()}-${count}`;
      const meta =
        profile !== undefined && random.chance(profiled)
          ? { profile: [profile], tag: [syntheticTag] }
          : { tag: [syntheticTag] };
      resources.push(Object.assign({ resourceType, id, meta }, resource));
      return `${resourceType}/${id}`;
    },
  };
}

/** Whether the patient has a problem on a day. */
export function has(chart: Chart, problem: ProblemKey, day: Day): boolean {
  const onset = chart.problems.get(problem);
  return onset !== undefined && onset <= day;
}
