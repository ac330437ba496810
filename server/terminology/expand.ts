import type { ExpandedValueSet, ValueSetCode } from '../../cql/index.ts';
import { formatCanonical, parseCanonical } from './canonical.ts';
import { selectCodes } from './code-system.ts';
import type { ConceptSet, ExpansionNode, TerminologyFinder, ValueSetDefinition } from './definitions.ts';
import { CyclicValueSet, UnexpandableValueSet } from './errors.ts';

/** Members by `system|code`, and why some could not be told. */
interface Members {
  readonly codes: Map<string, ValueSetCode>;
  readonly problems: readonly string[];
}

/**
 * All members of a value set (FHIR R4, 4.9.5). An expansion is trusted only when nothing of it is cut off: its `total`
 * is there, it is not a page, not a text search and not marked as unclosed. Otherwise the members come from `compose`:
 * enumerated concepts, other value sets (intersected within an include), filters and whole code systems where a complete
 * CodeSystem is at hand; includes are united and excludes taken away.
 *
 * Codes come without display and version, because membership depends on neither.
 *
 * @throws UnexpandableValueSet when some members cannot be told; it carries those that can
 * @throws CyclicValueSet when the value set includes itself
 */
export function expandValueSet(valueSet: ValueSetDefinition, find: TerminologyFinder): ExpandedValueSet {
  const { codes, problems } = membersOf(valueSet, find, []);
  const expanded = { url: valueSet.url, version: valueSet.version ?? null, codes: [...codes.values()] };
  if (problems.length > 0) throw new UnexpandableValueSet(expanded, [...new Set(problems)]);
  return expanded;
}

/** Does the expansion hold every member? False when there is none. */
export function isExpansionComplete({ expansion }: ValueSetDefinition): boolean {
  if (expansion === undefined) return false;
  const present = countNodes(expansion.contains ?? []);
  if ((expansion.offset ?? 0) > 0) return false;
  if (expansion.extension?.some(({ url, valueBoolean }) => /valueset-(unclosed|toocostly)$/.test(url) && valueBoolean))
    return false;
  if (expansion.parameter?.some(({ name }) => name === 'filter')) return false;
  if (expansion.total !== undefined) return present >= expansion.total;
  const page = expansion.parameter?.find(({ name }) => name === 'count')?.valueInteger;
  return page === undefined || present < page;
}

/** Canonicals of the value sets and code systems that expanding may ask for, one level deep. */
export function referencesOf(valueSet: ValueSetDefinition): { valueSets: string[]; codeSystems: string[] } {
  if (isExpansionComplete(valueSet)) return { valueSets: [], codeSystems: [] };
  const sets = [...(valueSet.compose?.include ?? []), ...(valueSet.compose?.exclude ?? [])];
  return {
    valueSets: sets.flatMap((set) => set.valueSet ?? []),
    codeSystems: sets.flatMap((set) => (set.system !== undefined && set.concept === undefined ? [set.system] : [])),
  };
}

function membersOf(valueSet: ValueSetDefinition, find: TerminologyFinder, path: readonly string[]): Members {
  const name = formatCanonical({ url: valueSet.url, version: valueSet.version ?? null });
  if (path.includes(name)) throw new CyclicValueSet([...path.slice(path.indexOf(name)), name]);
  const codes = new Map<string, ValueSetCode>();
  collect(valueSet.expansion?.contains ?? [], codes);
  if (isExpansionComplete(valueSet)) return { codes, problems: [] };
  const includes = valueSet.compose?.include ?? [];
  if (includes.length === 0) {
    const { total } = valueSet.expansion ?? {};
    const problem =
      valueSet.expansion === undefined
        ? 'it has neither an expansion nor a compose'
        : `its expansion holds ${codes.size}${total === undefined ? '' : ` of ${total}`} codes, and it has no compose`;
    return { codes, problems: [problem] };
  }
  const inner = [...path, name];
  const included = includes.map((set) => conceptSet(set, find, inner));
  const excluded = (valueSet.compose?.exclude ?? []).map((set) => conceptSet(set, find, inner));
  const problems = [...included, ...excluded].flatMap((members) => members.problems);
  // When it is unknown what is excluded, only what the publisher's own expansion lists is certain.
  if (excluded.some((members) => members.problems.length > 0)) return { codes, problems };
  const composed = new Map(included.flatMap((members) => [...members.codes]));
  for (const members of excluded) for (const key of members.codes.keys()) composed.delete(key);
  // The part of a cut expansion adds nothing to a compose that could be followed, and must not contradict it.
  return { codes: problems.length === 0 ? composed : new Map([...codes, ...composed]), problems };
}

