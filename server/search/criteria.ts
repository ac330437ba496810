import { isResourceType, parameterId, type SearchDefinition, searchParameter } from './definitions.ts';
import { InvalidSearchValue, UnsupportedSearch } from './errors.ts';
import { compileExpression } from './fhirpath.ts';
import { perKey } from './once.ts';
import { type Predicate, parsePredicate, parseReferenceValue, parseToken, type Reading } from './predicates.ts';
import { splitUnescaped, unescapeValue } from './text.ts';
import { indexable } from './values.ts';

/** A condition on resources; several of a search are joined by AND. */
export type Criterion =
  /** Any of the predicates holds for any value of the parameter; with `not`, none does. */
  | {
      readonly kind: 'values';
      readonly definition: SearchDefinition;
      /** Number of the rows: the parameter's own, or that of `:identifier` or `:of-type`. */
      readonly param: number;
      readonly predicates: readonly Predicate[];
      readonly not: boolean;
    }
  | { readonly kind: 'missing'; readonly definition: SearchDefinition; readonly missing: boolean }
  | { readonly kind: 'id'; readonly ids: readonly string[]; readonly not: boolean }
  | { readonly kind: 'lastUpdated'; readonly predicates: readonly Predicate[] }
  | { readonly kind: 'list'; readonly lists: readonly string[]; readonly item: SearchDefinition }
  /** Chaining: the reference leads to a resource of one of the types that meets the criterion for that type. */
  | { readonly kind: 'chain'; readonly definition: SearchDefinition; readonly targets: ReadonlyMap<string, Criterion> }
  /** Reverse chaining: a resource of the definition's type that meets the criterion refers to this one. */
  | { readonly kind: 'has'; readonly definition: SearchDefinition; readonly criterion: Criterion };

export interface CriterionOptions {
  readonly now: Date;
  readonly baseUrl: string | null;
}

/** Chains longer than this are refused: each link is a join. */
const maxLinks = 6;

/**
 * Reads one parameter of a search, chains and reverse chains included (FHIR R4, 3.1.1.4 and 3.1.1.5).
 *
 * @returns null when the type has no such parameter
 * @throws InvalidSearchValue, UnsupportedSearch
 */
export function parseCriterion(
  type: string,
  name: string,
  value: string,
  options: CriterionOptions,
  links = 0,
): Criterion | null {
  if (links > maxLinks) throw new UnsupportedSearch(name, `a chain may have ${maxLinks} links`);
  if (name.startsWith('_has:')) return parseHas(type, name, value, options, links);
  const dot = name.indexOf('.');
  if (dot !== -1) return parseChain(type, name.slice(0, dot), name.slice(dot + 1), value, options, links);
  const [code = '', ...rest] = name.split(':');
  const modifier = rest.join(':');
  if (code === '_list') return parseList(type, name, modifier, value);
  const definition = searchParameter(type, code);
  if (definition === null) return null;
  if (modifier === 'missing') return { kind: 'missing', definition, missing: parseMissing(name, value) };
  const reading: Reading = { definition, name, ...options, bareCodes: bareCodes(definition) };
  const texts = splitUnescaped(value, ',').filter((text) => text !== '');
  if (texts.length === 0) throw new InvalidSearchValue(name, value, 'a value');
  if (code === '_id') return parseId(name, modifier, texts);
  if (definition.kind === 'special' || definition.expression === '') {
    throw new UnsupportedSearch(name, 'this server does not offer full-text, named or geographic search');
  }
  const plan = planModifier(modifier, reading);
  const predicates = texts.map(plan.parse);
  if (code === '_lastUpdated') return { kind: 'lastUpdated', predicates };
  return { kind: 'values', definition, param: plan.param ?? definition.id, predicates, not: plan.not ?? false };
}

interface ModifierPlan {
  readonly parse: (text: string) => Predicate;
  readonly param?: number;
  readonly not?: boolean;
}

function planModifier(modifier: string, reading: Reading): ModifierPlan {
  const { definition, name } = reading;
  const part = parameterId(`${definition.type}.${definition.code}:${modifier}`);
  const valueSet = (text: string): Predicate => ({ kind: 'valueSet', url: unescapeValue(text) });
  if (modifier === '') return { parse: (text) => parsePredicate(definition.kind, text, reading) };
  switch (`${definition.kind}:${modifier}`) {
    case 'token:not':
      return { parse: (text) => parseToken(text, reading), not: true };
    case 'token:text':
      return { parse: (text) => ({ kind: 'text', text: unescapeValue(text) }) };
    case 'token:in':
      return { parse: valueSet };
    case 'token:not-in':
      return { parse: valueSet, not: true };
    case 'token:of-type':
      return { parse: (text) => parseOfType(text, reading), param: part };
    case 'token:above':
    case 'token:below':
      return { parse: (text) => parseHierarchy(text, modifier as 'above' | 'below', reading) };
    case 'string:exact':
    case 'string:contains':
      return {
        parse: (text) => ({ kind: 'string', match: modifier as 'exact' | 'contains', text: unescapeValue(text) }),
      };
    case 'uri:above':
    case 'uri:below':
      return { parse: (text) => ({ kind: 'uri', match: modifier as 'above' | 'below', uri: unescapeValue(text) }) };
    case 'reference:identifier':
      return { parse: (text) => parseToken(text, { ...reading, bareCodes: false }), param: part };
  }
  if (definition.kind === 'reference' && isResourceType(modifier)) {
    return { parse: (text) => parseReferenceValue(text, reading, [modifier]) };
  }
  throw new UnsupportedSearch(name, `a ${definition.kind} parameter has no modifier ":${modifier}"`);
}

