import pg from 'pg';
import type { Logger } from '../log.ts';

/** What can run a statement: the pool, or the connection of a transaction. */
export interface Sql {
  query<Row extends pg.QueryResultRow = pg.QueryResultRow>(
    query: string | pg.QueryConfig,
    values?: readonly unknown[],
  ): Promise<pg.QueryResult<Row>>;
}

/** The connection of an open transaction. A function that takes it takes part in the caller's transaction. */
export type Transaction = pg.PoolClient;

export interface Database extends Sql {
  readonly pool: pg.Pool;
  /**
   * Runs `work` in a transaction: committed when it resolves, rolled back when it throws. Runs it again, up to three
   * times, when PostgreSQL says that a conflict with another transaction was the reason (40001, 40P01).
   */
  transaction<T>(work: (sql: Transaction) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

// Counts (bigint) fit a number here, and dates must not become Date objects in the server's own time zone.
const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format: 'text' | 'binary') => {
    if (oid === pg.types.builtins.INT8) return Number;
    if (oid === pg.types.builtins.DATE) return String;
    return pg.types.getTypeParser(oid, format as 'text');
  }) as typeof pg.types.getTypeParser,
};

export interface DatabaseSettings {
  readonly connectionString: string;
  readonly log: Logger;
  /** Connections at most; 10 unless told. */
  readonly max?: number;
  /** A statement that takes longer is ended by PostgreSQL, so that it cannot hold locks for good; null: none is. */
  readonly statementTimeoutMs?: number | null;
}

export function openDatabase(settings: DatabaseSettings): Database {
  const { connectionString, log, max = 10, statementTimeoutMs = null } = settings;
  const pool = new pg.Pool({
    connectionString,
    max,
    types,
    connectionTimeoutMillis: 10_000,
    application_name: 'gapless',
    ...(statementTimeoutMs !== null && { onConnect: (client) => limitStatements(client, statementTimeoutMs, log) }),
  });
  // An idle connection that breaks is replaced by the pool; without a listener it would end the process.
  pool.on('error', (error) => {
    if (!pool.ending) log.warn('an idle database connection broke', { reason: error.message });
  });
  return {
    pool,
    query: (query, values) => pool.query(query as string, values as unknown[]),
    transaction: (work) => transaction(pool, work),
    close: () => pool.end(),
  };
}

/** Not as a parameter of the connection, which poolers refuse. The pool gives the connection out when this is done. */
async function limitStatements(client: pg.ClientBase, milliseconds: number, log: Logger): Promise<void> {
  try {
    await client.query(`SET statement_timeout = ${Math.round(milliseconds)}`);
  } catch (error) {
    log.warn('a database connection has no time limit', { reason: (error as Error).message });
  }
}

/** The connection broke between COMMIT and its answer: whether the transaction was kept cannot be known here. */
export class CommitUnconfirmed extends Error {
  override readonly name = 'CommitUnconfirmed';
}

async function commit(client: Transaction): Promise<void> {
  try {
    await client.query('COMMIT');
  } catch (error) {
    // A refusal has a SQLSTATE and was rolled back; all else is a connection that broke.
    if (/^(?!57P|08|EPIPE)[0-9A-Z]{5}$/.test((error as { code?: string }).code ?? '')) throw error;
    throw new CommitUnconfirmed(
      'The database went away while it stored the change, which may have been kept: read before sending it again',
      { cause: error },
    );
  }
}

const conflicts = new Set(['40001', '40P01']);

async function transaction<T>(pool: pg.Pool, work: (sql: Transaction) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    const client = await pool.connect();
    let broken: Error | undefined;
    const onError = (error: Error): void => {
      broken = error;
    };
    client.on('error', onError); // a connection that dies between two statements would otherwise end the process
    try {
      await client.query('BEGIN');
      const result = await work(client);
      await commit(client);
      return result;
    } catch (error) {
      await client.query('ROLLBACK').catch((reason: Error) => {
        broken = reason; // the connection is gone, and its transaction with it
      });
      if (attempt < 3 && conflicts.has((error as { code?: string }).code ?? '')) continue;
      throw error;
    } finally {
      client.off('error', onError);
      client.release(broken);
    }
  }
}
