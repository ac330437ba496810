import { createHash } from 'node:crypto';
import type { Measure } from '@medplum/fhirtypes';
import { createCompiler } from '../../cql/index.ts';
import type { PreparedMeasure } from '../../measures/index.ts';
import type { Database, Sql } from '../db/database.ts';
import { formatCanonical } from '../terminology/canonical.ts';
import { checkInThread } from './check-in-thread.ts';
import { doubtfulDirection } from './direction-warning.ts';
import { directions, type MeasureDirection } from './directions.ts';
import { InvalidMeasureContent, UnknownMeasure } from './errors.ts';
import {
  byTitle,
  findMeasure,
  type InstalledMeasure,
  installedMeasure,
  type MeasureReference,
} from './installed-measure.ts';
import { keepPackage, type PackageStore, restorePackage } from './kept-package.ts';
import { LibraryShelf } from './library-shelf.ts';
import { loadMeasure } from './load-measure.ts';
import { type MeasurePackage, ParsedParts, packMeasure, prepareFromPackage } from './package.ts';
import { type Pins, pinnedReader } from './pinned-reader.ts';
import { type ContentReader, databaseReader, keepTranslations } from './reader.ts';

/** The installed measures, read once and again whenever content of the tenant changes, in whichever process. */
export interface Catalogue {
  /** Measures that can be evaluated, by title. */
  list(tenant: string): Promise<readonly InstalledMeasure[]>;
  /** @throws UnknownMeasure */
  find(tenant: string, reference: MeasureReference): Promise<InstalledMeasure>;
  /**
   * A measure for evaluation threads (jobs/evaluation-pool.ts).
   * @param canonical `url`, for the newest active version, or `url|version`
   * @param pins versions that its libraries and value sets are to have; none unless told
   * @throws UnknownMeasure, InvalidMeasureContent, PinnedVersionAbsent
   */
  package(tenant: string, canonical: string, pins?: Pins): Promise<MeasurePackage>;
  /**
   * A measure prepared in this thread: for its definition and its data requirements.
   * @throws UnknownMeasure, InvalidMeasureContent
   */
  prepared(tenant: string, canonical: string): Promise<PreparedMeasure>;
}

interface Shelf {
  readonly version: number;
  readonly directions: Promise<readonly MeasureDirection[]>;
  readonly measures: Promise<Map<string, { readonly installed: InstalledMeasure; readonly measure: Measure }>>;
  libraries: LibraryShelf;
  readonly reader: ContentReader;
  /** Of the content that is stored; null until it was asked for. */
  fingerprint: Promise<string> | null;
  readonly packages: Map<string, Promise<MeasurePackage>>;
  readonly prepared: Map<string, Promise<PreparedMeasure>>;
}

/** @param store where prepared measures outlive the process; null prepares anew */
export function createCatalogue(database: Database, store: PackageStore | null = null): Catalogue {
  const shelves = new Map<string, Shelf>();
  const interned = new Map<string, Uint8Array>();
  const parsed = new ParsedParts();
  const evaluator = createCompiler(store);

  async function shelfOf(tenant: string): Promise<Shelf> {
    const version = await contentVersion(database, tenant);
    const known = shelves.get(tenant);
    if (known?.version === version) return known;
    const reader = databaseReader(database, tenant);
    const given = directions(database, tenant);
    const shelf: Shelf = {
      version,
      directions: given,
      measures: given.then((all) => readMeasures(database, tenant, all)),
      libraries: new LibraryShelf(reader, notTranslated),
      reader,
      fingerprint: null,
      packages: new Map(),
      prepared: new Map(),
    };
    shelf.measures.catch(() => shelves.delete(tenant));
    shelves.set(tenant, shelf);
    return shelf;
  }

  async function find(tenant: string, reference: MeasureReference): Promise<InstalledMeasure> {
    const { measures } = await shelfOf(tenant);
    const found = findMeasure(
      [...(await measures).values()].map(({ installed }) => installed),
      reference,
    );
    if (found === null) throw new UnknownMeasure(Object.values(reference).join());
    return found;
  }

  async function load(tenant: string, shelf: Shelf, canonical: string): Promise<MeasurePackage> {
    const measure = (await shelf.measures).get(canonical)?.measure;
    if (measure === undefined) throw new UnknownMeasure(canonical);
    const given = await shelf.directions;
    const attempt = (): ReturnType<typeof loadMeasure> => loadMeasure(shelf.reader, shelf.libraries, measure, given);
    const loaded = await attempt().catch(async (error: Error) => {
      if (!(error instanceof NotTranslated)) throw error;
      await translate(database, tenant, shelf.reader, measure);
      shelf.libraries = new LibraryShelf(shelf.reader, notTranslated); // the old one remembers the failure
      return attempt();
    });
    const errors = loaded.issues.filter(({ severity }) => severity === 'error');
    if (errors.length > 0) throw new InvalidMeasureContent(errors);
    return packMeasure(loaded, interned);
  }

  async function restoreOrLoad(tenant: string, shelf: Shelf, canonical: string): Promise<MeasurePackage> {
    if (store === null) return load(tenant, shelf, canonical);
    shelf.fingerprint ??= fingerprint(database, tenant, shelf.version);
    const key = JSON.stringify([tenant, await shelf.fingerprint, canonical]);
    const kept = restorePackage(key, store, interned);
    if (kept !== null) return kept;
    const loaded = await load(tenant, shelf, canonical);
    keepPackage(key, loaded, store);
    return loaded;
  }

  async function packageOf(tenant: string, canonical: string, pins: Pins = new Map()): Promise<MeasurePackage> {
    const key = formatCanonical(await find(tenant, { canonical }));
    const shelf = await shelfOf(tenant);
    if (pins.size > 0) {
      const reader = pinnedReader(shelf.reader, pins);
      const pinned = { ...shelf, reader, libraries: new LibraryShelf(reader, notTranslated) };
      return remembered(shelf.packages, `${key} ${hashOfPins(pins)}`, () => load(tenant, pinned, key));
    }
    return remembered(shelf.packages, key, () => restoreOrLoad(tenant, shelf, key));
  }

  return {
    async list(tenant) {
      const { measures } = await shelfOf(tenant);
      return [...(await measures).values()].map(({ installed }) => installed).sort(byTitle);
    },
    find,
    package: packageOf,
    async prepared(tenant, canonical) {
      const packed = await packageOf(tenant, canonical);
      const shelf = await shelfOf(tenant);
      return remembered(shelf.prepared, packed.hash, async () => prepareFromPackage(packed, evaluator, parsed, store));
    },
  };
}

