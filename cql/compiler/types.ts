import type { ElmNode } from '../elm.ts';
import { children, optionalChild, optionalText } from './elm-parts.ts';

/** What is known of an expression's type when it is compiled. `any` says: nothing. */
export type Type =
  | { readonly kind: 'any' }
  /** `System.Integer`, `FHIR.Period`. */
  | { readonly kind: 'named'; readonly name: string }
  | { readonly kind: 'list'; readonly of: Type }
  | { readonly kind: 'interval'; readonly of: Type }
  | { readonly kind: 'tuple'; readonly elements: ReadonlyMap<string, Type> }
  | { readonly kind: 'choice'; readonly of: readonly Type[] };

export const any: Type = { kind: 'any' };

const namedTypes = new Map<string, Type>();

/** @param name `System.Integer`, `FHIR.Period` */
export function named(name: string): Type {
  const known = namedTypes.get(name);
  if (known !== undefined) return known;
  const made: Type = { kind: 'named', name };
  if (namedTypes.size < 5_000) namedTypes.set(name, made);
  return made;
}

export function listOf(of: Type): Type {
  return { kind: 'list', of };
}

export function elementOf(type: Type): Type {
  return type.kind === 'list' ? type.of : any;
}

/** One of several; the same type twice (QI-Core's profiles of one resource) is that type. */
export function oneOf(types: readonly Type[]): Type {
  const [first] = types;
  if (first === undefined || types.some((type) => type.kind === 'any')) return any;
  const text = JSON.stringify(first);
  return types.every((type) => type === first || JSON.stringify(type) === text) ? first : { kind: 'choice', of: types };
}

/** `{urn:hl7-org:elm-types:r1}Integer` as `System.Integer`; null for the types of an unknown model. */
export function shortName(qualified: string): string | null {
  if (qualified.startsWith('{urn:hl7-org:elm-types:r1}')) return `System.${qualified.slice(26)}`;
  if (qualified.startsWith('{http://hl7.org/fhir}')) return `FHIR.${qualified.slice(21)}`;
  return null;
}

export function typeNamed(qualified: string): Type {
  const name = shortName(qualified);
  return name === null || name === 'System.Any' ? any : named(name);
}

/** A type specifier (ELM, 4.1). */
export function typeOfSpecifier(specifier: ElmNode): Type {
  switch (specifier.type) {
    case 'NamedTypeSpecifier':
      return typeNamed(optionalText(specifier, 'name') ?? '');
    case 'ListTypeSpecifier':
      return listOf(specified(specifier, 'elementType'));
    case 'IntervalTypeSpecifier':
      return { kind: 'interval', of: specified(specifier, 'pointType') };
    case 'ChoiceTypeSpecifier': {
      const choices = children(specifier, 'choice');
      return oneOf((choices.length > 0 ? choices : children(specifier, 'type')).map(typeOfSpecifier));
    }
    case 'TupleTypeSpecifier':
      return {
        kind: 'tuple',
        elements: new Map(
          children(specifier, 'element').map((element) => [
            optionalText(element, 'name') ?? '',
            optionalChild(element, 'elementType') === null
              ? specified(element, 'type')
              : specified(element, 'elementType'),
          ]),
        ),
      };
    default:
      return any;
  }
}

function specified(node: ElmNode, part: string): Type {
  const found = optionalChild(node, part);
  return found === null ? any : typeOfSpecifier(found);
}

/** What a node says of its own type: its result type, by name or by specifier; null when it says nothing. */
export function declaredType(node: ElmNode): Type | null {
  const name = optionalText(node, 'resultTypeName');
  if (name !== null) return typeNamed(name);
  const specifier = optionalChild(node, 'resultTypeSpecifier');
  return specifier === null ? null : typeOfSpecifier(specifier);
}
