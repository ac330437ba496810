import type { ElmNode } from '../../cql/index.ts';

/** The static type of a CQL expression, as its ELM says it. */
export type CqlType =
  | { readonly kind: 'named'; readonly name: string }
  | { readonly kind: 'list' | 'interval'; readonly of: CqlType | null }
  | { readonly kind: 'tuple'; readonly elements: ReadonlyMap<string, CqlType | null> }
  | { readonly kind: 'choice'; readonly types: readonly (CqlType | null)[] };

/** The result type of an expression definition; null when its ELM was made without result types. */
export function resultType(node: ElmNode): CqlType | null {
  const { resultTypeName, resultTypeSpecifier } = node;
  if (typeof resultTypeName === 'string') return { kind: 'named', name: qualified(resultTypeName) };
  return isNode(resultTypeSpecifier) ? typeOf(resultTypeSpecifier) : null;
}

/** The type as the extension cqf-cqlType writes it: `List<System.Integer>`; null when any part of it is unknown. */
export function typeText(type: CqlType | null): string | null {
  if (type === null) return null;
  if (type.kind === 'named') return type.name;
  if (type.kind === 'tuple') {
    const elements = [...type.elements].map(([name, of]) => (typeText(of) === null ? null : `${name}:${typeText(of)}`));
    return elements.includes(null) ? null : `Tuple{${elements.join(',')}}`;
  }
  const inner = type.kind === 'choice' ? type.types.map(typeText) : [typeText(type.of)];
  if (inner.includes(null)) return null;
  return `${{ list: 'List', interval: 'Interval', choice: 'Choice' }[type.kind]}<${inner.join(',')}>`;
}

function typeOf(specifier: ElmNode): CqlType | null {
  const { type, name, elementType, pointType, element, choice } = specifier;
  const inner = (node: unknown): CqlType | null => (isNode(node) ? typeOf(node) : null);
  const nodes = (value: unknown): ElmNode[] => (Array.isArray(value) ? value.filter(isNode) : []);
  switch (type) {
    case 'NamedTypeSpecifier':
      return typeof name === 'string' ? { kind: 'named', name: qualified(name) } : null;
    case 'ListTypeSpecifier':
      return { kind: 'list', of: inner(elementType) };
    case 'IntervalTypeSpecifier':
      return { kind: 'interval', of: inner(pointType) };
    case 'TupleTypeSpecifier':
      return {
        kind: 'tuple',
        elements: new Map(nodes(element).map((one) => [String(one.name), inner(one.elementType)])),
      };
    case 'ChoiceTypeSpecifier':
      return { kind: 'choice', types: nodes(choice).map(typeOf) };
    default:
      return null;
  }
}

/** `{urn:hl7-org:elm-types:r1}Integer` as `System.Integer`, types of FHIR as `FHIR.Patient`. */
function qualified(name: string): string {
  const [, model = '', local = name] = /^\{(.*)\}(.*)$/.exec(name) ?? [];
  if (model === 'urn:hl7-org:elm-types:r1') return `System.${local}`;
  return model.startsWith('http://hl7.org/fhir') ? `FHIR.${local}` : local;
}

function isNode(value: unknown): value is ElmNode {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
