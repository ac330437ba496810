import type { Sql } from '../db/database.ts';
import { Breath } from './breath.ts';
import { type Identified, splitCondition } from './conditions.ts';
import type { ApplyOptions, Locator } from './entry.ts';
import { InvalidReference, MultipleMatches } from './errors.ts';
import { matchCriteria } from './match.ts';
import { type Links, referencesOf } from './references.ts';
import { checkType } from './validate.ts';

const conditionalReference = /^[A-Z][A-Za-z]+\?./;

/**
 * What the links between the entries become: from each fullUrl, and in a transaction from each conditional reference,
 * to `Type/id`. A conditional reference may match an entry of the Bundle by identifier, or what is stored.
 *
 * @throws MultipleMatches; InvalidReference where `dangling` is `refuse` and a reference points to nothing
 */
export async function linksBetween(
  sql: Sql,
  tenant: string,
  identified: readonly Identified[],
  at: Locator,
  { transaction = false, dangling = 'keep', baseUrl = null }: ApplyOptions,
): Promise<Links> {
  const links = new Map<string, string>();
  for (const { entry, id } of identified) {
    if ((entry.method === 'POST' || entry.method === 'PUT') && entry.fullUrl !== null) {
      links.set(entry.fullUrl, `${entry.type}/${id}`);
    }
  }
  if (!transaction) return links;
  const conditions = await wantedReferences(identified, (reference) => conditionalReference.test(reference));
  const own = conditions.size === 0 ? null : identifiersOf(identified);
  for (const [reference, index] of conditions) {
    const [type, criteria] = splitCondition(reference);
    const [, identifier = null] = /^identifier=([^&]+)$/.exec(criteria) ?? [];
    const inBundle = identifier === null ? undefined : own?.get(`${type}?${decodeURIComponent(identifier)}`);
    const matches = inBundle === undefined ? await matchCriteria(sql, tenant, type, criteria, baseUrl) : [...inBundle];
    if (matches.length > 1) at(index, () => refuse(new MultipleMatches(`The conditional reference to ${type}`)));
    const [match] = matches;
    if (match !== undefined) links.set(reference, `${type}/${match.id}`);
  }
  if (dangling === 'refuse') {
    const wanted = (reference: string): boolean =>
      !links.has(reference) && (/^urn:(uuid|oid):/.test(reference) || conditionalReference.test(reference));
    for (const [reference, index] of await wantedReferences(identified, wanted)) {
      const what = reference.startsWith('urn:') ? reference : 'A conditional reference';
      at(index, () => refuse(new InvalidReference(`${what} points to nothing in this Bundle or on this server`)));
    }
  }
  return links;
}

function refuse(error: Error): never {
  throw error;
}

/** Each wanted reference with the position of the first entry that has it. */
async function wantedReferences(
  identified: readonly Identified[],
  wanted: (reference: string) => boolean,
): Promise<Map<string, number>> {
  const breath = new Breath();
  const found = new Map<string, number>();
  for (const [index, { entry }] of identified.entries()) {
    if (entry.method !== 'POST' && entry.method !== 'PUT') continue;
    checkType(entry.resource, entry.type);
    for (const reference of referencesOf(entry.resource, wanted)) {
      if (!found.has(reference)) found.set(reference, index);
    }
    if (breath.isDue()) await breath.take();
  }
  return found;
}

/** The entries by `Type?system|value` of their identifiers. */
function identifiersOf(identified: readonly Identified[]): Map<string, Set<Identified>> {
  const found = new Map<string, Set<Identified>>();
  for (const item of identified) {
    if (item.entry.method !== 'POST' && item.entry.method !== 'PUT') continue;
    checkType(item.entry.resource, item.entry.type);
    const identifiers = item.entry.resource.identifier;
    for (const identifier of Array.isArray(identifiers) ? identifiers : []) {
      const key = `${item.entry.type}?${identifier?.system ?? ''}|${identifier?.value ?? ''}`;
      const items = found.get(key);
      if (items === undefined) found.set(key, new Set([item]));
      else items.add(item);
    }
  }
  return found;
}
