import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import fhirpath from 'fhirpath';
import r4Model from 'fhirpath/fhir-context/r4';
import { readFhirXml } from './fhir-xml.ts';
import { readReference, referenceData } from './reference-data.ts';

/** An element of a differential. */
interface ProfileElement {
  readonly id: string;
  readonly path: string;
  readonly sliceName?: string;
  readonly min?: number | string;
  readonly max?: string;
  readonly type?: readonly { code: string; profile?: readonly string[]; targetProfile?: readonly string[] }[];
  readonly constraint?: readonly { key: string; severity: string; expression?: string; human: string }[];
  readonly [property: string]: unknown;
}

interface Profile {
  readonly url: string;
  readonly type: string;
  readonly differential: { readonly element: readonly ProfileElement[] };
}

type Json = { readonly [name: string]: unknown };

/** The DEQM profiles and extensions of the reference data, by URL. */
export function deqmProfiles(): ReadonlyMap<string, Profile> {
  const files = readdirSync(join(referenceData, 'profiles', 'deqm')).filter((file) =>
    /^StructureDefinition/.test(file),
  );
  const profiles = files.map((file) => {
    const text = readReference('profiles', 'deqm', file);
    return (file.endsWith('.xml') ? readFhirXml(text) : JSON.parse(text)) as Profile;
  });
  return new Map(profiles.map((profile) => [profile.url, profile]));
}

/**
 * Checks a resource, and all resources and extensions in it, against the differentials that they claim: cardinality,
 * fixed and pattern values, targets of references, invariants. `tolerated` are problems that the guide itself allows.
 */
export function profileProblems(
  resource: unknown,
  profiles: ReadonlyMap<string, Profile>,
  tolerated: RegExp | null = null,
): string[] {
  const problems = claims(resource).flatMap(({ url, node }) => {
    const profile = profiles.get(url);
    return profile === undefined ? [] : checkProfile(node, profile, profiles);
  });
  return [...new Set(problems)].filter((problem) => tolerated === null || !tolerated.test(problem));
}

/** Everything that says its profile: resources by meta.profile, extensions by url. */
function claims(node: unknown): { url: string; node: Json }[] {
  if (Array.isArray(node)) return node.flatMap(claims);
  if (!isJson(node)) return [];
  const meta = isJson(node.meta) ? list(node.meta.profile) : [];
  const urls = typeof node.resourceType === 'string' ? meta : typeof node.url === 'string' ? [node.url] : [];
  return [...urls.map((url) => ({ url: String(url), node })), ...Object.values(node).flatMap(claims)];
}

function checkProfile(root: Json, profile: Profile, profiles: ReadonlyMap<string, Profile>): string[] {
  const elements = profile.differential.element;
  return elements.flatMap((element) => {
    const where = `${profile.url.split('/').at(-1)} ${element.id}`;
    const nodes = select([root], element.id, elements);
    const problems: string[] = [];
    if (element.id.includes('.')) {
      for (const parent of select([root], element.id.slice(0, element.id.lastIndexOf('.')), elements)) {
        const count = children(parent, element.id, elements).length;
        if (count < Number(element.min ?? 0)) problems.push(`${where}: ${count} < min ${element.min}`);
        if ((element.max ?? '*') !== '*' && count > Number(element.max))
          problems.push(`${where}: ${count} > max ${element.max}`);
      }
    }
    for (const [key, expected] of Object.entries(element)) {
      if (!/^(fixed|pattern)[A-Z]/.test(key)) continue;
      for (const node of nodes)
        if (!matches(node, expected)) problems.push(`${where}: ${JSON.stringify(node)} is not the ${key}`);
    }
    for (const node of nodes)
      problems.push(...wrongTarget(node, element, profiles).map((target) => `${where}: refers to ${target}`));
    const base = element.id.includes(':') ? null : element.path;
    for (const { key, expression } of element.constraint ?? []) {
      if (expression === undefined || base === null) continue;
      const [holds] = fhirpath.evaluate(root, `${base}.all(${expression})`, { resource: root }, r4Model) as unknown[];
      if (holds === false) problems.push(`${where}: ${key} does not hold`);
    }
    return problems;
  });
}

/** The nodes that an element id names: `MeasureReport.group.population.extension:linkId`. */
function select(roots: readonly unknown[], id: string, elements: readonly ProfileElement[]): readonly unknown[] {
  const end = id.lastIndexOf('.');
  if (end === -1) return roots;
  return select(roots, id.slice(0, end), elements).flatMap((node) => children(node, id, elements));
}

/** Children of a node by the last part of an element id: `group`, `value[x]`, `extension:linkId`, `entry:slice`. */
function children(node: unknown, id: string, elements: readonly ProfileElement[]): unknown[] {
  if (!isJson(node)) return [];
  const [name = '', slice] = id.slice(id.lastIndexOf('.') + 1).split(':');
  if (name.endsWith('[x]')) {
    const choice = new RegExp(`^${name.slice(0, -3)}[A-Z]`);
    return Object.keys(node).flatMap((key) => (choice.test(key) ? list(node[key]) : []));
  }
  const all = list(node[name]);
  if (slice === undefined) return all;
  if (/xtension$/.test(name)) {
    const url = elements.find((element) => element.id === id)?.type?.[0]?.profile?.[0] ?? slice;
    return all.filter((child) => isJson(child) && child.url === url);
  }
  const type = elements.find((element) => element.id === `${id}.resource`)?.type?.[0]?.code;
  return all.filter((child) => isJson(child) && isJson(child.resource) && child.resource.resourceType === type);
}

function matches(actual: unknown, expected: unknown): boolean {
  if (Array.isArray(expected))
    return expected.every((item) => list(actual).some((candidate) => matches(candidate, item)));
  if (isJson(expected))
    return isJson(actual) && Object.entries(expected).every(([key, value]) => matches(actual[key], value));
  return actual === expected;
}

function wrongTarget(node: unknown, { type = [] }: ProfileElement, profiles: ReadonlyMap<string, Profile>): string[] {
  const targets = type.flatMap(({ targetProfile }) => list(targetProfile));
  if (targets.length === 0 || !isJson(node) || typeof node.reference !== 'string') return [];
  const allowed = targets.map((url) => profiles.get(String(url))?.type ?? String(url).split('/').at(-1));
  const target = node.reference.split('/').at(-2) ?? '';
  return allowed.includes(target) || allowed.includes('Resource') ? [] : [node.reference];
}

function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function list(value: unknown): unknown[] {
  return value === undefined || value === null ? [] : Array.isArray(value) ? value : [value];
}
