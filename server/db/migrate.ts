import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Database } from './database.ts';

const folder = fileURLToPath(new URL('./migrations/', import.meta.url));

export class MigrationChanged extends Error {
  override readonly name = 'MigrationChanged';
}

/**
 * Brings the schema up to date: runs each file of `migrations/` that has not run yet, in the order of their names, all
 * in one transaction. Any number of processes may call it at once.
 *
 * @returns the names of the files that ran
 * @throws MigrationChanged when a file that has run was edited since: write a new one instead
 */
export async function migrate(database: Database): Promise<string[]> {
  return database.transaction(async (sql) => {
    // Changing a large database takes as long as it takes, and others wait for it.
    await sql.query('SET LOCAL statement_timeout = 0');
    await sql.query(`SELECT pg_advisory_xact_lock(hashtextextended('gapless.migrate', 0))`);
    await sql.query(
      'CREATE TABLE IF NOT EXISTS migration (name text PRIMARY KEY, hash text NOT NULL, ran_at timestamptz NOT NULL DEFAULT now())',
    );
    const { rows } = await sql.query<{ name: string; hash: string }>('SELECT name, hash FROM migration');
    const ran = new Map(rows.map((row) => [row.name, row.hash]));
    const added: string[] = [];
    for (const name of readdirSync(folder)
      .filter((file) => file.endsWith('.sql'))
      .sort()) {
      const text = readFileSync(folder + name, 'utf8');
      const hash = createHash('sha256').update(text).digest('hex');
      if (ran.has(name)) {
        if (ran.get(name) !== hash) throw new MigrationChanged(`${name} was changed after it ran on this database`);
        continue;
      }
      await sql.query(text);
      await sql.query('INSERT INTO migration (name, hash) VALUES ($1, $2)', [name, hash]);
      added.push(name);
    }
    return added;
  });
}