function hashOfPins(pins: Pins): string {
  return createHash('sha256')
    .update(JSON.stringify([...pins].sort()))
    .digest('base64');
}

/** Keeps the promise of a piece of work, so that those who ask at once wait for the same; a failure is not kept. */
function remembered<T>(known: Map<string, Promise<T>>, key: string, work: () => Promise<T>): Promise<T> {
  const before = known.get(key);
  if (before !== undefined) return before;
  const made = work();
  known.set(key, made);
  made.catch(() => known.delete(key));
  return made;
}

async function contentVersion(sql: Sql, tenant: string): Promise<number> {
  const { rows } = await sql.query<{ version: number }>('SELECT version FROM content_version WHERE tenant = $1', [
    tenant,
  ]);
  return rows[0]?.version ?? 0;
}

/** The same fingerprint means the same content: also after a database was restored, when versions are counted anew. */
async function fingerprint(sql: Sql, tenant: string, version: number): Promise<string> {
  const { rows } = await sql.query<{ hash: string }>(
    `SELECT md5(coalesce(string_agg(concat_ws('/', type, id, version, last_updated), ',' ORDER BY type, id), '')) AS hash
     FROM resource WHERE tenant = $1 AND type = ANY($2) AND NOT deleted`,
    [tenant, ['Measure', 'Library', 'ValueSet', 'CodeSystem']],
  );
  return `${version} ${rows[0]?.hash ?? ''}`;
}

async function readMeasures(
  sql: Sql,
  tenant: string,
  given: readonly MeasureDirection[],
): Promise<Map<string, { installed: InstalledMeasure; measure: Measure }>> {
  const { rows } = await sql.query<{ content: string }>(
    `SELECT content FROM resource WHERE tenant = $1 AND type = 'Measure' AND NOT deleted ORDER BY last_updated`,
    [tenant],
  );
  const warnings = await sql.query<{ url: string; version: string; code: string; diagnostics: string }>(
    'SELECT url, version, code, diagnostics FROM content_warning WHERE tenant = $1',
    [tenant],
  );
  const found = new Map<string, { installed: InstalledMeasure; measure: Measure }>();
  for (const { content } of rows) {
    // The narrative and what is contained are most of an official measure, and nothing that evaluation reads.
    const { text: _text, contained: _contained, ...measure } = JSON.parse(content) as Measure;
    const directed = given.some(({ measureUrl }) => measureUrl === measure.url);
    const mine = warnings.rows.filter(
      ({ url, version, code }) =>
        // A doubt about the direction is settled by whoever gave one.
        url === measure.url && version === (measure.version ?? '') && !(directed && code === doubtfulDirection),
    );
    const installed = installedMeasure(
      measure,
      mine.map(({ diagnostics }) => diagnostics),
      given,
    );
    if (installed !== null) found.set(formatCanonical(installed), { installed, measure });
  }
  return found;
}

class NotTranslated extends Error {
  override readonly name = 'NotTranslated';
}

/** The thread that answers requests never translates: it has that done in a thread of its own. */
const notTranslated = async (): Promise<never> => {
  throw new NotTranslated('this library was not translated yet');
};

async function translate(database: Database, tenant: string, reader: ContentReader, measure: Measure): Promise<void> {
  const { errors, translations } = await checkInThread(reader, { measures: [measure], libraries: [] });
  if (errors.length > 0) throw new InvalidMeasureContent(errors);
  await keepTranslations(database, tenant, translations);
}
