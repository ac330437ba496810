import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from '../../server/db/database.ts';
import { startEmbeddedPostgres } from '../../server/db/embedded.ts';
import { migrate } from '../../server/db/migrate.ts';
import { createLogger } from '../../server/log.ts';

/** One real PostgreSQL for the whole run, with a migrated template that every test file copies. */
export default async function setUp(): Promise<void> {
  const log = createLogger({ logLevel: 'error', logFormat: 'text' });
  const folder = mkdtempSync(join(tmpdir(), 'gapless-test-'));
  chmodSync(folder, 0o755); // as root, PostgreSQL runs as nobody, who has to get in
  const dataDir = join(folder, 'postgres');
  const settings = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: '200' };
  const postgres = await startEmbeddedPostgres({ dataDir, log, settings });
  const admin = openDatabase({ connectionString: postgres.connectionString, log });
  await admin.query('CREATE DATABASE template');
  const template = openDatabase({
    connectionString: postgres.connectionString.replace('/postgres?', '/template?'),
    log,
  });
  await migrate(template);
  await template.close();
  await admin.close();
  process.env['GAPLESS_TEST_POSTGRES'] = postgres.connectionString;
  const stopTestPostgres = async (): Promise<void> => {
    await postgres.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  Object.assign(globalThis, { stopTestPostgres });
}
