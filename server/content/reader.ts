import type { Measure } from '@medplum/fhirtypes';
import type { Sql } from '../db/database.ts';
import { readByUrl, readLibrariesByName, readModelInfos } from '../terminology/canonical-resources.ts';
import type { CodeSystemDefinition, ValueSetDefinition } from '../terminology/definitions.ts';
import { loadDefinitions } from '../terminology/source.ts';
import type { LibraryDefinition } from './library-resource.ts';

/** ELM made from CQL, to be kept so that it is not made again. */
export interface Translation {
  readonly hash: string;
  readonly identifier: string;
  readonly elm: string;
}

/** Where content is read from: the database, or, in a thread, the thread that has the database. */
export interface ContentReader {
  /** All stored versions of the Measures with this canonical url. */
  measures(urls: readonly string[]): Promise<Measure[]>;
  /** All stored versions of the Libraries with one of the urls or names. */
  libraries(wanted: {
    readonly urls: readonly string[];
    readonly names: readonly string[];
  }): Promise<LibraryDefinition[]>;
  /** The ValueSets, those that they include, and the CodeSystems that their filters need. */
  terminology(
    canonicals: readonly string[],
  ): Promise<{ valueSets: ValueSetDefinition[]; codeSystems: CodeSystemDefinition[] }>;
  /** Libraries of type model-definition. */
  modelInfos(): Promise<LibraryDefinition[]>;
  /** ELM that was translated before. @returns null when there is none */
  translated(hash: string): Promise<string | null>;
}

export function databaseReader(sql: Sql, tenant: string): ContentReader {
  return {
    measures: (urls) => readByUrl<Measure>(sql, tenant, 'Measure', urls),
    async libraries({ urls, names }) {
      const byUrl = urls.length === 0 ? [] : await readByUrl<LibraryDefinition>(sql, tenant, 'Library', urls);
      const byName = names.length === 0 ? [] : await readLibrariesByName<LibraryDefinition>(sql, tenant, names);
      return [...byUrl, ...byName];
    },
    terminology: (canonicals) => loadDefinitions(sql, tenant, canonicals),
    modelInfos: () => readModelInfos<LibraryDefinition>(sql, tenant),
    async translated(hash) {
      const { rows } = await sql.query<{ elm: string }>('SELECT elm FROM library_elm WHERE tenant = $1 AND hash = $2', [
        tenant,
        hash,
      ]);
      return rows[0]?.elm ?? null;
    },
  };
}

/** Keeps ELM that was made from CQL, so that it is not made again. */
export async function keepTranslations(sql: Sql, tenant: string, translations: readonly Translation[]): Promise<void> {
  for (const { hash, identifier, elm } of translations) {
    await sql.query(
      `INSERT INTO library_elm (tenant, hash, identifier, elm) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
      [tenant, hash, identifier, elm],
    );
  }
}
