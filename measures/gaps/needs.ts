import {
  dataRequirements,
  type ElmLibrary,
  type ElmNode,
  type LinkedLibrary,
  libraryKey,
  type RetrieveRequirement,
} from '../../cql/index.ts';
import type { Coding } from '../definition.ts';
import type { DataNeed } from './answer.ts';
import { children, type DateConstraint, dateConstraints, descendants, isNode, operands } from './windows.ts';

/** A retrieve that a criterion depends on, and how: worked out once, when a measure is prepared. */
export interface PlannedNeed {
  /** Dates are null: they depend on the period, see `windows`. */
  readonly need: DataNeed;
  /** True when finding such data speaks for the criterion, false when it speaks against it. */
  readonly wanted: boolean;
  /** `library localId` of the retrieve, as the trace has it. */
  readonly retrieve: string;
  /** Definitions that give the bounds of the date. */
  readonly windows: readonly { readonly kind: DateConstraint['kind']; readonly definition: string }[];
  /** Code of the component that the value is taken of; null when it is the resource's own. */
  readonly component: Coding | null;
}

export interface NeedsAnalysis {
  readonly needs: readonly PlannedNeed[];
  /** Bounds of dates, to be evaluated as definitions of the main library under these names. */
  readonly definitions: ReadonlyMap<string, ElmNode>;
}

interface Place {
  readonly library: ElmLibrary;
  readonly wanted: boolean;
  readonly constraints: readonly { readonly constraint: DateConstraint; readonly library: ElmLibrary }[];
  readonly value: Pick<DataNeed, 'valueComparator' | 'value' | 'unit'> | null;
  readonly component: Coding | null;
  readonly trail: readonly string[];
}

const comparators: { readonly [type: string]: 'lt' | 'le' | 'gt' | 'ge' } = {
  Less: 'lt',
  LessOrEqual: 'le',
  Greater: 'gt',
  GreaterOrEqual: 'ge',
};

const negation = /(not-?(done|requested|administered|dispensed)|declined|rejected|cancelled)$/;

/**
 * What a criterion looks for, by following its ELM: sources of queries, with the dates and values that are asked of
 * them, and whether they speak for or against it. It is an explanation, not an evaluation: what it cannot tell, it
 * leaves out, and statuses come from results alone.
 */
export function analyseNeeds(linked: LinkedLibrary, criterion: string): NeedsAnalysis {
  const retrieves = new Map(
    dataRequirements(linked, [criterion]).retrieves.map((retrieve) => [
      `${retrieve.library} ${retrieve.localId}`,
      retrieve,
    ]),
  );
  const needs = new Map<string, PlannedNeed>();
  const definitions = new Map<string, ElmNode>();

  const walk = (node: ElmNode | undefined, place: Place): void => {
    if (node === undefined) return;
    const comparator = comparators[node.type ?? ''];
    const [left, right] = operands(node);
    if (node.type === 'Retrieve') add(node, place);
    else if (node.type === 'Not' || node.type === 'IsNull' || node.type === 'IsFalse')
      walk(left, { ...place, wanted: !place.wanted });
    else if (node.type === 'Except') walk(left, place);
    else if (node.type === 'ExpressionRef') follow(node, place);
    else if (node.type === 'Query') query(node, place);
    else if (comparator !== undefined && right !== undefined)
      walk(left, { ...place, value: amount(right, comparator) ?? place.value });
    else for (const child of children(node)) walk(child, place);
  };

  const follow = (node: ElmNode, place: Place): void => {
    const library = libraryOf(linked, place.library, node);
    const name = String(node['name']);
    const step = `${library?.library.identifier.id}.${name}`;
    const definition = library?.library.statements?.def.find((def) => def.type !== 'FunctionDef' && def.name === name);
    if (library === null || definition === undefined || name === 'Patient' || place.trail.includes(step)) return;
    walk(definition.expression, { ...place, library, trail: [...place.trail, step] });
  };

  const query = (node: ElmNode, place: Place): void => {
    const sources = Array.isArray(node['source']) ? node['source'].filter(isNode) : [];
    const returned = isNode(node['return']) ? [...descendants(node['return'])] : [];
    const code = returned.find(({ type }) => type === 'CodeRef');
    const component = place.component ?? (code === undefined ? null : codeOf(linked, place.library, code));
    for (const source of sources) {
      const found = dateConstraints(node['where'], String(source['alias']));
      const constraints = found.map((constraint) => ({ constraint, library: place.library }));
      const expression = source['expression'];
      if (isNode(expression))
        walk(expression, { ...place, component, constraints: [...place.constraints, ...constraints] });
    }
  };

  const add = (node: ElmNode, place: Place): void => {
    const key = `${libraryKey(place.library.library.identifier)} ${node.localId}`;
    const retrieve = retrieves.get(key);
    if (retrieve === undefined || (place.wanted && negation.test(retrieve.profile?.split('|')[0] ?? ''))) return;
    const windows = place.constraints.flatMap(({ constraint, library }) => {
      if (library !== linked.main) return [];
      const definition = `Bound of ${criterion}: ${JSON.stringify(constraint.bound, withoutPlaces)}`;
      definitions.set(definition, constraint.bound);
      return [{ kind: constraint.kind, definition }];
    });
    const datePath = place.constraints.map(({ constraint }) => constraint.datePath).find((path) => path !== null);
    const planned = {
      need: dataNeed(retrieve, datePath ?? null, place.value),
      wanted: place.wanted,
      retrieve: key,
      windows,
      component: place.component,
    };
    needs.set(`${key} ${place.wanted} ${JSON.stringify(place.value)} ${place.component?.code}`, planned);
  };

  const start = { library: linked.main, wanted: true, constraints: [], value: null, component: null, trail: [] };
  follow({ type: 'ExpressionRef', name: criterion }, start);
  return { needs: [...needs.values()], definitions };
}

