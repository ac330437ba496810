import type { FilterName, SubscriptionTopic } from './subscription-topics.ts';

/** A condition on events: any of the values. Ids of Patients and Groups, `Type/id` of providers, canonicals of measures. */
export interface EventFilter {
  readonly name: FilterName;
  readonly values: readonly string[];
}

const maxValues = 100;
const aliases: Readonly<Record<string, FilterName>> = {
  patient: 'patient',
  subject: 'patient',
  measure: 'measure',
  group: 'group',
  _in: 'group',
  practitioner: 'practitioner',
  'general-practitioner': 'practitioner',
};
/** What `_id` means is what the type says. */
const ids: Readonly<Record<string, FilterName>> = { Patient: 'patient', Group: 'group' };

const shapes: Readonly<Record<FilterName, { readonly types: readonly string[]; readonly example: string }>> = {
  patient: { types: ['Patient'], example: 'Patient/123' },
  group: { types: ['Group'], example: 'Group/123' },
  practitioner: { types: ['Practitioner', 'PractitionerRole', 'Organization'], example: 'Practitioner/123' },
  measure: { types: [], example: 'http://example.org/Measure/x' },
};

/**
 * Reads a backport-filter-criteria: `DetectedIssue?patient=Patient/1&measure=http://x`, without the type as well. Commas
 * part alternatives; several conditions must all hold. A list of Da Vinci ATR is also named by `Group/123` alone.
 *
 * @param baseUrl our own FHIR base: references below it are local
 * @returns the conditions, or why they are not supported
 */
export function readFilter(
  text: string,
  topic: SubscriptionTopic,
  baseUrl: string,
): { readonly filters: readonly EventFilter[] } | { readonly problem: string } {
  if (topic.source === 'group' && !text.includes('?') && !text.includes('='))
    return oneOf(readValues('group', text, baseUrl));
  const [, type = null, query = ''] = /^(?:([A-Z][A-Za-z]+)\?)?(.*)$/s.exec(text) ?? [];
  if (type !== null && !topic.filterTypes.includes(type))
    return { problem: `this topic filters by ${topic.filterTypes.join(', ')}, not by ${type}` };
  const filters: EventFilter[] = [];
  for (const [name, value] of new URLSearchParams(query)) {
    const plain = name.replace(/^_id$|^id$/, ids[type ?? topic.filterTypes[0] ?? ''] ?? name);
    const meant = Object.hasOwn(aliases, plain) ? aliases[plain] : undefined;
    if (meant === undefined || !topic.filters.includes(meant))
      return { problem: `there is no filter by "${name}" on this topic: there are ${topic.filters.join(', ')}` };
    const read = oneOf(readValues(meant, value, baseUrl));
    if ('problem' in read) return read;
    filters.push(...read.filters);
  }
  return filters.length === 0
    ? { problem: `says no condition: it is like ${topic.filterTypes[0]}?${topic.filters[0]}=...` }
    : { filters };
}

type Read = { readonly filter: EventFilter } | { readonly problem: string };

function oneOf(read: Read): { readonly filters: readonly EventFilter[] } | { readonly problem: string } {
  return 'problem' in read ? read : { filters: [read.filter] };
}

function readValues(name: FilterName, text: string, baseUrl: string): Read {
  const parts = text.split(',').map((part) => part.trim());
  if (parts.length > maxValues) return { problem: `${name} has more than ${maxValues} alternatives` };
  const values = parts.map((part) => (name === 'measure' ? canonical(part) : reference(name, part, baseUrl)));
  return values.every((value) => value !== null)
    ? { filter: { name, values } }
    : { problem: `${name} is not like ${shapes[name].example}` };
}

function canonical(text: string): string | null {
  return /^[a-z][\w+.-]*:[^\s|]+(\|[^\s|]+)?$/i.test(text) ? text : null;
}

/** An id of a Patient or Group, with or without its type; `Type/id` of a provider. */
function reference(name: Exclude<FilterName, 'measure'>, text: string, baseUrl: string): string | null {
  const local = text.startsWith(`${baseUrl}/`) ? text.slice(baseUrl.length + 1) : text;
  const { types } = shapes[name];
  const [, type = types[0] ?? '', id = ''] = /^(?:([A-Z][A-Za-z]+)\/)?([A-Za-z0-9.-]{1,64})$/.exec(local) ?? [];
  if (id === '' || !types.includes(type)) return null;
  return name === 'practitioner' ? `${type}/${id}` : id;
}
