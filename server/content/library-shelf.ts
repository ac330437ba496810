import { createHash } from 'node:crypto';
import type { ElmLibrary, LibraryResolver } from '../../cql/index.ts';
import { isDatabaseAway } from '../db/away.ts';
import { newest, parseCanonical } from '../terminology/canonical.ts';
import { cqlOf, dropAnnotations, elmOf, identifierOf, type LibraryDefinition, labelOf } from './library-resource.ts';
import type { ContentReader, Translation } from './reader.ts';

/** Texts by which a library's translation is determined. */
export interface CqlSource {
  readonly name: string;
  readonly version: string | null;
  readonly cql: string;
}

/**
 * Translates CQL. `includes` holds everything that it includes, directly and indirectly, as far as it is stored; the
 * answer's `includes` also holds what the translator brings itself (FHIRHelpers).
 * @throws TranslationFailed with every message, MissingLibrary, MissingModel
 */
export type Translate = (
  main: CqlSource,
  includes: readonly CqlSource[],
  modelInfos: readonly string[],
) => Promise<{ readonly main: ElmLibrary; readonly includes: readonly ElmLibrary[] }>;

/** What is kept of a translation: the library, and those that it includes without their being stored. */
interface Translated {
  readonly main: ElmLibrary;
  readonly brought: readonly ElmLibrary[];
}

interface Shelved {
  readonly library: LibraryDefinition;
  readonly version: string | null;
  /** Null until it was asked for. */
  elm: Promise<ElmLibrary | null> | null;
}

/** Libraries read so far, each parsed or translated at most once. One shelf serves any number of measures. */
export class LibraryShelf {
  readonly #reader: ContentReader;
  readonly #translate: Translate;
  readonly #byUrl = new Map<string, Shelved[]>();
  readonly #byName = new Map<string, Shelved[]>();
  readonly #shelved = new Map<string, Shelved>();
  /** Libraries that the translator brought, by name. */
  readonly #brought = new Map<string, LibraryDefinition>();
  #modelInfos: Promise<readonly string[]> | null = null;
  /** What had to be translated. */
  readonly translations: Translation[] = [];

  constructor(reader: ContentReader, translate: Translate) {
    this.#reader = reader;
    this.#translate = translate;
  }

  /** The Library of a canonical, the newest when it names no version; null when there is none. */
  async byCanonical(canonical: string): Promise<LibraryDefinition | null> {
    const { url, version } = parseCanonical(canonical);
    await this.#fetch([url], []);
    return pick(this.#byUrl.get(url) ?? [], version)?.library ?? null;
  }

  /** The Library that CQL includes by name; in a namespace, one whose url lies there is preferred. */
  async byName(name: string, version: string | null, namespace: string | null): Promise<LibraryDefinition | null> {
    await this.#fetch([], [name]);
    return this.#find(name, version, namespace);
  }

  #find(name: string, version: string | null, namespace: string | null): LibraryDefinition | null {
    const stored = this.#named(name, version, namespace)?.library;
    const brought = this.#brought.get(name);
    if (stored !== undefined || brought === undefined) return stored ?? null;
    return version === null || brought.version === version ? brought : null;
  }

