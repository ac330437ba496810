import { createHash } from 'node:crypto';
import {
  dataRequirements,
  type ElmNode,
  type LinkedLibrary,
  libraryKey,
  type RetrieveRequirement,
} from '../../cql/index.ts';
import type { Coding } from '../definition.ts';
import type { DataNeed } from './answer.ts';
import type { Clause, Criterion, PlannedNeed, ValueBound } from './criterion.ts';
import { codeNamed } from './element-codes.ts';
import {
  aliasOf,
  bodyOf,
  children,
  innerScope,
  nodes,
  operands,
  type Placed,
  resolved,
  topOf,
  within,
} from './elm-scope.ts';
import { merged, noConditions, opposite, type RowConditions, rowConditions, valueBounds } from './row-conditions.ts';
import { titleOf } from './sentences.ts';

export interface NeedsAnalysis {
  readonly criterion: Criterion;
  /** Bounds of dates, to be evaluated as definitions of the main library under these names. */
  readonly definitions: ReadonlyMap<string, ElmNode>;
}

/** What is asked of the data that a part of a criterion gives, by what stands around it. */
interface Asked {
  readonly wanted: boolean;
  readonly conditions: RowConditions;
  readonly values: readonly ValueBound[];
  readonly newest: boolean;
  readonly optional: boolean;
  readonly count: number;
  readonly component: Coding | null;
  /** Element of the rows that is read around here. */
  readonly selected: string | null;
  /** Does the trace's truth value of a clause here tell about the whole criterion? Null inside of rows and functions. */
  readonly clauses: 'exact' | 'necessary' | null;
}

const negation = /(not-?(done|requested|administered|dispensed)|declined|rejected|cancelled)$/;
/** What goes on for a time, of which charts often know the beginning only. */
const lasting = new Set([
  'Condition',
  'MedicationRequest',
  'MedicationStatement',
  'AllergyIntolerance',
  'Coverage',
  'DeviceRequest',
]);
const ordering = new Set(['First', 'Last', 'Min', 'Max']);
const alternatives = new Set(['Or', 'Union', 'Coalesce', 'List', 'AnyTrue']);
/** Operators of which the truth of a part tells about the whole, and the other way round. */
const transparent = new Set(['And', 'Or', 'Exists', 'Union', 'First', 'Last', 'SingletonFrom']);

/**
 * What would meet a criterion (or with `wanted` false: what would keep from meeting it), by following its ELM: data with
 * the dates, values and codes that are asked of it, joined by "all" and "any". It is an explanation, not an evaluation:
 * what it cannot tell, it marks so, and statuses come from results alone.
 */