function parseHierarchy(text: string, direction: 'above' | 'below', reading: Reading): Predicate {
  const { system, code } = parseToken(text, reading);
  if (system === null || system === '' || code === null)
    throw new InvalidSearchValue(reading.name, text, 'system|code');
  return { kind: 'hierarchy', system, code, direction };
}

function parseOfType(text: string, { name }: Reading): Predicate {
  const [system = '', code = '', value = '', ...more] = splitUnescaped(text, '|').map(unescapeValue);
  if (code === '' || value === '' || more.length > 0)
    throw new InvalidSearchValue(name, text, 'system|code|value of the identifier and its type');
  return { kind: 'token', system: system === '' ? null : indexable(system), code: indexable(`${code}|${value}`) };
}

function parseMissing(name: string, value: string): boolean {
  if (value !== 'true' && value !== 'false') throw new InvalidSearchValue(name, value, 'true or false');
  return value === 'true';
}

function parseId(name: string, modifier: string, ids: readonly string[]): Criterion {
  if (modifier !== '' && modifier !== 'not') throw new UnsupportedSearch(name, `_id has no modifier ":${modifier}"`);
  return { kind: 'id', ids, not: modifier === 'not' };
}

function parseList(type: string, name: string, modifier: string, value: string): Criterion {
  const item = searchParameter('List', 'item');
  const lists = splitUnescaped(value, ',').map((text) => text.replace(/^List\//, ''));
  if (modifier !== '' || item === null) throw new UnsupportedSearch(name, `_list has no modifier on ${type}`);
  return { kind: 'list', lists, item };
}

function parseHas(
  type: string,
  name: string,
  value: string,
  options: CriterionOptions,
  links: number,
): Criterion | null {
  const [, sourceType = '', code = '', ...rest] = name.split(':');
  if (rest.length === 0) throw new UnsupportedSearch(name, 'expected _has:[type]:[reference parameter]:[parameter]');
  const definition = searchParameter(sourceType, code);
  if (definition === null) return null;
  if (definition.kind !== 'reference' || !mayTarget(definition, type)) {
    throw new UnsupportedSearch(name, `${sourceType}.${code} does not refer to ${type}`);
  }
  const criterion = parseCriterion(sourceType, rest.join(':'), value, options, links + 1);
  return criterion && { kind: 'has', definition, criterion };
}

function parseChain(
  type: string,
  link: string,
  rest: string,
  value: string,
  options: CriterionOptions,
  links: number,
): Criterion | null {
  const [code = '', targetType, ...more] = link.split(':');
  const definition = searchParameter(type, code);
  if (definition === null) return null;
  const name = `${link}.${rest}`;
  if (definition.kind !== 'reference')
    throw new UnsupportedSearch(name, `${code} is not a reference: it can't be chained`);
  if (more.length > 0 || (targetType !== undefined && !isResourceType(targetType))) {
    throw new UnsupportedSearch(name, `":${link.slice(code.length + 1)}" is not a resource type`);
  }
  const targets = new Map<string, Criterion>();
  let reason: unknown = null;
  for (const target of targetType === undefined ? definition.targets : [targetType]) {
    try {
      const criterion = parseCriterion(target, rest, value, options, links + 1);
      if (criterion !== null) targets.set(target, criterion);
    } catch (error) {
      if (!(error instanceof InvalidSearchValue || error instanceof UnsupportedSearch)) throw error;
      reason = error; // the value may still suit the parameter of that name on another type
    }
  }
  if (targets.size === 0 && reason !== null) throw reason;
  return targets.size === 0 ? null : { kind: 'chain', definition, targets };
}

export function mayTarget({ targets }: SearchDefinition, type: string): boolean {
  return targets.length === 0 || targets.includes(type);
}

const bareCodes = perKey(({ kind, expression, type }: SearchDefinition): boolean => {
  if (kind !== 'token' || expression === '') return false;
  const found = new Set<string>();
  compileExpression(expression, type, (valueType) => {
    found.add(valueType);
    return () => {};
  });
  return found.size > 0 && [...found].every((valueType) => /^[a-z]/.test(valueType));
});
