import type { Database } from './database.ts';

/** The database of DATABASE_URL cannot be used; the message says why, without the password. */
export class UnusableDatabase extends Error {
  override readonly name = 'UnusableDatabase';
}

const oldest = 14;

/** @throws UnusableDatabase when the server does not answer, refuses us or is too old */
export async function requireDatabase(database: Database, connectionString: string): Promise<void> {
  const version = await database
    .query<{ server_version_num: string }>('SHOW server_version_num')
    .then(({ rows }) => Math.floor(Number(rows[0]?.server_version_num) / 10_000))
    .catch((error: Error) => {
      throw new UnusableDatabase(`${place(connectionString)} cannot be used: ${reason(error)}`);
    });
  if (version < oldest) {
    throw new UnusableDatabase(
      `${place(connectionString)} runs PostgreSQL ${version}: Gapless needs ${oldest} or later`,
    );
  }
}

/** Several addresses of one host fail as an AggregateError, which has no message of its own. */
function reason(error: Error): string {
  if (error instanceof AggregateError) return error.errors.map((each: Error) => each.message).join('; ');
  return error.message;
}

function place(connectionString: string): string {
  const { hostname, port, pathname, searchParams } = new URL(connectionString);
  const host = searchParams.get('host') ?? hostname;
  return `The database of DATABASE_URL (${host}${port === '' ? '' : `:${port}`}${pathname})`;
}
