import type { FhirResource } from '../../cql/index.ts';
import { type ArgumentIssue, argumentPath, InvalidArguments } from './errors.ts';

type TextType = 'integer' | 'string' | 'code' | 'canonical' | 'id' | 'date' | 'dateTime' | 'reference' | 'token';
type ResourceType = 'Group' | 'Parameters' | 'Bundle' | 'Resource';
/** `Part`: a parameter with parts, given as it is. */
export type ArgumentType = TextType | ResourceType | 'boolean' | 'Part' | 'Period';

/** `date` is 1..1, `date?` 0..1, `date+` 1..*, `date*` 0..*. */
export type ArgumentShape = `${ArgumentType}${'' | '?' | '+' | '*'}`;

export interface ArgumentSettings<Shape extends ArgumentShape = ArgumentShape> {
  readonly type: Shape;
  readonly documentation: string;
  /** Names that older versions of the standard give it. */
  readonly aliases?: readonly string[];
  /** The codes that it may have, each with the older spellings of it. */
  readonly codes?: Readonly<Record<string, readonly string[]>>;
  /** Of a Part: its parts with their types. */
  readonly parts?: Readonly<Record<string, string>>;
}

/** Arguments of an operation by name: the shape alone, or with more about it. */
export type Input = Readonly<Record<string, ArgumentShape | ArgumentSettings>>;

type ShapeOf<A> = A extends ArgumentSettings<infer Shape> ? Shape : A;
type TypeOf<Shape> = Shape extends `${infer Type}${'?' | '+' | '*'}` ? Type : Shape;
type ValueOf<Type> = Type extends 'boolean'
  ? boolean
  : Type extends 'Part'
    ? readonly RawParameter[]
    : Type extends 'Period'
      ? PeriodArgument
      : Type extends ResourceType
        ? FhirResource
        : string;

/** FHIR dateTimes of any precision; null where open. */
export interface PeriodArgument {
  readonly start: string | null;
  readonly end: string | null;
}

/** What `run` gets: one value, null where it may be absent, or a list. */
export type ArgumentsOf<I extends Input> = {
  readonly [Name in keyof I]: ShapeOf<I[Name]> extends `${string}${'+' | '*'}`
    ? readonly ValueOf<TypeOf<ShapeOf<I[Name]>>>[]
    : ShapeOf<I[Name]> extends `${string}?`
      ? ValueOf<TypeOf<ShapeOf<I[Name]>>> | null
      : ValueOf<TypeOf<ShapeOf<I[Name]>>>;
};

/** An argument as OperationDefinitions and documentation say it. */
export interface ArgumentDefinition {
  readonly name: string;
  readonly type: ArgumentType;
  readonly min: 0 | 1;
  readonly max: '1' | '*';
  readonly documentation: string;
  readonly aliases: readonly string[];
  readonly codes: Readonly<Record<string, readonly string[]>> | null;
  /** Of a Part: its parts with their types. */
  readonly parts: Readonly<Record<string, string>>;
}

/** A parameter of a request, as a Parameters resource holds it; from a query: `valueString`. */
export interface RawParameter {
  readonly name: string;
  readonly resource?: unknown;
  readonly [value: string]: unknown;
}

export function argumentDefinitions(input: Input): readonly ArgumentDefinition[] {
  return Object.entries(input).map(([name, given]) => {
    const settings: ArgumentSettings = typeof given === 'string' ? { type: given, documentation: '' } : given;
    const [, type = '', cardinality = ''] = /^(\w+)([?+*]?)$/.exec(settings.type) ?? [];
    return {
      name,
      type: type as ArgumentType,
      min: cardinality === '' || cardinality === '+' ? 1 : 0,
      max: cardinality === '' || cardinality === '?' ? '1' : '*',
      documentation: settings.documentation,
      aliases: settings.aliases ?? [],
      codes: settings.codes ?? null,
      parts: settings.parts ?? {},
    };
  });
}

/**
 * Checks and types the parameters of a request. Names that begin with `_` (`_format`) belong to the server.
 *
 * @throws InvalidArguments listing everything that is missing, wrong or unknown
 */
export function readArguments<I extends Input>(input: I, parameters: readonly RawParameter[]): ArgumentsOf<I> {
  const definitions = argumentDefinitions(input);
  const issues: ArgumentIssue[] = [];
  const values: Record<string, unknown> = {};
  const known = new Set(definitions.flatMap(({ name, aliases }) => [name, ...aliases]));
  for (const name of new Set(parameters.map((parameter) => parameter.name))) {
    if (known.has(name) || name.startsWith('_')) continue;
    const has = definitions.map((definition) => definition.name).join(', ');
    issues.push(issue('not-supported', name, `there is no such parameter; there are ${has}`));
  }
  for (const definition of definitions) {
    const { name, aliases, min, max } = definition;
    const given = parameters.filter((parameter) => parameter.name === name || aliases.includes(parameter.name));
    const read = given.flatMap((parameter) => {
      const value = readValue(definition, parameter);
      if (value instanceof Problem) issues.push(issue('value', parameter.name, value.reason));
      return value instanceof Problem ? [] : [value.value];
    });
    if (given.length === 0 && min === 1) {
      const also = aliases.length === 0 ? '' : ` (or ${aliases.join(', ')})`;
      issues.push(issue('required', name, `is required${also}: ${describe(definition)}`));
    }
    if (max === '1' && given.length > 1)
      issues.push(issue('too-many', name, `may be given once, not ${given.length} times`));
    values[name] = max === '*' ? read : (read[0] ?? null);
  }
  if (issues.length > 0) throw new InvalidArguments(issues);
  return values as ArgumentsOf<I>;
}

