import type { ElmNode } from '../../elm.ts';
import { type Code, js } from '../code.ts';
import { child, optionalText, text } from '../elm-parts.ts';
import type { FhirProperty } from '../fhir/model.ts';
import { elementOfType } from '../fhir/read.ts';
import { elementType, fhirTypeOf } from '../infer.ts';
import { type CompileContext, defineNode, type Raw } from '../node.ts';
import { any, named, type Type } from '../types.ts';

/** What an element is read of. `a.b` reads `b` of `a`. */
function sourceOf(node: ElmNode, cx: CompileContext): { readonly source: ElmNode; readonly path: string } {
  const scope = optionalText(node, 'scope');
  const source = scope === null ? child(node, 'source') : { type: 'AliasRef', name: scope };
  const path = text(node, 'path');
  const point = path.lastIndexOf('.');
  if (point === -1 || !/^\w+(\.\w+)+$/.test(path) || cx.typeOf(source).kind === 'tuple') return { source, path };
  return { source: { type: 'Property', path: path.slice(0, point), source }, path: path.slice(point + 1) };
}

/** The JSON property of an element that can be nowhere else; null for choices. */
function onlyProperty(owner: Raw, path: string): FhirProperty | null {
  const [only, ...others] = owner.type.properties(path);
  return only === undefined || others.length > 0 ? null : only;
}

function isOwner(raw: Raw | null): raw is Raw {
  return raw !== null && !raw.list && raw.type.primitive === null;
}

export function rawProperty(node: ElmNode, cx: CompileContext): Raw | null {
  const { source, path } = sourceOf(node, cx);
  const owner = cx.raw(source);
  if (!isOwner(owner)) return null;
  const property = onlyProperty(owner, path);
  if (property === null || property.type === null) return null;
  const type = fhirTypeOf(named(`FHIR.${property.type.name}`), cx.model);
  if (type === null || type.resource) return null;
  return { code: js`${owner.code}?.[${property.json}]`, type, list: property.list };
}

/** The JSON of the one property of a choice that has the type; null when that is not clear. */
export function rawChoice(node: ElmNode, type: string, cx: CompileContext): Code | null {
  if (node.type !== 'Property') return null;
  const { source, path } = sourceOf(node, cx);
  const owner = cx.raw(source);
  if (!isOwner(owner)) return null;
  const ofType = owner.type.properties(path).filter((property) => property.type?.name === type);
  const [only] = ofType;
  return only === undefined || ofType.length > 1 || only.list ? null : js`${owner.code}?.[${only.json}]`;
}

/** A primitive's JSON as the System value that it stands for. */
export function systemValueOf(json: Code, system: string): Code {
  if (system === 'String' || system === 'Boolean' || system === 'Integer') return js`(${json} ?? null)`;
  if (system === 'DateTime') return js`cx.dateTime(${json})`;
  return system === 'Date' ? js`cx.date(${json})` : js`cx.system(${json}, ${system})`;
}

function emit(node: ElmNode, cx: CompileContext): Code {
  const { source, path } = sourceOf(node, cx);
  const owner = cx.raw(source);
  if (owner === null || owner.list) return js`cx.property(${cx.compile(source)}, ${path})`;
  if (owner.type.primitive !== null)
    return path === 'value'
      ? systemValueOf(owner.code, owner.type.primitive)
      : js`cx.property(${cx.compile(source)}, ${path})`;
  const property = onlyProperty(owner, path);
  if (property === null) return js`cx.choice(${owner.code}, ${cx.use(owner.type)}, ${path})`;
  if (property.system !== null) return systemValueOf(js`${owner.code}?.[${property.json}]`, property.system);
  if (!property.list && property.type?.primitive === null && property.type.leaf && !property.type.resource)
    return js`${cx.use(elementOfType)}(${property.type.name}, ${owner.code}?.[${property.json}])`;
  return js`cx.element(${owner.code}, ${cx.use(property)})`;
}

function infer(node: ElmNode, cx: CompileContext): Type {
  const { source, path } = sourceOf(node, cx);
  const owner = cx.typeOf(source);
  if (owner.kind === 'tuple') return owner.elements.get(path) ?? any;
  if (owner.kind === 'interval') return path === 'low' || path === 'high' ? owner.of : named('System.Boolean');
  if (owner.kind !== 'named') return any;
  if (owner.name.startsWith('FHIR.')) {
    const fhir = cx.model.type(owner.name.slice(5));
    return fhir === null ? any : elementType(fhir, path);
  }
  return systemElements.get(`${owner.name.slice(7)}.${path}`) ?? any;
}

const string = named('System.String');
const elements: { readonly [path: string]: Type } = {
  'Quantity.value': named('System.Decimal'),
  'Quantity.unit': string,
  'Code.code': string,
  'Code.system': string,
  'Code.display': string,
  'Code.version': string,
  'Concept.codes': { kind: 'list', of: named('System.Code') },
  'Concept.display': string,
  'Ratio.numerator': named('System.Quantity'),
  'Ratio.denominator': named('System.Quantity'),
};
const systemElements: ReadonlyMap<string, Type> = new Map(Object.entries(elements));

/** 2.3. Property. */
const Property = defineNode('Property', emit, { raw: rawProperty, infer });

export const properties = [Property];
