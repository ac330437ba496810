import type { Resource } from '@medplum/fhirtypes';
import { parameterId, type SearchDefinition, searchParametersOf } from './definitions.ts';
import { compileExpression, type Walk } from './fhirpath.ts';
import { perKey } from './once.ts';
import type { Target } from './references.ts';
import type { DateValue, QuantityValue, StringValue, TokenValue, Values } from './values.ts';
import { sinkFor } from './values.ts';

/** Values of a composite parameter's components that occur together. */
export interface CompositeValue {
  readonly first: TokenValue;
  readonly token: TokenValue | null;
  readonly string: StringValue | null;
  readonly date: DateValue | null;
  readonly quantity: QuantityValue | null;
  readonly third: QuantityValue | null;
  readonly reference: Target | null;
}

export interface Collected extends Values {
  readonly composites: CompositeValue[];
}

/** How one parameter's values are found in resources of its type. */
export interface Extractor {
  readonly definition: SearchDefinition;
  readonly identifierId: number;
  readonly typedId: number;
  readonly walk: Walk<Collected>;
}

/** Extractors of all parameters of a type that its resources' content decides; compiled at the first call. */
export const extractorsOf = perKey((type: string): readonly Extractor[] =>
  [...searchParametersOf(type).values()].flatMap((definition) => {
    const walk = compile(definition);
    if (walk === null) return [];
    const name = `${type}.${definition.code}`;
    const identifierId = parameterId(`${name}:identifier`);
    return [{ definition, identifierId, typedId: parameterId(`${name}:of-type`), walk }];
  }),
);

/** Parameters that a column of the resource table answers. */
const columns = new Set(['_id', '_lastUpdated']);

function compile(definition: SearchDefinition): Walk<Collected> | null {
  const { kind, type, code, expression } = definition;
  if (expression === '' || kind === 'special' || columns.has(code)) return null;
  if (kind === 'composite') return compileComposite(definition);
  return compileExpression<Collected>(expression, type, (found) => sinkFor(kind, found));
}

function compileComposite({ type, expression, components }: SearchDefinition): Walk<Collected> | null {
  return compileExpression<Collected>(expression, type, (found) => {
    const parts = components.map(({ kind, expression: part }) =>
      compileExpression<Values>(part, found, (valueType) => sinkFor(kind, valueType), type),
    );
    const [first, second, third] = parts;
    if (first === undefined || first === null || second === undefined || second === null) return null;
    return (node, { root, baseUrl, composites }) => {
      const firsts = valuesOf(first, node, root, baseUrl).tokens;
      if (firsts.length === 0) return;
      const seconds = combinations(valuesOf(second, node, root, baseUrl));
      const thirds = third ? valuesOf(third, node, root, baseUrl).quantities : [null];
      for (const one of firsts) {
        for (const two of seconds) for (const three of thirds) composites.push({ ...two, first: one, third: three });
      }
    };
  });
}

function valuesOf(walk: Walk<Values>, node: unknown, root: Resource, baseUrl: string | null): Values {
  const values = emptyCollection(root, baseUrl);
  walk(node, values);
  return values;
}

type Second = Omit<CompositeValue, 'first' | 'third'>;
const nothing: Second = { token: null, string: null, date: null, quantity: null, reference: null };

function combinations({ tokens, strings, dates, quantities, references }: Values): Second[] {
  return [
    ...tokens.map((token) => ({ ...nothing, token })),
    ...strings.map((string) => ({ ...nothing, string })),
    ...dates.map((date) => ({ ...nothing, date })),
    ...quantities.map((quantity) => ({ ...nothing, quantity })),
    ...references.map((reference) => ({ ...nothing, reference })),
  ];
}

export function emptyCollection(root: Resource, baseUrl: string | null): Collected {
  return {
    root,
    baseUrl,
    tokens: [],
    strings: [],
    dates: [],
    quantities: [],
    references: [],
    uris: [],
    identifiers: [],
    typed: [],
    composites: [],
  };
}
