import { type InternalSchemaElement, tryGetDataType } from '@medplum/core';
import { perKey } from '../search/once.ts';

type Check = (value: unknown) => boolean;

/**
 * Is the resource valid beyond doubt? A quick look that says yes to nearly all real data: known elements, cardinality,
 * types, formats, and those invariants that it knows. No means only that @medplum/core, thirty times slower, must say
 * what is wrong, if anything. It must never say yes to what that would refuse.
 *
 * @param resource plain JSON of a type that @medplum/core has been told of
 */
export function isPlainlyValid(resource: { readonly resourceType: string }): boolean {
  return checkOf(resource.resourceType)(resource);
}

const never: Check = () => false;

const checkOf = perKey((type: string): Check => primitives[type] ?? complex(type));

function complex(type: string): Check {
  const schema = tryGetDataType(type);
  if (schema === undefined || type === 'Resource' || type === 'DomainResource') return never;
  const rules = invariantsOf(schema.constraints ?? []);
  const properties = new Map<string, Check>();
  const required: (readonly string[])[] = [];
  const choices: (readonly string[])[] = [];
  for (const [name, element] of Object.entries(schema.elements)) {
    const stem = name.replace('[x]', '');
    const isChoice = stem !== name;
    const names: string[] = [];
    for (const { code } of element.type) {
      const property = isChoice ? stem + code.charAt(0).toUpperCase() + code.slice(1) : stem;
      names.push(property);
      properties.set(property, elementCheck(code, element));
    }
    if (element.min > 0) required.push(names);
    if (isChoice) choices.push(names);
  }
  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
    let count = 0;
    for (const key in value) {
      const item: unknown = Reflect.get(value, key);
      if (key === 'resourceType') {
        if (item !== type) return false;
        continue;
      }
      if (properties.get(key)?.(item) !== true) return false;
      if (key !== 'id') count += 1;
    }
    const has = (name: string): boolean => name in value;
    return (
      count > 0 &&
      required.every((names) => names.some(has)) &&
      choices.every((names) => names.filter(has).length <= 1) &&
      rules.every((rule) => rule(value))
    );
  };
}

function elementCheck(code: string, element: InternalSchemaElement): Check {
  if (element.fixed !== undefined || element.pattern !== undefined || element.slicing !== undefined) return never;
  const rules = invariantsOf(element.constraints ?? []);
  if (rules.includes(never)) return never;
  const check: Check = (value) => checkOf(code)(value) && rules.every((rule) => rule(value));
  if (!element.isArray) return element.max >= 1 ? check : never;
  return (value) => Array.isArray(value) && value.length > 0 && value.every(check);
}

interface Constraint {
  readonly key: string;
  readonly severity: string;
}

function invariantsOf(constraints: readonly Constraint[]): Check[] {
  return constraints
    .filter(({ key, severity }) => severity === 'error' && !settled.has(key))
    .map(({ key }) => invariants[key] ?? never);
}

/** What the walk itself settles: no empty elements (ele-1), nothing contained (dom-*, ref-1 by its own check). */
const settled = new Set(['ele-1', 'dom-2', 'dom-3', 'dom-4', 'dom-5', 'txt-1', 'txt-2']);

const get = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
const hasAny = (value: unknown, prefix: string): boolean =>
  typeof value === 'object' && value !== null && Object.keys(value).some((key) => key.startsWith(prefix));

const hasCode = (concept: unknown, code: string): boolean => JSON.stringify(concept ?? null).includes(code);

/** Sufficient conditions of invariants by their key; an invariant that is not here is left to @medplum/core. */
const invariants: Readonly<Record<string, Check>> = {
  'ext-1': (value) => (get(value, 'extension') !== undefined) !== hasAny(value, 'value'),
  'ref-1': (value) => {
    const reference = get(value, 'reference');
    return reference === undefined || (typeof reference === 'string' && !reference.startsWith('#'));
  },
  'per-1': (value) => {
    const [start, end] = [get(value, 'start'), get(value, 'end')];
    if (start === undefined || end === undefined) return true;
    return typeof start === 'string' && typeof end === 'string' && Date.parse(start) <= Date.parse(end);
  },
  'qty-3': (value) => get(value, 'code') === undefined || get(value, 'system') !== undefined,
  'obs-3': (value) => ['low', 'high', 'text'].some((key) => get(value, key) !== undefined),
  'obs-6': (value) => get(value, 'dataAbsentReason') === undefined || !hasAny(value, 'value'),
  'obs-7': (value) => get(value, 'component') === undefined || !hasAny(value, 'value'),
  'org-1': (value) => get(value, 'identifier') !== undefined || get(value, 'name') !== undefined,
  'org-2': (value) => get(value, 'use') !== 'home',
  'org-3': (value) => get(value, 'use') !== 'home',
  'pat-1': (value) => ['name', 'telecom', 'address', 'organization'].some((key) => get(value, key) !== undefined),
  'con-4': (value) => !hasAny(value, 'abatement'),
  'con-5': (value) => !hasCode(get(value, 'verificationStatus'), 'entered-in-error'),
  'ait-1': (value) =>
    get(value, 'clinicalStatus') !== undefined && !hasCode(get(value, 'verificationStatus'), 'entered-in-error'),
  'ait-2': (value) => !hasCode(get(value, 'verificationStatus'), 'entered-in-error'),
  'cpl-3': (value) => get(value, 'detail') === undefined || get(value, 'reference') === undefined,
  'tim-1': (value) => get(value, 'durationUnit') === undefined && get(value, 'duration') === undefined,
};

const matches =
  (pattern: RegExp): Check =>
  (value) =>
    typeof value === 'string' && pattern.test(value);
const text = matches(/^\S(?:[\s\S]*\S)?$/);
const uri = matches(/^\S+$/);
const whole =
  (least: number): Check =>
  (value) =>
    Number.isInteger(value) && Number(value) >= least && Number(value) <= 2_147_483_647;
const year = '\\d{4}';
const month = '(0[1-9]|1[0-2])';
const day = '(0[1-9]|[12]\\d|3[01])';
const time = '([01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d(\\.\\d{1,9})?';
const zone = '(Z|[+-](0\\d|1[0-3]):[0-5]\\d)';

/** A pattern, and a day that its month has. */
const dated = (pattern: string): Check => {
  const form = matches(new RegExp(`^${pattern}$`));
  return (value) => form(value) && typeof value === 'string' && (value.length < 10 || hasDay(value));
};

function hasDay(value: string): boolean {
  const number = Number(value.slice(8, 10));
  if (number <= 28) return true;
  return number <= new Date(Date.UTC(Number(value.slice(0, 4)), Number(value.slice(5, 7)), 0)).getUTCDate();
}

const primitives: Readonly<Record<string, Check>> = {
  'http://hl7.org/fhirpath/System.String': text,
  base64Binary: never,
  boolean: (value) => typeof value === 'boolean',
  canonical: uri,
  code: matches(/^\S+$/),
  date: dated(`${year}(-${month}(-${day})?)?`),
  dateTime: dated(`${year}(-${month}(-${day}(T${time}${zone})?)?)?`),
  decimal: (value) => typeof value === 'number' && Number.isFinite(value),
  id: matches(/^[A-Za-z0-9.-]{1,64}$/),
  instant: dated(`${year}-${month}-${day}T${time}${zone}`),
  integer: whole(-2_147_483_648),
  markdown: text,
  oid: never,
  positiveInt: whole(1),
  string: text,
  time: matches(new RegExp(`^${time}$`)),
  unsignedInt: whole(0),
  uri,
  url: uri,
  uuid: never,
  xhtml: text,
};
