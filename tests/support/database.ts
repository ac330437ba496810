import { randomUUID } from 'node:crypto';
import { type Database, openDatabase } from '../../server/db/database.ts';
import { createLogger } from '../../server/log.ts';

export const silent = createLogger({ logLevel: 'error', logFormat: 'text' });

/** Connection string of a fresh, migrated database of its own. */
export async function freshDatabaseUrl(): Promise<string> {
  const server = process.env['GAPLESS_TEST_POSTGRES'];
  if (server === undefined) throw new Error('the test run has no PostgreSQL: start it through npm run unit');
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  const admin = openDatabase({ connectionString: server, log: silent, max: 1 });
  await admin.query(`CREATE DATABASE ${name} TEMPLATE template STRATEGY FILE_COPY`);
  await admin.close();
  return server.replace('/postgres?', `/${name}?`);
}

/** A fresh, migrated database of the test file's own. Close it in afterAll. */
export async function freshDatabase(): Promise<Database> {
  return openDatabase({ connectionString: await freshDatabaseUrl(), log: silent });
}
