import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  existsSync,
  fstatSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { PackageStore } from './kept-package.ts';

export interface SealedFolderSettings {
  /** Made when it is not there, for this account only. */
  readonly path: string;
  /** Of what wrote the content: another edition's files are not found (see `edition`). */
  readonly edition: string;
  /** The least recently used files go when there is more; 512 MB unless told. */
  readonly maxBytes?: number;
  /** Told why something could not be kept, or was not what it should be. */
  readonly onProblem: (problem: string) => void;
}

const keyFile = 'key';
const suffix = '.sealed';
const sealLength = 32;
/** Files of processes that died while they wrote are swept after an hour. */
const abandonedMs = 3_600_000;

/**
 * A folder of files that only this product wrote, because what is in them is run as code: each begins with a seal (HMAC-SHA256
 * of its name and content, by a key that lies in the folder and only this account can read). A file that was changed, cut,
 * renamed or taken from elsewhere is removed, and is as if it had never been. Files are written aside and renamed, so any
 * number of processes and threads may use the folder at once. Whatever fails, the product works without.
 */
export class SealedFolder implements PackageStore {
  readonly #settings: SealedFolderSettings;
  readonly #key: Buffer | null;
  #written = 0;

  constructor(settings: SealedFolderSettings) {
    this.#settings = settings;
    this.#key = this.#attempt('The cache is not used', () => openKey(settings.path)) ?? null;
    if (this.#key !== null) this.#attempt('The cache cannot be cleaned', () => this.#evict());
  }

  has(key: string): boolean {
    return this.#key !== null && existsSync(join(this.#settings.path, this.#nameOf(key)));
  }

  read(key: string): Uint8Array | null {
    if (this.#key === null) return null;
    const name = this.#nameOf(key);
    const path = join(this.#settings.path, name);
    const bytes = readWhole(path);
    if (bytes === null) return null;
    const content = bytes.subarray(sealLength);
    if (bytes.length < sealLength || !timingSafeEqual(bytes.subarray(0, sealLength), this.#seal(name, content))) {
      this.#settings.onProblem(`${name} in the cache is not as it was written, and was removed`);
      this.#attempt('A file of the cache cannot be removed', () => rmSync(path, { force: true }));
      return null;
    }
    return content;
  }

  write(key: string, content: Uint8Array): void {
    if (this.#key === null) return;
    const name = this.#nameOf(key);
    const { path, maxBytes = defaultMaxBytes } = this.#settings;
    const aside = join(path, `${name}.${process.pid}.${randomBytes(6).toString('hex')}.part`);
    this.#attempt('The cache cannot be written', () => {
      try {
        writeFileSync(aside, Buffer.concat([this.#seal(name, content), content]), { mode: 0o600, flag: 'wx' });
        renameSync(aside, join(path, name));
      } catch (error) {
        rmSync(aside, { force: true });
        throw error;
      }
      this.#written += content.length;
      if (this.#written > maxBytes / 8) this.#evict();
    });
  }

  #nameOf(key: string): string {
    return createHash('sha256').update(`${this.#settings.edition}\n${key}`).digest('hex') + suffix;
  }

  #seal(name: string, content: Uint8Array): Buffer {
    return createHmac('sha256', this.#key ?? '')
      .update(`${name}\n`)
      .update(content)
      .digest();
  }

  #evict(): void {
    const { path, maxBytes = defaultMaxBytes } = this.#settings;
    this.#written = 0;
    const files = readdirSync(path).flatMap((name) => {
      const file = join(path, name);
      const stat = name === keyFile ? undefined : lstatSync(file, { throwIfNoEntry: false });
      return stat === undefined ? [] : [{ name, file, bytes: stat.size, usedAt: stat.mtimeMs }];
    });
    for (const { name, file, usedAt } of files)
      if (!name.endsWith(suffix) && usedAt < Date.now() - abandonedMs) rmSync(file, { force: true });
    let total = files.reduce((sum, { bytes }) => sum + bytes, 0);
    if (total <= maxBytes) return;
    for (const { file, bytes } of files.sort((a, b) => a.usedAt - b.usedAt)) {
      if (total <= 0.8 * maxBytes) return;
      rmSync(file, { force: true });
      total -= bytes;
    }
  }

  #attempt<T>(otherwise: string, work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      this.#settings.onProblem(`${otherwise}: ${error instanceof Error ? error.message : String(error)}`);
      return undefined;
    }
  }
}

const defaultMaxBytes = 512 * 2 ** 20;
const day = 86_400_000;

/** Null when the file is not there. One that was not used for a day is marked as used. */
function readWhole(path: string): Buffer | null {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return null; // not there, or not for us: either way nothing is kept
  }
  try {
    const { size, mtimeMs } = fstatSync(file);
    const bytes = Buffer.from(new ArrayBuffer(size));
    const read = readSync(file, bytes, 0, size, 0);
    if (mtimeMs < Date.now() - day) utimesSync(path, new Date(), new Date());
    return bytes.subarray(0, read);
  } finally {
    closeSync(file);
  }
}

/** @throws Error when others could have written into the folder */
function openKey(path: string): Buffer {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const stat = lstatSync(path);
  if (!stat.isDirectory() || stat.uid !== (process.getuid?.() ?? stat.uid))
    throw new Error(`${path} is not a folder of this account`);
  if ((stat.mode & 0o077) !== 0) chmodSync(path, 0o700);
  const file = join(path, keyFile);
  const known = readKey(file);
  if (known !== null) return known;
  const aside = `${file}.${process.pid}.${randomBytes(6).toString('hex')}.part`;
  writeFileSync(aside, randomBytes(32), { mode: 0o600, flag: 'wx' });
  try {
    linkSync(aside, file); // fails when another process was first: its key counts
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(aside, { force: true });
  }
  const made = readKey(file);
  if (made === null) throw new Error(`${file} is not a key: remove it`);
  return made;
}

function readKey(file: string): Buffer | null {
  const stat = lstatSync(file, { throwIfNoEntry: false });
  if (stat === undefined) return null;
  if (!stat.isFile() || (stat.mode & 0o077) !== 0) throw new Error(`${file} could be read by others: remove it`);
  const key = readFileSync(file);
  return key.length === 32 ? key : null;
}
