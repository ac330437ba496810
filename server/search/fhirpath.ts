import {
  AsAtom,
  type Atom,
  DotAtom,
  EqualsAtom,
  FhirPathAtom,
  FunctionAtom,
  IndexerAtom,
  IsAtom,
  LiteralAtom,
  parseFhirPath,
  SymbolAtom,
  toTypedValue,
  UnionAtom,
} from '@medplum/core';
import type { Resource } from '@medplum/fhirtypes';
import { elementsOf } from './elements.ts';

/** Where a walk puts what it finds. */
export interface Collector {
  /** The resource, FHIRPath's %resource. */
  readonly root: Resource;
}

/** Visits the values that an expression selects below `node`. */
export type Walk<Into extends Collector> = (node: unknown, into: Into) => void;

/** What to do with a selected value of a FHIR type; null when values of that type say nothing to the parameter. */
export type SinkOf<Into extends Collector> = (type: string) => Walk<Into> | null;

type Step =
  | { readonly kind: 'type' | 'property' | 'ofType' | 'resolvesTo'; readonly name: string }
  | { readonly kind: 'equals'; readonly name: string; readonly value: unknown }
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'resource' };

class NotAPath extends Error {}

/**
 * Compiles a search parameter's FHIRPath once. Plain paths (with `as`, `ofType`, `where(resolve() is X)`,
 * `where(a = 'b')`) become property walks with statically known types, ten times faster than evaluation; anything else
 * is evaluated by @medplum/core. Alternatives that start at another resource type are left out.
 *
 * @param rootType type of %resource, where `type` is that of an element in it
 * @returns null when the expression selects nothing on that type
 */
export function compileExpression<Into extends Collector>(
  expression: string,
  type: string,
  sinkOf: SinkOf<Into>,
  rootType = type,
): Walk<Into> | null {
  const walks = alternatives(parseFhirPath(expression).child).flatMap((atom) => {
    const steps = stepsOf(atom);
    return (steps === null ? evaluated(atom, type, sinkOf) : compileSteps(steps, type, rootType, sinkOf)) ?? [];
  });
  if (walks.length === 0) return null;
  const [only] = walks;
  if (only !== undefined && walks.length === 1) return only;
  return (node, into) => {
    for (const walk of walks) walk(node, into);
  };
}

function alternatives(atom: Atom): Atom[] {
  return atom instanceof UnionAtom ? [...alternatives(atom.left), ...alternatives(atom.right)] : [atom];
}

function stepsOf(atom: Atom): Step[] | null {
  try {
    return linear(atom);
  } catch (error) {
    if (error instanceof NotAPath) return null;
    throw error;
  }
}

function linear(atom: Atom): Step[] {
  if (atom instanceof DotAtom) return [...linear(atom.left), ...linear(atom.right)];
  if (atom instanceof AsAtom) return [...linear(atom.left), { kind: 'ofType', name: nameOf(atom.right) }];
  if (atom instanceof IndexerAtom) {
    const index = atom.expr instanceof LiteralAtom ? atom.expr.value.value : null;
    if (typeof index !== 'number') throw new NotAPath();
    return [...linear(atom.left), { kind: 'index', index }];
  }
  if (atom instanceof SymbolAtom) {
    if (atom.name === '%resource') return [{ kind: 'resource' }];
    return [{ kind: /^[A-Z]/.test(atom.name) ? 'type' : 'property', name: atom.name }];
  }
  if (atom instanceof FunctionAtom) return [functionStep(atom)];
  throw new NotAPath();
}

function functionStep({ name, args: [argument] }: FunctionAtom): Step {
  if (argument !== undefined && (name === 'ofType' || name === 'as')) return { kind: 'ofType', name: nameOf(argument) };
  if (
    name === 'where' &&
    argument instanceof IsAtom &&
    argument.left instanceof FunctionAtom &&
    argument.left.name === 'resolve'
  ) {
    return { kind: 'resolvesTo', name: nameOf(argument.right) };
  }
  if (name === 'where' && argument instanceof EqualsAtom && argument.right instanceof LiteralAtom) {
    return { kind: 'equals', name: nameOf(argument.left), value: argument.right.value.value };
  }
  throw new NotAPath();
}

function nameOf(atom: Atom): string {
  if (atom instanceof SymbolAtom) return atom.name;
  throw new NotAPath();
}

/** @param rootType type of %resource */
function compileSteps<Into extends Collector>(
  steps: readonly Step[],
  type: string,
  rootType: string,
  sinkOf: SinkOf<Into>,
): Walk<Into> | null {
  const [step, ...rest] = steps;
  if (step === undefined) return sinkOf(type);
  const then = (next: string): Walk<Into> | null => compileSteps(rest, next, rootType, sinkOf);
  switch (step.kind) {
    case 'type':
      return step.name === type || step.name === 'Resource' || step.name === 'DomainResource' ? then(type) : null;
    case 'resource': {
      const next = then(rootType);
      return next && ((_, into) => next(into.root, into));
    }
    case 'ofType':
      return step.name.toLowerCase() === type.toLowerCase() ? then(type) : null;
    case 'resolvesTo':
      return resolvesTo(step.name, then(type));
    case 'equals': {
      const next = then(type);
      return next && ((node, into) => property(node, step.name) === step.value && next(node, into));
    }
    case 'index':
      return then(type); // Bundle.entry[0]: the property step before it has seen to the index
    case 'property':
      return propertyWalk(type, step.name, rest[0]?.kind === 'index' ? rest[0].index : null, then);
  }
}

function propertyWalk<Into extends Collector>(
  type: string,
  name: string,
  index: number | null,
  then: (type: string) => Walk<Into> | null,
): Walk<Into> | null {
  const walks = (elementsOf(type).get(name)?.forms ?? []).flatMap(({ property: key, type: next }) => {
    const walk = then(next);
    return walk === null ? [] : [each(key, index, walk)];
  });
  const [only] = walks;
  if (only === undefined || walks.length === 1) return only ?? null;
  return (node, into) => {
    for (const walk of walks) walk(node, into);
  };
}

function each<Into extends Collector>(key: string, index: number | null, next: Walk<Into>): Walk<Into> {
  return (node, into) => {
    const value = property(node, key);
    if (value === undefined || value === null) return;
    if (!Array.isArray(value)) next(value, into);
    else if (index !== null) {
      if (index < value.length) next(value[index], into);
    } else for (const item of value) if (item !== null) next(item, into);
  };
}

function resolvesTo<Into extends Collector>(type: string, next: Walk<Into> | null): Walk<Into> | null {
  if (next === null) return null;
  const path = new RegExp(`(^|/)${type}/[^/]+(/_history/[^/]+)?$`);
  return (node, into) => {
    const reference = property(node, 'reference');
    if (typeof reference === 'string' ? path.test(reference) : property(node, 'type') === type) next(node, into);
  };
}

function property(node: unknown, key: string): unknown {
  return typeof node === 'object' && node !== null ? (node as Record<string, unknown>)[key] : undefined;
}

/** An expression that is more than a path, by @medplum/core; the type of each value is known only when it is there. */
function evaluated<Into extends Collector>(atom: Atom, type: string, sinkOf: SinkOf<Into>): Walk<Into> | null {
  const text = atom.toString();
  if (![...text.matchAll(/\b([A-Z][A-Za-z]+)\./g)].every(([, name]) => name === type)) return null;
  const expression = new FhirPathAtom(text, atom);
  return (_, into) => {
    const input = toTypedValue(into.root);
    for (const { type: found, value } of expression.eval({ variables: { '%resource': input } }, [input])) {
      sinkOf(found)?.(value, into);
    }
  };
}