class Problem {
  readonly reason: string;
  constructor(reason: string) {
    this.reason = reason;
  }
}

const formats: Readonly<Partial<Record<ArgumentType, RegExp>>> = {
  integer: /^\d{1,9}$/,
  date: /^\d{4}(-\d\d(-\d\d(T\S+)?)?)?$/,
  dateTime: /^\d{4}(-\d\d(-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?)?)?$/,
  code: /^[^\s]+(\s[^\s]+)*$/,
  canonical: /^[a-z][\w+.-]*:\S+$/i,
  id: /^[A-Za-z0-9.-]{1,64}$/,
  reference: /^\S+$/,
};

const descriptions: Readonly<Record<ArgumentType, string>> = {
  integer: 'a whole number',
  string: 'a text',
  code: 'a code',
  canonical: 'a canonical URL such as http://example.org/Measure/x|1.0.0',
  id: 'a FHIR id',
  date: 'a date such as 2026, 2026-03 or 2026-03-31',
  dateTime: 'a dateTime such as 2026-03-31T10:00:00Z',
  reference: 'a reference such as Patient/123',
  token: 'a token such as system|code',
  boolean: 'true or false',
  Part: 'a parameter with parts, sent by POST in a Parameters resource',
  Period: 'a Period with dates such as 2026-03-31, its start not after its end, sent by POST in a Parameters resource',
  Group: 'a Group resource',
  Parameters: 'a Parameters resource',
  Bundle: 'a Bundle resource',
  Resource: 'a resource',
};

function describe({ type, codes }: ArgumentDefinition): string {
  return codes === null ? descriptions[type] : `one of ${Object.keys(codes).join(', ')}`;
}

function readValue(definition: ArgumentDefinition, parameter: RawParameter): Problem | { value: unknown } {
  const { type, codes } = definition;
  const wrong = (): Problem => new Problem(`must be ${describe(definition)}`);
  if (type === 'Group' || type === 'Parameters' || type === 'Bundle' || type === 'Resource') {
    const { resource } = parameter;
    const ofType = isResource(resource) && (type === 'Resource' || resource.resourceType === type);
    return ofType
      ? { value: resource }
      : new Problem(`must be ${descriptions[type]}, sent by POST in a Parameters resource`);
  }
  if (type === 'Part') return Array.isArray(parameter.part) ? { value: parameter.part.filter(isParameter) } : wrong();
  if (type === 'Period') {
    const period = periodOf(parameter['valuePeriod']);
    return period === null ? wrong() : { value: period };
  }
  const given = plainValue(parameter);
  const value = type === 'integer' && typeof given === 'number' ? String(given) : given;
  if (type === 'boolean') {
    const text = typeof value === 'boolean' ? String(value) : value;
    return text === 'true' ? { value: true } : text === 'false' ? { value: false } : wrong();
  }
  if (typeof value !== 'string' || value.trim() === '') return wrong();
  const text = value.trim();
  if (formats[type]?.test(text) === false) return wrong();
  if (codes === null) return { value: text };
  const code = Object.entries(codes).find(([name, spellings]) => name === text || spellings.includes(text))?.[0];
  return code === undefined ? wrong() : { value: code };
}

function periodOf(value: unknown): PeriodArgument | null {
  if (typeof value !== 'object' || value === null) return null;
  const { start = null, end = null } = value as { start?: unknown; end?: unknown };
  const fits = (at: unknown): at is string | null =>
    at === null || (typeof at === 'string' && formats.dateTime?.test(at) === true);
  if (!fits(start) || !fits(end) || (start === null && end === null)) return null;
  return start !== null && end !== null && end < start.slice(0, end.length) ? null : { start, end };
}

/** value[x]; of an Identifier `system|value`, of a Coding `system|code`, of a Reference its reference. */
function plainValue(parameter: RawParameter): unknown {
  const [, value] = Object.entries(parameter).find(([key]) => /^value[A-Z]/.test(key)) ?? [];
  if (typeof value !== 'object' || value === null) return value;
  const { reference, system, value: identifier, code } = value as Record<string, unknown>;
  if (typeof reference === 'string') return reference;
  const local = identifier ?? code;
  if (typeof local !== 'string') return undefined;
  return typeof system === 'string' ? `${system}|${local}` : local;
}

function isParameter(value: unknown): value is RawParameter {
  return typeof value === 'object' && value !== null && 'name' in value && typeof value.name === 'string';
}

function isResource(value: unknown): value is FhirResource {
  return (
    typeof value === 'object' && value !== null && 'resourceType' in value && typeof value.resourceType === 'string'
  );
}

function issue(code: ArgumentIssue['code'], name: string, reason: string): ArgumentIssue {
  return { code, diagnostics: `${name}: ${reason}`, expression: [argumentPath(name)] };
}