  #named(name: string, version: string | null, namespace: string | null): Shelved | null {
    const all = this.#byName.get(name) ?? [];
    const inNamespace = all.filter(({ library }) => namespace !== null && library.url?.startsWith(`${namespace}/`));
    return pick(inNamespace, version) ?? pick(all, version);
  }

  /**
   * ELM of a library: what it carries, or its CQL translated.
   * @returns null when it carries neither
   * @throws UnreadableAttachment, TranslationFailed, MissingModel
   */
  async elm(library: LibraryDefinition): Promise<ElmLibrary | null> {
    const shelved = this.#shelve(library);
    shelved.elm ??= this.#makeElm(library).catch((error: Error) => {
      if (isDatabaseAway(error)) shelved.elm = null; // it says nothing of the library: it is read again when asked for
      throw error;
    });
    return shelved.elm;
  }

  /** Has the ELM of this library been asked for? */
  wasRead(library: LibraryDefinition): boolean {
    return this.#shelve(library).elm !== null;
  }

  /** Looks up what has been read and parsed before; for `linkLibraries`, after the closure was walked with `elm`. */
  async resolver(closure: readonly LibraryDefinition[]): Promise<LibraryResolver> {
    const ready = new Map<LibraryDefinition, ElmLibrary>();
    for (const library of closure) {
      const elm = await this.elm(library);
      if (elm !== null) ready.set(library, elm);
    }
    return (name, version, namespace) => {
      const found = this.#find(name, version, namespace);
      return found === null ? null : (ready.get(found) ?? null);
    };
  }

  async #makeElm(library: LibraryDefinition): Promise<ElmLibrary | null> {
    const carried = elmOf(library);
    if (carried !== null) return carried;
    const cql = cqlOf(library);
    if (cql === null) return null;
    const { id, version = null } = identifierOf(library);
    const main = { name: id, version, cql };
    const includes = await this.#includedCql(cql, new Map());
    const modelInfos = await this.#loadModelInfos();
    const hash = createHash('sha256')
      .update(JSON.stringify([main, includes, modelInfos]))
      .digest('hex');
    const text = (await this.#reader.translated(hash)) ?? (await this.#translateAndKeep(hash, library, main, includes));
    const translated: Translated = JSON.parse(text);
    for (const elm of translated.brought) this.#bring(elm);
    return translated.main;
  }

  async #translateAndKeep(
    hash: string,
    library: LibraryDefinition,
    main: CqlSource,
    includes: readonly CqlSource[],
  ): Promise<string> {
    const made = await this.#translate(main, includes, await this.#loadModelInfos());
    const stored = new Set(includes.map(({ name }) => name));
    const brought = made.includes.filter((elm) => !stored.has(elm.library.identifier.id));
    for (const elm of [made.main, ...brought]) dropAnnotations(elm.library);
    const text = JSON.stringify({ main: made.main, brought } satisfies Translated);
    this.translations.push({ hash, identifier: labelOf(library), elm: text });
    return text;
  }

  #bring(elm: ElmLibrary): void {
    const { id, version } = elm.library.identifier;
    const library: LibraryDefinition = {
      resourceType: 'Library',
      id: `brought by the translator: ${id}`,
      name: id,
      ...(version === undefined ? {} : { version }),
    };
    if (this.#brought.has(id)) return;
    this.#brought.set(id, library);
    this.#shelve(library).elm = Promise.resolve(elm);
  }

  /** CQL of all includes. Those without CQL are left out: the translator says what it misses. */
  async #includedCql(cql: string, found: Map<string, CqlSource>): Promise<CqlSource[]> {
    for (const { name, version } of includesOf(cql)) {
      const library = await this.byName(name, version, null);
      const text = library === null ? null : cqlOf(library);
      if (library === null || text === null) continue;
      const identifier = identifierOf(library);
      const key = `${name}|${identifier.version ?? ''}`;
      if (found.has(key)) continue;
      found.set(key, { name, version: identifier.version ?? null, cql: text });
      await this.#includedCql(text, found);
    }
    return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  #loadModelInfos(): Promise<readonly string[]> {
    this.#modelInfos ??= this.#reader
      .modelInfos()
      .then((libraries) => libraries.flatMap((library) => library.content ?? []))
      .then((contents) =>
        contents
          .filter(({ contentType }) => /^(application|text)\/xml\b/.test(contentType ?? ''))
          .map(({ data }) => Buffer.from(data ?? '', 'base64').toString('utf8'))
          .sort(),
      )
      .catch((error: Error) => {
        if (isDatabaseAway(error)) this.#modelInfos = null;
        throw error;
      });
    return this.#modelInfos;
  }

  async #fetch(urls: readonly string[], names: readonly string[]): Promise<void> {
    const wantedUrls = urls.filter((url) => !this.#byUrl.has(url));
    const wantedNames = names.filter((name) => !this.#byName.has(name));
    if (wantedUrls.length + wantedNames.length === 0) return;
    const found = await this.#reader.libraries({ urls: wantedUrls, names: wantedNames });
    for (const url of wantedUrls) this.#byUrl.set(url, this.#shelveAll(found.filter((library) => library.url === url)));
    for (const name of wantedNames)
      this.#byName.set(name, this.#shelveAll(found.filter((library) => identifierOf(library).id === name)));
  }

  #shelveAll(libraries: readonly LibraryDefinition[]): Shelved[] {
    return libraries.map((library) => this.#shelve(library));
  }

  /** The same resource is shelved once, whether it came by url or by name. */
  #shelve(library: LibraryDefinition): Shelved {
    const key = library.id ?? `${library.url}|${library.version}`;
    const shelved = this.#shelved.get(key) ?? { library, version: library.version ?? null, elm: null };
    this.#shelved.set(key, shelved);
    return shelved;
  }
}

function pick(shelved: readonly Shelved[], version: string | null): Shelved | null {
  return version === null ? newest(shelved) : (shelved.find((item) => item.version === version) ?? null);
}

/** The include declarations of a CQL text (CQL 1.5, 2.2.1), without their namespaces. */
export function includesOf(cql: string): { name: string; version: string | null }[] {
  const declaration = /^\s*include\s+(?:[\w.]+\.)?("(?:[^"\\]|\\.)+"|\w+)(?:\s+version\s+'([^']*)')?/gm;
  return [...cql.matchAll(declaration)].map(([, name = '', version]) => ({
    name: name.replace(/^"(.*)"$/, '$1'),
    version: version ?? null,
  }));
}
