import fhirpath from 'fhirpath';
import r4Model from 'fhirpath/fhir-context/r4';
import type { ProfileElement } from './definitions.ts';
import type { Json } from './json.ts';

type Evaluate = (node: unknown, environment: { resource: Json }) => unknown;

const compiled = new Map<string, Evaluate>();

/** Invariants of an element that do not hold for a node of it. A result that is empty is not true (FHIRPath, 4.5). */
export function brokenInvariants(
  node: unknown,
  resource: Json,
  { path, constraint = [] }: Pick<ProfileElement, 'path' | 'constraint'>,
): string[] {
  return constraint.flatMap(({ key, expression, severity }) => {
    // ele-1 is checked with the structure.
    if (expression === undefined || severity === 'warning' || key === 'ele-1') return [];
    const evaluate = compile(path, typeof node === 'object' ? expression : ofPrimitive(expression));
    const result = evaluate(node, { resource });
    return Array.isArray(result) && result[0] === true ? [] : [`${key} does not hold`];
  });
}

/** A primitive is its own `value` in JSON, and an element with a `value` in the standard (ra-3 of the remark patch). */
function ofPrimitive(expression: string): string {
  return expression.replace(/^value\./, '$this.');
}

function compile(path: string, expression: string): Evaluate {
  const key = `${path} ${expression}`;
  const known = compiled.get(key);
  if (known !== undefined) return known;
  const evaluate: Evaluate = path.includes('.')
    ? fhirpath.compile({ base: path, expression }, r4Model)
    : fhirpath.compile(expression, r4Model);
  compiled.set(key, evaluate);
  return evaluate;
}