export function analyseNeeds(linked: LinkedLibrary, name: string, wanted: boolean): NeedsAnalysis {
  const required = new Map<string, RetrieveRequirement>(
    dataRequirements(linked, [name]).retrieves.map((retrieve) => [`${retrieve.library} ${retrieve.localId}`, retrieve]),
  );
  const definitions = new Map<string, ElmNode>();

  const walk = (given: Placed, asked: Asked): Criterion => {
    const placed = resolved(given);
    const { node, scope } = placed;
    const { type = '' } = node;
    const [first, second] = operands(node);
    const at = (child: ElmNode, more: Partial<Asked> = {}): Criterion =>
      walk({ node: child, scope }, { ...asked, ...more });
    const inside = { ...asked, clauses: null };
    if (type === 'Retrieve') return leaf(placed, asked);
    if (type === 'And' || type === 'Or') return join(placed, asked);
    if (type === 'Not' || type === 'IsNull' || type === 'IsFalse')
      return first === undefined ? other(placed, asked) : around(placed, asked, at(first, { wanted: !asked.wanted }));
    if (type === 'ExpressionRef') {
      const body = node['name'] === 'Patient' ? null : bodyOf(linked, scope, node);
      return body === null ? other(placed, asked) : around(placed, asked, walk(body, asked));
    }
    if (type === 'FunctionRef') {
      const body = bodyOf(linked, scope, node);
      const found = body === null ? null : walk(body, inside);
      return found !== null && hasData(found) ? found : join(placed, inside);
    }
    if (type === 'AliasRef' || typeof node['scope'] === 'string') return other(placed, inside);
    if (type === 'Query') return query(placed, asked);
    if (type === 'Except') return first === undefined ? other(placed, asked) : at(first, { clauses: weaker(asked) });
    if (type === 'If' || type === 'Case') return branches(placed, asked);
    if (ordering.has(type)) return join(placed, { ...asked, newest: true });
    if (type === 'Property') {
      const path = typeof node['path'] === 'string' && node['path'] !== 'value' ? node['path'] : asked.selected;
      return join(placed, { ...asked, selected: path, clauses: null });
    }
    if (first !== undefined && second !== undefined) {
      const sides = [first, second].map((side) => ({ node: side, scope }));
      const [left, right] = [sides[0] ?? placed, sides[1] ?? placed];
      const bounds = valueBounds(node, resolved(left), resolved(right));
      if (bounds.length > 0) return around(placed, asked, compared(placed, bounds, asked));
    }
    return join(placed, asked);
  };

  /** A comparison with constants: of a count, or of a value that some row has. */
  const compared = ({ node, scope }: Placed, bounds: readonly ValueBound[], asked: Asked): Criterion => {
    const below: Asked = { ...asked, clauses: null };
    const parts = operands(node);
    const counted = parts.find(({ type }) => type === 'Count');
    const [bound] = bounds;
    if (counted !== undefined && bound !== undefined) {
      const least = bound.comparator === 'gt' ? bound.value + 1 : bound.value;
      const speaksFor =
        bound.comparator === 'gt' || bound.comparator === 'ge' || (bound.comparator === 'eq' && bound.value > 0);
      return walk(
        { node: counted, scope },
        { ...below, wanted: asked.wanted === speaksFor, count: Math.max(1, least) },
      );
    }
    const values = asked.wanted ? bounds : bounds.length === 1 ? bounds.map(against) : [];
    const found = parts.map((part) =>
      walk(
        { node: part, scope },
        { ...below, wanted: true, optional: !asked.wanted, values: [...asked.values, ...values] },
      ),
    );
    return simplified('all', found, null);
  };

  const branches = (placed: Placed, asked: Asked): Criterion => {
    const { node, scope } = placed;
    const items = node.type === 'If' ? [node] : nodes(node['caseItem']);
    const parts = items.flatMap((item) => {
      const [condition] = [...nodes(item['condition']), ...nodes(item['when'])];
      const [then] = nodes(item['then']);
      if (then === undefined || isEmpty(then)) return [];
      const result = walk({ node: then, scope }, { ...asked, clauses: null });
      if (condition === undefined) return [result];
      const when = walk({ node: condition, scope }, { ...asked, wanted: true, values: [], clauses: weaker(asked) });
      return [simplified('all', then['value'] === 'true' || then['value'] === true ? [when] : [when, result], null)];
    });
    const otherwise = nodes(node['else']).filter((part) => !isEmpty(part));
    const last = otherwise.map((part) => walk({ node: part, scope }, { ...asked, clauses: null }));
    return simplified(asked.wanted ? 'any' : 'all', [...parts, ...last], clauseOf(placed, asked));
  };

  const query = (placed: Placed, asked: Asked): Criterion => {
    const { node } = placed;
    const inner = innerScope(placed);
    const parts: Criterion[] = [];
    const conditions = [
      ...nodes(node['where']),
      ...nodes(node['relationship']).flatMap(({ type, suchThat }) => (type === 'With' ? nodes(suchThat) : [])),
    ];
    const sourceOf = (alias: unknown): Placed | undefined => inner.aliases.get(String(alias));
    const selection = returned(placed, asked);
    const looked = (own: Placed, where: readonly ElmNode[]): RowConditions =>
      where
        .map((condition) => rowConditions(linked, { node: condition, scope: inner }, own))
        .reduce(merged, noConditions);
    const sources = nodes(node['source']);
    const nameOf = (source: ElmNode | undefined): unknown => nodes(source?.['expression'])[0]?.['name'];
    for (const [index, source] of sources.entries()) {
      const { alias } = source;
      const own = sourceOf(alias);
      // The same definition several times over asks for as many of its rows.
      const alike = sources.filter((each) => nameOf(each) !== undefined && nameOf(each) === nameOf(source));
      if (own === undefined || (alike.length > 1 && alike[0] !== source)) continue;
      const found = looked(own, conditions);
      if (index === 0)
        for (const { placed: condition } of found.others)
          parts.push(walk(condition, { ...start, wanted: asked.wanted, clauses: null }));
      const bound = conditions.length > 0 || asked.values.length > 0;
      parts.push(
        walk(own, {
          ...asked,
          ...(index === 0 ? selection : {}),
          count: Math.max(asked.count, alike.length),
          conditions: merged(index === 0 ? asked.conditions : noConditions, found),
          clauses: bound ? weaker(asked) : asked.clauses,
        }),
      );
    }
    for (const { type, alias, suchThat } of nodes(node['relationship'])) {
      const own = sourceOf(alias);
      if (own === undefined) continue;
      const found = looked(own, nodes(suchThat));
      parts.push(walk(own, { ...start, wanted: (type === 'With') === asked.wanted, conditions: found, clauses: null }));
    }
    return simplified(asked.wanted ? 'all' : 'any', parts, clauseOf(placed, asked));
  };

  /** Which element of the rows a query gives, and of which component it reads the value. */
  const returned = (placed: Placed, asked: Asked): Pick<Asked, 'selected' | 'component'> => {
    const scope = innerScope(placed);
    const [clause] = nodes(placed.node['return']);
    let [expression] = nodes(clause?.['expression']);
    if (expression?.type === 'Tuple')
      expression = nodes(expression['element']).flatMap(({ name: element, value }) =>
        element === asked.selected ? nodes(value) : [],
      )[0];
    if (expression === undefined) return { selected: asked.selected, component: asked.component };
    const parts = [...within({ node: expression, scope })];
    const code = parts.find(({ node }) => node.type === 'CodeRef');
    const path = parts
      .map((part) => (aliasOf(part) === null ? null : part.node['path']))
      .find((read) => typeof read === 'string');
    return {
      selected: typeof path === 'string' ? path : asked.selected,
      component: asked.component ?? (code === undefined ? null : codeNamed(linked, code)),
    };
  };

  /** The parts of a node together; not wanting what any of them gives is not wanting all of them (De Morgan). */
  const join = (placed: Placed, asked: Asked): Criterion => {
    const { node, scope } = placed;
    const kind = alternatives.has(node.type ?? '') === asked.wanted ? 'any' : 'all';
    const below = transparent.has(node.type ?? '') ? asked : { ...asked, clauses: weaker(asked) };
    const parts = children(node).map((child) => walk({ node: child, scope }, below));
    return simplified(kind, parts, clauseOf(placed, asked));
  };

  const leaf = ({ node, scope }: Placed, asked: Asked): Criterion => {
    const key = `${libraryKey(scope.library.library.identifier)} ${node.localId}`;
    const retrieve = required.get(key);
    const clause = clauseOf({ node, scope }, asked);
    if (retrieve === undefined) return { kind: 'other', clause };
    const { conditions } = asked;
    const windows = conditions.windows.map(({ kind, proper, bound }) => {
      const definition = `Bound of ${name}: ${digestOf(bound)}`;
      definitions.set(definition, bound);
      return { kind: kind === 'until' && !lasting.has(retrieve.resourceType) ? 'interval' : kind, proper, definition };
    });
    const values = tightest([...conditions.values, ...asked.values]);
    const datePath = conditions.windows.map((window) => window.datePath).find((path) => path !== null) ?? null;
    const need: PlannedNeed = {
      need: dataNeed(retrieve, datePath, values, asked),
      wanted: asked.wanted,
      retrieve: key,
      windows,
      component: asked.component,
      values,
      newest: asked.newest && asked.values.length > 0,
      optional: asked.optional,
      hasValue: conditions.hasValue,
      elements: conditions.elements,
      count: asked.count,
      unclear: conditions.unclear,
      generic: retrieve.valueSet === null && retrieve.codes.length === 0 && profileTitle(retrieve) === null,
      negation: negation.test(retrieve.profile?.split('|')[0] ?? ''),
    };
    return { kind: 'data', need, clause };
  };

  const root: ElmNode = { type: 'ExpressionRef', name };
  return { criterion: walk({ node: root, scope: topOf(linked.main) }, { ...start, wanted }), definitions };
}