function collect(contains: readonly ExpansionNode[], into: Map<string, ValueSetCode>): void {
  for (const { system, code, abstract, contains: nested } of contains) {
    if (system !== undefined && code !== undefined && abstract !== true)
      into.set(`${system}|${code}`, { system, code });
    if (nested !== undefined) collect(nested, into);
  }
}

function countNodes(contains: readonly ExpansionNode[]): number {
  return contains.reduce((sum, node) => sum + 1 + countNodes(node.contains ?? []), 0);
}

/** An include or exclude: what its system part selects, intersected with every value set that it names. */
function conceptSet(set: ConceptSet, find: TerminologyFinder, path: readonly string[]): Members {
  const parts: Members[] = [];
  if (set.system !== undefined) parts.push(fromSystem(set, set.system, find));
  for (const canonical of set.valueSet ?? []) parts.push(fromValueSet(canonical, find, path));
  const [first, ...others] = parts;
  if (first === undefined) return { codes: new Map(), problems: ['an include names neither a system nor a value set'] };
  const codes = new Map([...first.codes].filter(([key]) => others.every((other) => other.codes.has(key))));
  return { codes, problems: parts.flatMap((part) => part.problems) };
}

function fromValueSet(canonical: string, find: TerminologyFinder, path: readonly string[]): Members {
  const { url, version } = parseCanonical(canonical);
  const valueSet = find.valueSet(url, version);
  if (valueSet === null) return { codes: new Map(), problems: [`it includes ${canonical}, which is not there`] };
  return membersOf(valueSet, find, path);
}

function fromSystem(set: ConceptSet, system: string, find: TerminologyFinder): Members {
  const enumerated = set.concept?.map(({ code }) => code) ?? enumeratedByFilter(set);
  if (enumerated !== null) return { codes: coded(system, enumerated), problems: [] };
  const codeSystem = find.codeSystem(system, set.version ?? null);
  const what = set.filter === undefined ? 'all codes' : 'codes by filter';
  if (codeSystem === null) {
    const name = formatCanonical({ url: system, version: set.version ?? null });
    return { codes: new Map(), problems: [`it takes ${what} of ${name}, and that CodeSystem is not there`] };
  }
  if (codeSystem.content !== 'complete') {
    const problem = `it takes ${what} of ${system}, and the CodeSystem there is not complete`;
    return { codes: new Map(), problems: [problem] };
  }
  const selected = selectCodes(codeSystem, set.filter ?? []);
  if (typeof selected === 'string') return { codes: new Map(), problems: [`in ${system}, ${selected}`] };
  return { codes: coded(system, selected), problems: [] };
}

/** VSAC writes a single code as the filter `concept = code`, which needs no code system to be understood. */
function enumeratedByFilter({ filter }: ConceptSet): readonly string[] | null {
  const [only, ...more] = filter ?? [];
  if (only === undefined || more.length > 0 || !/^(concept|code)$/.test(only.property)) return null;
  if (only.op === '=') return [only.value];
  return only.op === 'in' ? only.value.split(',') : null;
}

function coded(system: string, codes: readonly string[]): Map<string, ValueSetCode> {
  return new Map(codes.map((code) => [`${system}|${code}`, { system, code }]));
}
