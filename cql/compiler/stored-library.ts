import { joinSections, splitSections } from '../code-store.ts';
import { CqlError } from '../errors.ts';
import {
  Code,
  CodeSystem,
  Concept,
  Decimal,
  formatDecimal,
  parseDecimal,
  Quantity,
  Ratio,
  ValueSet,
} from '../runtime/index.ts';
import { callables, namesOfCallables } from './callables.ts';
import type { FhirModel } from './fhir/model.ts';
import { follow, type Recipe } from './recipe.ts';
import type { Retrieval, Retrievals } from './record-index.ts';
import type { Type } from './types.ts';

/** A library's generated text with what it refers to, before or after it is kept. */
export interface GeneratedLibrary {
  readonly key: string;
  /** JavaScript of the whole library: an expression that gives a function of its constants. */
  readonly text: string;
  readonly constants: readonly unknown[];
  readonly definitions: ReadonlyMap<string, { readonly position: number }>;
}

/** What is needed to say what a constant is. */
export interface Origins {
  readonly model: FhirModel;
  readonly recipes: ReadonlyMap<unknown, Recipe>;
  /** Positions of the constants that number definitions. */
  readonly slots: ReadonlySet<number>;
  /** Functions that stand for members that could not be compiled. */
  readonly refusals: ReadonlyMap<unknown, Error>;
  readonly retrievals: ReadonlySet<unknown>;
  /** Value sets as the libraries ask for them. */
  readonly valueSets: ReadonlyMap<ValueSet, AskedValueSet>;
  /** Functions of included libraries: the alias of the library, and the position of the function in it. */
  readonly included: ReadonlyMap<unknown, readonly [alias: string, position: number]>;
}

export interface AskedValueSet {
  readonly id: string;
  readonly version?: string;
}

/** What gives a kept library its constants. */
export interface Givers {
  readonly model: FhirModel;
  readonly retrievals: Retrievals;
  nextSlot(): number;
  /** @returns null when there is no such value set */
  valueSet(asked: AskedValueSet): ValueSet | null;
  /** @returns undefined when there is no such function */
  included(alias: string, position: number): unknown;
}

/** A constant that cannot be said as data, or not be found again. */
export class NotKeepable extends Error {
  override readonly name = 'NotKeepable';
}

/** An error that the compiler found in a definition that nothing reaches, as a kept library has it. */
class Refused extends CqlError {
  override readonly name: string;
  constructor(name: string, message: string) {
    super(message);
    this.name = name;
  }
}

/**
 * A library as bytes: what it is made of, and V8's code cache.
 * @param includes alias and key of every included library
 * @returns null when a constant cannot be said as data
 */
export function storedLibrary(
  library: GeneratedLibrary,
  includes: readonly (readonly [alias: string, key: string])[],
  codeCache: Uint8Array,
  origins: Origins,
): Uint8Array | null {
  try {
    const texts = new Map<string, number>();
    const withTexts = { ...origins, texts };
    const constants = library.constants.map((value, i) =>
      origins.slots.has(i) ? { $: 'slot' } : said(value, withTexts),
    );
    const head = {
      key: library.key,
      includes,
      definitions: [...library.definitions].map(([name, { position }]) => [name, position]),
      constants,
      texts: [...texts.keys()],
    };
    const encoder = new TextEncoder();
    return joinSections([encoder.encode(JSON.stringify(head)), encoder.encode(library.text), codeCache]);
  } catch (error) {
    if (error instanceof NotKeepable) return null;
    throw error;
  }
}

export interface KeptLibrary {
  readonly key: string;
  readonly includes: readonly (readonly [alias: string, key: string])[];
  readonly text: string;
  readonly codeCache: Uint8Array;
  readonly definitions: ReadonlyMap<string, { readonly position: number }>;
  /** @throws NotKeepable when something that it refers to is not there any more */
  constants(givers: Givers): unknown[];
}

/** Reads what `storedLibrary` made. */
export function readLibrary(bytes: Uint8Array): KeptLibrary {
  const [head = new Uint8Array(), text = new Uint8Array(), codeCache = new Uint8Array()] = splitSections(bytes);
  const { key, includes, definitions, constants, texts } = JSON.parse(utf8(head)) as {
    key: string;
    includes: [string, string][];
    definitions: [string, number][];
    constants: unknown[];
    texts: string[];
  };
  return {
    key,
    includes,
    text: utf8(text),
    codeCache,
    definitions: new Map(definitions.map(([name, position]) => [name, { position }])),
    constants: (givers) => constants.map((constant) => made(constant, { ...givers, texts })),
  };
}

function utf8(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}

interface Saying extends Origins {
  /** Long texts with their numbers: the name of a definition stands in every place of it. */
  readonly texts: Map<string, number>;
}

interface Making extends Givers {
  readonly texts: readonly string[];
}

function saidText(text: string, texts: Map<string, number>): unknown {
  if (text.length < 24) return text;
  const known = texts.get(text);
  if (known !== undefined) return { $: 'text', number: known };
  texts.set(text, texts.size);
  return { $: 'text', number: texts.size - 1 };
}

