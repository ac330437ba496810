/** Does a plain JSON value have the form of a FHIR primitive? Sufficient, as @medplum/core says it (R4 datatypes.html). */
export type PrimitiveCheck = (value: unknown) => boolean;

/** Longer strings are for @medplum/core to refuse. */
const longest = 1_048_576;

const matches =
  (pattern: RegExp): PrimitiveCheck =>
  (value) =>
    typeof value === 'string' && value.length <= longest && pattern.test(value);
// Begins and ends with what is no white space, so that no search for one is needed.
const text = matches(/^(?!\s)[\r\n\t\u0020-\uFFFF]*(?<!\s)$/);
const filled: PrimitiveCheck = (value) => value !== '' && text(value);
const uri = matches(/^\S+$/);
const whole =
  (least: number): PrimitiveCheck =>
  (value) =>
    Number.isInteger(value) && Number(value) >= least && Number(value) <= 2_147_483_647;
const year = '(?!0000)\\d{4}';
const month = '(0[1-9]|1[0-2])';
const day = '(0[1-9]|[12]\\d|3[01])';
const time = '([01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d(\\.\\d{1,9})?';
const zone = '(Z|[+-](0\\d|1[0-3]):[0-5]\\d)';

/** A pattern, and a day that its month has. */
const dated = (pattern: string): PrimitiveCheck => {
  const form = matches(new RegExp(`^${pattern}$`));
  return (value) => form(value) && typeof value === 'string' && (value.length < 10 || hasDay(value));
};

function hasDay(value: string): boolean {
  const number = Number(value.slice(8, 10));
  if (number <= 28) return true;
  return number <= new Date(Date.UTC(Number(value.slice(0, 4)), Number(value.slice(5, 7)), 0)).getUTCDate();
}

export const primitives: Readonly<Record<string, PrimitiveCheck>> = {
  'http://hl7.org/fhirpath/System.String': filled,
  base64Binary: (value) =>
    typeof value === 'string' && value.length % 4 === 0 && value !== '' && /^[A-Za-z0-9+/]+={0,2}$/.test(value),
  boolean: (value) => typeof value === 'boolean',
  canonical: uri,
  code: matches(/^\S+( \S+)*$/),
  date: dated(`${year}(-${month}(-${day})?)?`),
  dateTime: dated(`${year}(-${month}(-${day}(T${time}${zone})?)?)?`),
  decimal: (value) => typeof value === 'number' && Number.isFinite(value),
  id: matches(/^[A-Za-z0-9.-]{1,64}$/),
  instant: dated(`${year}-${month}-${day}T${time}${zone}`),
  integer: whole(-2_147_483_648),
  markdown: filled,
  oid: matches(/^urn:oid:[0-2](\.(0|[1-9]\d*))+$/),
  positiveInt: whole(1),
  string: filled,
  time: matches(new RegExp(`^${time}$`)),
  unsignedInt: whole(0),
  uri,
  url: uri,
  uuid: matches(/^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/),
  xhtml: filled,
};
