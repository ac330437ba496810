import { createHash } from 'node:crypto';
import type { ElmInclude, ElmLibrary, ElmVersionedIdentifier } from './elm.ts';
import { CqlError, MissingLibrary } from './errors.ts';

/**
 * A main library with all that it includes, directly and indirectly. Every library carries the identifier under which it
 * was resolved, and every include names exactly such an identifier, so that `path|version` finds it (see `includedBy`).
 */
export interface LinkedLibrary {
  readonly main: ElmLibrary;
  /** Dependencies first; each once. */
  readonly includes: readonly ElmLibrary[];
  /** SHA-256 over the ELM of all libraries: the same hash means the same behaviour. */
  readonly hash: string;
}

/**
 * Finds the ELM of a library by the name and version that its *Library resource* has. The identifier inside the ELM is
 * not looked at: in published content it often carries another version.
 * @param version null asks for the newest
 * @param namespace of a qualified include (`include hl7.fhir.FHIRHelpers`), null for most
 * @returns null when there is none
 */
export type LibraryResolver = (
  identifier: string,
  version: string | null,
  namespace: string | null,
) => ElmLibrary | null;

/** Libraries that include one another. */
export class CyclicInclude extends CqlError {
  override readonly name = 'CyclicInclude';
  readonly trail: readonly string[];
  constructor(trail: readonly string[]) {
    super(`Libraries include one another: ${trail.join(' -> ')}`);
    this.trail = trail;
  }
}

/** `name|version`, or `name` when there is no version. */
export function libraryKey({ id, version }: ElmVersionedIdentifier): string {
  return version === undefined ? id : `${id}|${version}`;
}

/** The same library under the identifier of its Library resource. */
export function identifiedAs(elm: ElmLibrary, identifier: ElmVersionedIdentifier): ElmLibrary {
  return { library: { ...elm.library, identifier } };
}

/**
 * Gathers a library and all that it includes (CQL 1.5, 2.2.1). Several versions of one library may stand side by side;
 * the same ELM reached under two names (with and without a namespace) is linked once.
 * @throws MissingLibrary for an include that `resolve` does not know, naming who includes it
 * @throws CyclicInclude
 */
export function linkLibraries(main: ElmLibrary, resolve: LibraryResolver): LinkedLibrary {
  const linked = new Map<string, ElmLibrary>();
  const names = new Map<ElmLibrary, ElmVersionedIdentifier>();
  const contents: string[] = [];

  const link = (elm: ElmLibrary, identifier: ElmVersionedIdentifier, trail: readonly string[]): ElmLibrary => {
    const key = libraryKey(identifier);
    if (trail.includes(key)) throw new CyclicInclude([...trail.slice(trail.indexOf(key)), key]);
    const done = linked.get(key);
    if (done !== undefined) return done;
    const includes = (elm.library.includes?.def ?? []).map((include) => {
      const { namespace, id } = splitPath(include.path);
      const found = resolve(id, include.version ?? null, namespace);
      if (found === null) throw new MissingLibrary(include.path, include.version ?? null, key);
      const name = names.get(found) ?? identifierOf(include, id, found);
      names.set(found, name);
      link(found, name, [...trail, key]);
      return { ...include, path: name.id, version: name.version };
    });
    const result: ElmLibrary = {
      library: { ...elm.library, identifier, ...(includes.length === 0 ? {} : { includes: { def: includes } }) },
    };
    linked.set(key, result);
    contents.push(`${key} ${digestOf(elm)}`);
    return result;
  };

  const result = link(main, main.library.identifier, []);
  const includes = [...linked.values()].filter((library) => library !== result);
  return { main: result, includes, hash: hashOf(contents) };
}

/** The library that `alias` stands for inside `library`; null when `library` includes nothing by that name. */
export function includedBy(linked: LinkedLibrary, library: ElmLibrary, alias: string): ElmLibrary | null {
  const include = library.library.includes?.def.find((def) => def.localIdentifier === alias);
  if (include === undefined) return null;
  return (
    linked.includes.find(
      ({ library: { identifier } }) => identifier.id === include.path && identifier.version === include.version,
    ) ?? null
  );
}

/** SHA-256 (hex) over texts, whatever their order. */
export function hashOf(texts: readonly string[]): string {
  const hash = createHash('sha256');
  for (const text of [...texts].sort()) hash.update(`${text.length}:`).update(text);
  return hash.digest('hex');
}

/** Digests of libraries that are still in use: common ones are linked into every measure. */
const digests = new WeakMap<ElmLibrary, string>();

function digestOf(elm: ElmLibrary): string {
  const known = digests.get(elm);
  if (known !== undefined) return known;
  const digest = createHash('sha256').update(JSON.stringify(elm)).digest('hex');
  digests.set(elm, digest);
  return digest;
}

function splitPath(path: string): { namespace: string | null; id: string } {
  const slash = path.lastIndexOf('/');
  return slash === -1 ? { namespace: null, id: path } : { namespace: path.slice(0, slash), id: path.slice(slash + 1) };
}

function identifierOf(include: ElmInclude, id: string, elm: ElmLibrary): ElmVersionedIdentifier {
  const version = include.version ?? elm.library.identifier.version;
  return version === undefined ? { id } : { id, version };
}
