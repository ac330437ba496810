import { type CodeStore, joinSections, splitSections } from '../../cql/index.ts';
import { libraryKey } from './kept-library.ts';
import type { MeasurePackage } from './package.ts';

/** Where packages outlive the process. */
export interface PackageStore extends CodeStore {
  /** Whether something is there; `read` tells whether it can be trusted. */
  has(key: string): boolean;
}

/** A package without its parts, as JSON. */
type Bare = Omit<MeasurePackage, 'parts' | 'components'> & { readonly components: readonly Bare[] };

interface Head {
  readonly bare: Bare;
  /** Keys of ELM, each kept by itself because measures share libraries. */
  readonly libraries: readonly string[];
  /** Keys of the value sets, whose tables follow the head. */
  readonly tables: readonly string[];
}

/** Keeps a package, so that its content need not be read from the database, linked and expanded again. */
export function keepPackage(key: string, packed: MeasurePackage, store: PackageStore): void {
  const libraries = new Set(librariesOf(packed));
  const tables = [...packed.parts].filter(([part]) => !libraries.has(part));
  for (const part of libraries) {
    const bytes = packed.parts.get(part);
    if (bytes === undefined) return;
    if (!store.has(libraryKey(part))) store.write(libraryKey(part), bytes);
  }
  const head: Head = { bare: bare(packed), libraries: [...libraries], tables: tables.map(([part]) => part) };
  const text = JSON.stringify(head);
  // Filled up to 4 bytes, because the tables must stand on such places.
  const encoded = new TextEncoder().encode(text);
  const padded = new Uint8Array((encoded.length + 3) & ~3).fill(32);
  padded.set(encoded);
  store.write(packageKey(key), joinSections([padded, ...tables.map(([, bytes]) => bytes)]));
}

/**
 * A package that was kept, without the ELM of its libraries, which `keptLibrary` gives when it is needed;
 * null when it was not kept, or a part of it is gone.
 * @param interned parts by key, shared by all packages of a process so that each is in memory once
 */
export function restorePackage(
  key: string,
  store: PackageStore,
  interned: Map<string, Uint8Array>,
): MeasurePackage | null {
  const bytes = store.read(packageKey(key));
  if (bytes === null) return null;
  const [first = new Uint8Array(), ...tables] = splitSections(bytes);
  const head = JSON.parse(Buffer.from(first.buffer, first.byteOffset, first.length).toString('utf8')) as Head;
  if (head.libraries.some((part) => !store.has(libraryKey(part)))) return null;
  const found: [string, Uint8Array][] = head.tables.map((part, i) => [part, tables[i] ?? new Uint8Array()]);
  inSharedMemory(found, interned);
  const parts = new Map(found.map(([part, own]) => [part, interned.get(part) ?? own]));
  return whole(head.bare, parts);
}

/** Copies those that are new into one block of memory that threads share. */
function inSharedMemory(found: readonly [string, Uint8Array][], interned: Map<string, Uint8Array>): void {
  const fresh = found.filter(([part]) => !interned.has(part));
  const aligned = (length: number): number => (length + 3) & ~3;
  const block = new SharedArrayBuffer(fresh.reduce((total, [, { length }]) => total + aligned(length), 0));
  let at = 0;
  for (const [part, bytes] of fresh) {
    const shared = new Uint8Array(block, at, bytes.length);
    shared.set(bytes);
    interned.set(part, shared);
    at += aligned(bytes.length);
  }
}

function bare({ parts: _, components, ...packed }: MeasurePackage): Bare {
  return { ...packed, components: components.map(bare) };
}

function whole({ components, ...packed }: Bare, parts: MeasurePackage['parts']): MeasurePackage {
  return { ...packed, components: components.map((component) => whole(component, parts)), parts };
}

function librariesOf({ main, includes, components }: MeasurePackage): string[] {
  return [...(main === null ? [] : [main]), ...includes, ...components.flatMap(librariesOf)];
}

function packageKey(key: string): string {
  return `package ${key}`;
}
