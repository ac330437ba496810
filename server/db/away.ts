// SQLSTATE classes: 08 connection, 57P0x shutdown, 53 resources; Node's own codes for a socket that is not there.
const unreachable = /^(08|57P0|53)|^(ECONNREFUSED|ECONNRESET|ENOENT|EPIPE|ETIMEDOUT)$/;
const lost = /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error/;

/** True of an error that says no more than that the database is away for the moment. */
export function isDatabaseAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error.name === 'CommitUnconfirmed') return true;
  const { code } = error as { code?: unknown };
  return (typeof code === 'string' && unreachable.test(code)) || lost.test(error.message);
}