/** A value as JSON; objects with `$` are values that JSON has no word for. */
function said(value: unknown, origins: Saying): unknown {
  if (typeof value === 'string') return saidText(value, origins.texts);
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  if (typeof value === 'bigint') return { $: 'long', value: `${value}` };
  if (Array.isArray(value)) return value.map((item) => said(item, origins));
  if (typeof value === 'function') return saidFunction(value, origins);
  if (typeof value !== 'object' || value === undefined) throw new NotKeepable(typeof value);
  if (value instanceof Decimal) return { $: 'decimal', value: formatDecimal(value) };
  if (value instanceof Quantity) return { $: 'quantity', value: formatDecimal(value.value), unit: value.unit };
  if (value instanceof Ratio)
    return { $: 'ratio', numerator: said(value.numerator, origins), denominator: said(value.denominator, origins) };
  if (value instanceof Code)
    return { $: 'code', code: value.code, system: value.system, version: value.version, display: value.display };
  if (value instanceof Concept) return { $: 'concept', codes: said(value.codes, origins), display: value.display };
  if (value instanceof CodeSystem) return { $: 'code-system', id: value.id, version: value.version, name: value.name };
  if (value instanceof ValueSet) {
    const asked = origins.valueSets.get(value);
    if (asked === undefined) throw new NotKeepable('a value set without a name');
    return { $: 'value-set', id: asked.id, version: asked.version };
  }
  return saidObject(value, origins);
}

function saidFunction(value: unknown, origins: Saying): unknown {
  const name = namesOfCallables.get(value);
  if (name !== undefined) return { $: 'callable', name };
  const recipe = origins.recipes.get(value);
  if (recipe !== undefined)
    return { $: 'recipe', recipe: 'type' in recipe ? { ...recipe, type: saidType(recipe.type) } : recipe };
  const included = origins.included.get(value);
  if (included !== undefined) return { $: 'included', alias: included[0], position: included[1] };
  const error = origins.refusals.get(value);
  if (error !== undefined) return { $: 'refusal', name: error.name, message: error.message };
  throw new NotKeepable('a function that is not known by name');
}

function saidObject(value: object, origins: Saying): unknown {
  if (Object.getPrototypeOf(value) !== Object.prototype || '$' in value) throw new NotKeepable(value.constructor.name);
  if (origins.retrievals.has(value)) return { $: 'retrieval', asked: saidProperties(value, origins) };
  if ('name' in value && typeof value.name === 'string' && origins.model.type(value.name) === value)
    return { $: 'fhir-type', name: value.name };
  return saidProperties(value, origins);
}

function saidProperties(value: object, origins: Saying): { [name: string]: unknown } {
  return Object.fromEntries(Object.entries(value).map(([name, property]) => [name, said(property, origins)]));
}

function saidType(type: Type): unknown {
  if (type.kind === 'tuple')
    return { kind: 'tuple', elements: [...type.elements].map(([name, of]) => [name, saidType(of)]) };
  if (type.kind === 'choice') return { kind: 'choice', of: type.of.map(saidType) };
  return type.kind === 'list' || type.kind === 'interval' ? { kind: type.kind, of: saidType(type.of) } : type;
}

function typeMade(said: Type | { readonly kind: 'tuple'; readonly elements: readonly [string, Type][] }): Type {
  if (said.kind === 'tuple')
    return { kind: 'tuple', elements: new Map([...said.elements].map(([name, of]) => [name, typeMade(of)])) };
  if (said.kind === 'choice') return { kind: 'choice', of: said.of.map(typeMade) };
  return said.kind === 'list' || said.kind === 'interval' ? { kind: said.kind, of: typeMade(said.of) } : said;
}

type Said = { readonly $: string; readonly [property: string]: unknown };

function isSaid(value: object): value is Said {
  return '$' in value && typeof value.$ === 'string';
}

function made(value: unknown, givers: Making): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => made(item, givers));
  if (!isSaid(value)) return propertiesMade(value, givers);
  const text = (name: string): string => String(value[name]);
  const optional = (name: string): string | null => (typeof value[name] === 'string' ? value[name] : null);
  switch (value.$) {
    case 'text':
      return found(givers.texts[Number(value['number'])], 'a text');
    case 'slot':
      return givers.nextSlot();
    case 'long':
      return BigInt(text('value'));
    case 'decimal':
      return decimal(text('value'));
    case 'quantity':
      return new Quantity(decimal(text('value')), text('unit'));
    case 'ratio':
      return new Ratio(
        ...(['numerator', 'denominator'].map((part) => made(value[part], givers)) as [Quantity, Quantity]),
      );
    case 'code':
      return new Code(optional('code'), optional('system'), optional('version'), optional('display'));
    case 'concept':
      return new Concept(made(value['codes'], givers) as Code[], optional('display'));
    case 'code-system':
      return new CodeSystem(text('id'), optional('version'), optional('name'));
    case 'value-set': {
      const version = optional('version');
      return found(givers.valueSet({ id: text('id'), ...(version === null ? {} : { version }) }), text('id'));
    }
    case 'callable':
      return found(callables.get(text('name')), text('name'));
    case 'recipe': {
      const recipe = value['recipe'] as Recipe;
      return follow('type' in recipe ? { ...recipe, type: typeMade(recipe.type) } : recipe, givers.model);
    }
    case 'included':
      return found(givers.included(text('alias'), Number(value['position'])), text('alias'));
    case 'refusal':
      return () => {
        throw new Refused(text('name'), text('message'));
      };
    case 'retrieval':
      return givers.retrievals.of(propertiesMade(value['asked'] as object, givers) as unknown as Retrieval);
    case 'fhir-type':
      return found(givers.model.type(text('name')), text('name'));
    default:
      throw new NotKeepable(value.$);
  }
}

function propertiesMade(value: object, givers: Making): { [name: string]: unknown } {
  return Object.fromEntries(Object.entries(value).map(([name, property]) => [name, made(property, givers)]));
}

function decimal(text: string): Decimal {
  return found(parseDecimal(text), text);
}

function found<T>(value: T | null | undefined, name: string): T {
  if (value === null || value === undefined) throw new NotKeepable(`${name} is not there`);
  return value;
}
