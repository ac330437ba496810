import { type ElementFacts, elementsOf } from './elements.ts';
import type { SearchRequest } from './request.ts';

type Json = Readonly<Record<string, unknown>>;

const subsetted = { system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue', code: 'SUBSETTED' };

/** Does the search want resources other than exactly as they are stored? */
export function isShaped({ summary, elements }: Pick<SearchRequest, 'summary' | 'elements'>): boolean {
  return elements.length > 0 || summary === 'true' || summary === 'text' || summary === 'data';
}

/**
 * The part of a resource that `_summary` or `_elements` asks for, tagged as SUBSETTED (FHIR R4, 3.1.1.7). Mandatory
 * elements are always there; values are those of the given object, so exact decimals stay what they are.
 */
export function shapeResource(
  resource: Json,
  { summary, elements }: Pick<SearchRequest, 'summary' | 'elements'>,
): Json {
  const type = String(resource.resourceType);
  const wanted = new Set(elements.map((element) => element.replace(/^[A-Z][A-Za-z]*\./, '').replace(/\..*$/, '')));
  const keep = (name: string, facts: ElementFacts | undefined): boolean => {
    if (name === 'resourceType' || name === 'id' || name === 'meta') return true;
    if (wanted.size > 0) return wanted.has(name) || facts?.mandatory === true;
    if (summary === 'data') return name !== 'text';
    if (summary === 'text') return name === 'text' || facts?.mandatory === true;
    return facts?.summary === true;
  };
  const shaped = pick(resource, type, keep, summary === 'true' && wanted.size === 0);
  const meta = (resource.meta ?? {}) as Json;
  const tags = Array.isArray(meta.tag) ? meta.tag : [];
  return { ...shaped, meta: { ...meta, tag: [...tags, subsetted] } };
}

function pick(
  node: Json,
  type: string,
  keep: (name: string, facts: ElementFacts | undefined) => boolean,
  deep: boolean,
): Json {
  const forms = formsOf(type);
  return Object.fromEntries(
    Object.entries(node).flatMap(([key, value]) => {
      const found = forms.get(key.replace(/^_/, ''));
      if (!keep(found?.name ?? key, found?.facts)) return [];
      return [[key, deep && found !== undefined && key !== 'meta' ? summarize(value, found.type) : value]];
    }),
  );
}

function summarize(value: unknown, type: string): unknown {
  if (!/^[A-Z]/.test(type) || elementsOf(type).size === 0) return value;
  if (Array.isArray(value)) return value.map((item) => summarize(item, type));
  if (typeof value !== 'object' || value === null) return value;
  return pick(value as Json, type, (name, facts) => facts?.summary === true || name === 'id', true);
}

interface Form {
  readonly name: string;
  readonly type: string;
  readonly facts: ElementFacts;
}

function formsOf(type: string): ReadonlyMap<string, Form> {
  const all = [...elementsOf(type)].flatMap(([name, facts]) =>
    facts.forms.map(({ property, type: of }) => [property, { name, type: of, facts }] as const),
  );
  return new Map(all);
}
