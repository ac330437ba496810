import type { ElmNode } from '../../cql/index.ts';

/** The types of generated expressions, as CQL writes them. */
export const scalarTypes = [
  'Boolean',
  'Integer',
  'Decimal',
  'String',
  'Date',
  'DateTime',
  'Time',
  'Quantity',
  'Code',
] as const;
export type Scalar = (typeof scalarTypes)[number];
export type Point = 'Integer' | 'Decimal' | 'Date' | 'DateTime' | 'Quantity';
export type Type = Scalar | `Interval<${Point}>` | `List<${Scalar}>` | `List<Interval<${Point}>>`;

export const points: readonly Point[] = ['Integer', 'Decimal', 'Date', 'DateTime', 'Quantity'];
export const system = (name: string): string => `{urn:hl7-org:elm-types:r1}${name}`;
export const fhir = (name: string): string => `{http://hl7.org/fhir}${name}`;

export function isScalar(type: Type): type is Scalar {
  return scalarTypes.some((scalar) => scalar === type);
}

export function pointOf(type: Type): Point | null {
  const name = /^Interval<(\w+)>$/.exec(type)?.[1];
  return points.find((point) => point === name) ?? null;
}

export function node(type: string, properties: { readonly [name: string]: unknown } = {}): ElmNode {
  return { type, ...properties };
}

export function specifier(type: Type): ElmNode {
  const [, generic, inner] = /^(Interval|List)<(.*)>$/.exec(type) ?? [];
  if (generic === undefined) return node('NamedTypeSpecifier', { name: system(type) });
  const of = specifier(inner as Type);
  return generic === 'List'
    ? node('ListTypeSpecifier', { elementType: of })
    : node('IntervalTypeSpecifier', { pointType: of });
}

/** The node with the result type that translators may or may not write. */
export function typed(type: Type, elm: ElmNode): ElmNode {
  const of = specifier(type);
  return of.type === 'NamedTypeSpecifier' ? { ...elm, resultTypeName: of.name } : { ...elm, resultTypeSpecifier: of };
}

export function nullOf(type: Type): ElmNode {
  const of = specifier(type);
  const target = of.type === 'NamedTypeSpecifier' ? { asType: of.name } : { asTypeSpecifier: of };
  return node('As', { ...target, strict: false, operand: node('Null') });
}
