import { elementsOf } from '../../search/elements.ts';
import { once, perKey } from '../../search/once.ts';
import { structureDefinitions } from '../../search/structure-definitions.ts';

export const fhirNamespace = 'http://hl7.org/fhir';
export const xhtmlNamespace = 'http://www.w3.org/1999/xhtml';

/** How a property is written in XML (R4 xml.html). */
export type FieldKind =
  /** `<status value="final"/>`. */
  | 'primitive'
  /** `<name>…</name>`. */
  | 'complex'
  /** A resource within an element: `<contained><Patient>…</Patient></contained>`. */
  | 'resource'
  /** The `div` of a Narrative. */
  | 'narrative'
  /** `id` of an element, `url` of an Extension. */
  | 'attribute';

/** A JSON property of a type; in XML the element has the same name. */
export interface Field {
  readonly name: string;
  /** A data type, or the path of a backbone element. */
  readonly type: string;
  readonly kind: FieldKind;
  readonly repeats: boolean;
}

/** The properties of a type in the order in which XML has them. */
export type Layout = ReadonlyMap<string, Field>;

/** Of a resource type, a data type, or a backbone element by its path; of a primitive, what may stand beside its value. */
export const layoutOf: (type: string) => Layout = perKey((type) => {
  const isResource = kinds().get(type) === 'resource';
  const layout = new Map<string, Field>();
  const owner = kinds().get(type) === 'primitive-type' ? 'Element' : type;
  for (const [stem, { forms, repeats }] of elementsOf(owner)) {
    const isAttribute = !isResource && (stem === 'id' || (owner === 'Extension' && stem === 'url'));
    for (const { property, type: of } of forms)
      layout.set(property, { name: property, type: of, kind: isAttribute ? 'attribute' : kindOf(of), repeats });
  }
  return layout;
});

function kindOf(type: string): FieldKind {
  if (type === 'xhtml') return 'narrative';
  if (type === 'Resource') return 'resource';
  return kinds().get(type) === 'primitive-type' ? 'primitive' : 'complex';
}

const kinds = once(
  (): ReadonlyMap<string, string> => new Map(structureDefinitions().map(({ name = '', kind = '' }) => [name, kind])),
);