const start: Asked = {
  wanted: true,
  conditions: noConditions,
  values: [],
  newest: false,
  optional: false,
  count: 1,
  component: null,
  selected: null,
  clauses: 'exact',
};

function weaker({ clauses }: Asked): Asked['clauses'] {
  return clauses === null ? null : 'necessary';
}

function clauseOf({ node, scope }: Placed, { clauses, wanted, conditions, values }: Asked): Clause | null {
  if (clauses === null || node.localId === undefined) return null;
  const exact = clauses === 'exact' && values.length === 0 && conditions === noConditions;
  return { key: `${libraryKey(scope.library.library.identifier)} ${node.localId}`, wanted, exact };
}

function other(placed: Placed, asked: Asked): Criterion {
  return { kind: 'other', clause: clauseOf(placed, asked) };
}

/** The same criterion with the clause of what stands around it, which tells as much or more. */
function around(placed: Placed, asked: Asked, criterion: Criterion): Criterion {
  const clause = clauseOf(placed, asked);
  if (clause === null) return criterion;
  return criterion.kind === 'all' || criterion.kind === 'any'
    ? { kind: 'all', of: [criterion], clause }
    : { ...criterion, clause: criterion.clause ?? clause };
}

/** Parts that hold no data are kept only where the trace tells whether they hold: they decide which way is open. */
function simplified(kind: 'all' | 'any', parts: readonly Criterion[], clause: Clause | null): Criterion {
  const telling = parts.filter((part) => hasData(part) || part.clause !== null);
  if (!telling.some(hasData)) return { kind: 'other', clause };
  const [only] = telling;
  if (telling.length === 1 && only !== undefined && clause === null) return only;
  return { kind, of: telling, clause };
}

