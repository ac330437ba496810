import type { ElmNode } from '../../elm.ts';
import type { Code as CqlCode, ValueSet } from '../../runtime/index.ts';
import { type Code, js } from '../code.ts';
import { children, operand, optionalChild, optionalText, text } from '../elm-parts.ts';
import { type DateProperties, withinRange } from '../fhir/date-range.ts';
import { type CompileContext, defineNode } from '../node.ts';
import type { Retrieval } from '../record-index.ts';
import { listOf, typeNamed } from '../types.ts';

/**
 * 11.1. Retrieve. Codes that are known when the library is compiled make the retrieve a question that a record answers
 * once; `codes` may also be a single code, as published content has it.
 */
const Retrieve = defineNode(
  'Retrieve',
  (node, cx) => {
    const codes = optionalChild(node, 'codes');
    const filter = codes === null ? null : staticCodes(codes, cx);
    const retrieval = cx.use(cx.references.retrieval(retrievalOf(node, filter, cx)));
    const coded =
      codes !== null && filter === null ? js`cx.findBy(${retrieval}, ${cx.compile(codes)})` : js`cx.find(${retrieval})`;
    const found = dated(node, coded, cx);
    if (!cx.tracing) return found;
    const named = filter === null || codes === null ? js`null` : cx.compile(codes);
    return js`(${named}, cx.trace.retrieve(${cx.use(cx.place(node))}, ${found}))`;
  },
  { infer: (node) => listOf(typeNamed(text(node, 'dataType'))) },
);

/** What of the found ones is in the retrieve's date range, when it has one. */
function dated(node: ElmNode, found: Code, cx: CompileContext): Code {
  const range = optionalChild(node, 'dateRange');
  if (range === null) return found;
  const property = optionalText(node, 'dateProperty');
  const [low, high] = [optionalText(node, 'dateLowProperty'), optionalText(node, 'dateHighProperty')];
  if (property === null && low === null && high === null)
    throw cx.unsupported(node, 'Retrieve with a date range that names no date property');
  const properties: DateProperties = property === null ? { low, high } : { property };
  return js`${cx.use(withinRange)}(${found}, ${cx.compile(range)}, ${cx.use(properties)}, cx)`;
}

function retrievalOf(node: ElmNode, filter: Retrieval['filter'], cx: CompileContext): Retrieval {
  const resourceType = text(node, 'dataType').replace(/^\{.*\}/, '');
  const property = optionalText(node, 'codeProperty');
  const properties = property === null ? [] : (cx.model.type(resourceType)?.properties(property) ?? []);
  return {
    resourceType,
    profile: optionalText(node, 'templateId'),
    properties: properties.map(({ json }) => json),
    comparator: optionalText(node, 'codeComparator'),
    filter,
  };
}

/** The value set or the codes that a filter names; null when it must be evaluated. */
function staticCodes(node: ElmNode, cx: CompileContext): ValueSet | readonly CqlCode[] | null {
  switch (node.type) {
    case 'ValueSetRef':
      return cx.references.valueSet(node);
    case 'ExpandValueSet':
      return staticCodes(operand(node, 0), cx);
    case 'CodeRef':
      return [cx.references.code(node)];
    case 'ConceptRef':
      return cx.references.concept(node).codes;
    case 'ToList':
    case 'ToConcept':
      return listed(staticCodes(operand(node, 0), cx));
    case 'Property': {
      const source = optionalChild(node, 'source');
      return source?.type === 'ConceptRef' && node['path'] === 'codes' ? cx.references.concept(source).codes : null;
    }
    case 'List': {
      const elements = children(node, 'element').map((element) => listed(staticCodes(element, cx)));
      return elements.every((codes) => codes !== null) ? elements.flat() : null;
    }
    default:
      return null;
  }
}

function listed(codes: ValueSet | readonly CqlCode[] | null): readonly CqlCode[] | null {
  return Array.isArray(codes) ? codes : null;
}

export const external: readonly ReturnType<typeof defineNode>[] = [Retrieve];
