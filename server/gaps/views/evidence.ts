/** A resource of the chart in one line: what it is, and when. */
export interface Evidence {
  /** `Type/id`, or `Type/id/_history/version`. */
  readonly reference: string;
  /** "Mammography, 3 Feb 2025"; the type alone when the resource says nothing better. */
  readonly summary: string;
  /** Date (YYYY-MM-DD, or as precise as it is); null when the resource has none. */
  readonly date: string | null;
}

type Json = { readonly [element: string]: unknown };

/** Elements that tell what a resource is about, and when it was true, in the order in which they are tried. */
const titles = ['code', 'medicationCodeableConcept', 'vaccineCode', 'type', 'serviceType', 'reasonCode', 'class'];
const dates = [
  'effectiveDateTime',
  'effectiveInstant',
  'effectivePeriod',
  'performedDateTime',
  'performedPeriod',
  'occurrenceDateTime',
  'onsetDateTime',
  'onsetPeriod',
  'period',
  'authoredOn',
  'whenHandedOver',
  'recordedDate',
  'dateAsserted',
  'date',
  'issued',
];

/** @param resource null when it is not there any more */
export function evidenceOf(reference: string, resource: Json | null): Evidence {
  const type = reference.split('/')[0] ?? '';
  if (resource === null) return { reference, summary: `${type} (deleted)`, date: null };
  const title = titles.map((name) => text(resource[name])).find((found) => found !== null) ?? words(type);
  const date = dates.map((name) => when(resource[name])).find((found) => found !== null) ?? null;
  const value = quantity(resource['valueQuantity']) ?? components(resource['component']);
  const what = value === null ? title : `${title} ${value}`;
  return { reference, summary: date === null ? what : `${what}, ${spoken(date)}`, date };
}

function text(value: unknown): string | null {
  const [concept] = Array.isArray(value) ? value : [value];
  if (!isJson(concept)) return null;
  const codings = Array.isArray(concept['coding']) ? concept['coding'].filter(isJson) : [concept];
  const display = codings.map((coding) => coding['display']).find((found) => typeof found === 'string');
  if (typeof concept['text'] === 'string') return concept['text'];
  if (typeof display === 'string') return display;
  const code = codings.map((coding) => coding['code']).find((found) => typeof found === 'string');
  return typeof code === 'string' ? code : null;
}

function when(value: unknown): string | null {
  const start = isJson(value) ? (value['start'] ?? value['end']) : value;
  return typeof start === 'string' && /^\d{4}/.test(start) ? start.slice(0, 10) : null;
}

function quantity(value: unknown): string | null {
  if (!isJson(value) || typeof value['value'] !== 'number') return null;
  const unit = typeof value['unit'] === 'string' ? value['unit'] : value['code'];
  return typeof unit === 'string' ? `${value['value']} ${unit}` : String(value['value']);
}

/** A panel, such as a blood pressure: `138/84 mmHg`. */
function components(value: unknown): string | null {
  if (!Array.isArray(value)) return null;
  const quantities = value
    .filter(isJson)
    .map((part) => part['valueQuantity'])
    .filter(isJson);
  const numbers = quantities.flatMap((part) => (typeof part['value'] === 'number' ? [part['value']] : []));
  const unit = quantities.map((part) => part['unit'] ?? part['code']).find((found) => typeof found === 'string');
  return numbers.length === 0 ? null : `${numbers.join('/')}${typeof unit === 'string' ? ` ${unit}` : ''}`;
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

function spoken(date: string): string {
  const [year = '', month, day] = date.split('-');
  const name = month === undefined ? undefined : months[Number(month) - 1];
  return [day === undefined ? undefined : String(Number(day)), name, year]
    .filter((part) => part !== undefined)
    .join(' ');
}

/** `MedicationRequest` as people say it. */
function words(type: string): string {
  return type.replace(/(?<=[a-z])(?=[A-Z])/g, ' ').replace(/ [A-Z]/g, (letter) => letter.toLowerCase());
}

function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
