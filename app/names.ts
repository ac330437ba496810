import type { Bundle, HumanName, Patient, Practitioner } from './api.ts';

/** What to call a person: the official name, then the usual one, then any; null when none is on record. */
export function personName(names: readonly HumanName[] = []): string | null {
  const name = names.find(({ use }) => use === 'official') ?? names.find(({ use }) => use === 'usual') ?? names[0];
  const parts = [...(name?.prefix ?? []), ...(name?.given ?? []), name?.family ?? ''].filter((part) => part !== '');
  return parts.length > 0 ? [parts.join(' '), ...(name?.suffix ?? [])].join(', ') : (name?.text ?? null);
}

/** Names by reference, in the order of the answer. */
export function practitionerNames(found: Bundle<Practitioner> | undefined): ReadonlyMap<string, string> {
  return new Map(
    resources(found).map(({ id, name }) => [`Practitioner/${id}`, personName(name) ?? `Practitioner ${id}`] as const),
  );
}

/** The matches of a search, without what came along with them (outcomes). */
export function resources<T extends Patient | Practitioner>(found: Bundle<T> | undefined): T[] {
  return (found?.entry ?? []).flatMap(({ resource }) =>
    resource !== undefined && 'id' in resource && resource.resourceType !== undefined ? [resource] : [],
  );
}
