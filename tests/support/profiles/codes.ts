import type { Definitions } from './definitions.ts';
import { isJson, type Json, list } from './json.ts';

/** A code as it stands in a resource; `system` is null for elements of type `code`. */
interface Code {
  readonly system: string | null;
  readonly code: string;
}

/** Codes in a `code`, Coding, CodeableConcept or Quantity. */
export function codesIn(node: unknown): readonly Code[] {
  if (typeof node === 'string') return [{ system: null, code: node }];
  if (!isJson(node)) return [];
  if (Array.isArray(node.coding)) return node.coding.flatMap(codesIn);
  if (typeof node.code !== 'string') return [];
  return [{ system: typeof node.system === 'string' ? node.system : null, code: node.code }];
}

/**
 * Whether the node keeps a binding: required wants one of the codes; extensible and preferred allow others, of systems
 * that the value set does not know as a whole. Null where the value set, or a code system of it, is not known.
 */
export function keepsBinding(
  node: unknown,
  strength: string,
  valueSet: string,
  definitions: Definitions,
): boolean | null {
  const set = definitions.valueSets.get(valueSet.split('|')[0] ?? '');
  if (set === undefined) return null;
  const included = isJson(set.compose) ? list(set.compose.include).filter(isJson) : [];
  const whole = new Map<string, ReadonlySet<string>>();
  for (const { system, concept, filter, valueSet: other } of included) {
    const codes = concept === undefined ? systemCodes(String(system), definitions) : conceptCodes(list(concept));
    if (codes === null || filter !== undefined || other !== undefined) return null;
    whole.set(String(system), new Set([...(whole.get(String(system)) ?? []), ...codes]));
  }
  const isIn = ({ system, code }: Code): boolean =>
    system === null ? [...whole.values()].some((codes) => codes.has(code)) : (whole.get(system)?.has(code) ?? false);
  const codes = codesIn(node);
  if (strength === 'required') return codes.some(isIn);
  return codes.every((code) => code.system === null || !whole.has(code.system) || isIn(code));
}

/** All codes of a system; null where it is unknown or not complete. */
export function systemCodes(url: string, { codeSystems }: Definitions): ReadonlySet<string> | null {
  const system = codeSystems.get(url);
  return system === undefined || system.content !== 'complete' ? null : conceptCodes(list(system.concept));
}

function conceptCodes(concepts: readonly unknown[]): ReadonlySet<string> {
  const codes = (concept: Json): string[] => [
    String(concept.code),
    ...list(concept.concept).filter(isJson).flatMap(codes),
  ];
  return new Set(concepts.filter(isJson).flatMap(codes));
}