function hasData(criterion: Criterion): boolean {
  return criterion.kind === 'data' || (criterion.kind !== 'other' && criterion.of.some(hasData));
}

function isEmpty(node: ElmNode): boolean {
  if (node.type === 'As') return operands(node).every(isEmpty);
  return node.type === 'Null' || (node.type === 'Literal' && String(node['value']) === 'false');
}

/** Of several bounds in one direction the narrowest; the lower one first. */
function tightest(values: readonly ValueBound[]): ValueBound[] {
  const low = values
    .filter(({ comparator }) => comparator === 'gt' || comparator === 'ge')
    .toSorted((a, b) => b.value - a.value);
  const high = values
    .filter(({ comparator }) => comparator === 'lt' || comparator === 'le')
    .toSorted((a, b) => a.value - b.value);
  const exact = values.filter(({ comparator }) => comparator === 'eq');
  return [...low.slice(0, 1), ...high.slice(0, 1), ...exact.slice(0, 1)];
}

function against({ comparator, value, unit }: ValueBound): ValueBound {
  return { comparator: opposite[comparator], value, unit };
}

function dataNeed(
  retrieve: RetrieveRequirement,
  datePath: string | null,
  values: readonly ValueBound[],
  { component, count, conditions: { elements } }: Asked,
): DataNeed {
  const [first] = retrieve.codes;
  const [value] = values;
  const title = retrieve.valueSet?.name ?? first?.display ?? profileTitle(retrieve);
  return {
    resourceType: retrieve.resourceType,
    profile: retrieve.profile,
    codePath: retrieve.codeProperty,
    valueSet: retrieve.valueSet?.url ?? null,
    title: title === null ? null : titleOf(title),
    codes: retrieve.codes.map(({ system, code, display }) => ({
      system,
      code,
      ...(display === null ? {} : { display }),
    })),
    datePath,
    dateFrom: null,
    dateTo: null,
    valuePath: value === undefined && !elements.some(({ path }) => path === 'value') ? null : 'value',
    valueComparator: value?.comparator ?? null,
    value: value?.value ?? null,
    unit: value?.unit ?? null,
    ...(elements.length > 0 && { elements }),
    ...(values.length > 1 && { values }),
    ...(component !== null && { component }),
    ...(count > 1 && { count }),
  };
}

const profileWords: { readonly [words: string]: string } = { bmi: 'BMI', smokingstatus: 'smoking status' };

/** `us-core-blood-pressure` reads as "blood pressure"; profiles of a whole type say nothing. */
function profileTitle({ profile, resourceType }: RetrieveRequirement): string | null {
  const name = profile?.split('|')[0]?.split('/').at(-1) ?? '';
  const words = name.replace(/^(us-core|qicore|us-quality-core)-/, '').replaceAll('-', ' ');
  if (words === '' || /^[A-Z]/.test(words) || words === resourceType.toLowerCase()) return null;
  return profileWords[words] ?? words;
}

/** The same ELM has the same name: bounds that repeat are evaluated once, and names stay short. */
function digestOf(node: ElmNode): string {
  return createHash('sha256').update(JSON.stringify(node)).digest('base64url').slice(0, 22);
}