function withoutPlaces(key: string, value: unknown): unknown {
  return /^(annotation|locator|localId|signature|resultType.*)$/.test(key) ? undefined : value;
}

function dataNeed(retrieve: RetrieveRequirement, datePath: string | null, value: Place['value']): DataNeed {
  const [first] = retrieve.codes;
  return {
    resourceType: retrieve.resourceType,
    profile: retrieve.profile,
    codePath: retrieve.codeProperty,
    valueSet: retrieve.valueSet?.url ?? null,
    title: retrieve.valueSet?.name ?? first?.display ?? profileTitle(retrieve.profile) ?? null,
    codes: retrieve.codes.map(({ system, code, display }) => ({
      system,
      code,
      ...(display === null ? {} : { display }),
    })),
    datePath,
    dateFrom: null,
    dateTo: null,
    valuePath: value === null ? null : 'value',
    valueComparator: value?.valueComparator ?? null,
    value: value?.value ?? null,
    unit: value?.unit ?? null,
  };
}

/** `us-core-blood-pressure` reads as "blood pressure"; profiles of a whole type say nothing. */
function profileTitle(profile: string | null): string | null {
  const name = profile?.split('|')[0]?.split('/').at(-1) ?? '';
  const words = name.replace(/^(us-core|qicore|us-quality-core)-/, '').replaceAll('-', ' ');
  return words === '' || /^[A-Z]/.test(words) ? null : words;
}

function amount(node: ElmNode, valueComparator: 'lt' | 'le' | 'gt' | 'ge'): Place['value'] {
  for (const part of descendants(node)) {
    const value = Number(part['value']);
    if ((part.type === 'Quantity' || part.type === 'Literal') && Number.isFinite(value))
      return { valueComparator, value, unit: typeof part['unit'] === 'string' ? part['unit'] : null };
  }
  return null;
}

function libraryOf(linked: LinkedLibrary, library: ElmLibrary, node: ElmNode): ElmLibrary | null {
  const alias = node['libraryName'];
  if (typeof alias !== 'string') return library;
  const include = library.library.includes?.def.find(({ localIdentifier }) => localIdentifier === alias);
  const found = linked.includes.find(
    ({ library: { identifier } }) => identifier.id === include?.path && identifier.version === include.version,
  );
  return found ?? null;
}

function codeOf(linked: LinkedLibrary, library: ElmLibrary, node: ElmNode): Coding | null {
  const target = libraryOf(linked, library, node)?.library;
  const definition = target?.codes?.def.find(({ name }) => name === node['name']);
  if (definition === undefined) return null;
  return { code: definition.id, display: definition.display ?? String(node['name']) };
}
