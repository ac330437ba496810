import { createHash } from 'node:crypto';
import type { CodeSet } from './code-sets.ts';
import type { ExpandedValueSet, ValueSetCode } from './value-sets.ts';

/**
 * An expansion as one block of bytes, which threads share when it lies in shared memory. The codes are found by hashing, at
 * some ten nanoseconds; texts that only a list of the codes needs are read when one is asked for.
 *
 * | bytes | what |
 * | --- | --- |
 * | 20 | lengths: of the head, of the table, codes, bytes of a character, of the heap |
 * | head | JSON: url, version, systems; padded to 4 |
 * | 4 × table | hash table: number of the code + 1, 0 where there is none |
 * | 12 × codes | start of the code in the heap (in characters), its length, number of its system |
 * | heap | characters of all codes |
 * | rest | JSON: display and version of each code |
 */
export class CompactValueSet implements ExpandedValueSet, CodeSet {
  readonly url: string;
  readonly version: string | null;
  readonly bytes: Uint8Array;
  /** How many different codes. */
  readonly size: number;
  readonly #systems: readonly string[];
  readonly #table: Int32Array;
  readonly #entries: Int32Array;
  readonly #heap: Uint8Array | Uint16Array;
  readonly #labels: Uint8Array;
  #codes: readonly ValueSetCode[] | null = null;
  #hash: string | null = null;

  /** @param bytes of `packed`, aligned to 4. @throws RangeError when they are not */
  constructor(bytes: Uint8Array) {
    const { buffer, byteOffset } = bytes;
    const [headLength = 0, tableLength = 0, count = 0, width = 1, heapBytes = 0] = new Int32Array(
      buffer,
      byteOffset,
      5,
    );
    let at = byteOffset + 20;
    const head = JSON.parse(utf8(new Uint8Array(buffer, at, headLength))) as Head;
    at += aligned(headLength);
    this.#table = new Int32Array(buffer, at, tableLength);
    at += 4 * tableLength;
    this.#entries = new Int32Array(buffer, at, 3 * count);
    at += 12 * count;
    this.#heap = width === 1 ? new Uint8Array(buffer, at, heapBytes) : new Uint16Array(buffer, at, heapBytes / 2);
    at += aligned(heapBytes);
    this.#labels = bytes.subarray(at - byteOffset);
    this.bytes = bytes;
    this.url = head.url;
    this.version = head.version;
    this.size = head.size;
    this.#systems = head.systems;
  }

  get mixed(): boolean {
    return this.#systems.length > 1;
  }

  /** Of the content: the same hash means the same value set. */
  get hash(): string {
    this.#hash ??= createHash('sha256').update(this.bytes).digest('base64url');
    return this.#hash;
  }

  get codes(): readonly ValueSetCode[] {
    this.#codes ??= this.#listed();
    return this.#codes;
  }

  has(system: string | null | undefined, code: string | null | undefined): boolean {
    if (system == null || code == null) return false;
    const known = this.#systems.indexOf(system);
    return known !== -1 && this.#find(known, code) !== -1;
  }

  systemsOf(code: string): number {
    let found = 0;
    for (let system = 0; system < this.#systems.length; system += 1) if (this.#find(system, code) !== -1) found += 1;
    return found;
  }

  #find(system: number, code: string): number {
    const table = this.#table;
    const mask = table.length - 1;
    for (let at = hashOf(system, code) & mask; ; at = (at + 1) & mask) {
      const entry = (table[at] ?? 0) - 1;
      if (entry === -1) return -1;
      if (this.#entries[3 * entry + 2] === system && this.#isAt(entry, code)) return entry;
    }
  }

  #isAt(entry: number, code: string): boolean {
    const start = this.#entries[3 * entry] ?? 0;
    if (this.#entries[3 * entry + 1] !== code.length) return false;
    for (let i = 0; i < code.length; i += 1) if (this.#heap[start + i] !== code.charCodeAt(i)) return false;
    return true;
  }

  #listed(): readonly ValueSetCode[] {
    const labels = JSON.parse(utf8(this.#labels)) as readonly Label[];
    return labels.map(([display, version], entry) => {
      const start = this.#entries[3 * entry] ?? 0;
      const characters = this.#heap.subarray(start, start + (this.#entries[3 * entry + 1] ?? 0));
      return {
        system: this.#systems[this.#entries[3 * entry + 2] ?? 0] ?? '',
        code: String.fromCharCode(...characters),
        ...(version === null ? {} : { version }),
        ...(display === null ? {} : { display }),
      };
    });
  }
}

interface Head {
  readonly url: string;
  readonly version: string | null;
  readonly systems: readonly string[];
  readonly size: number;
}

type Label = readonly [display: string | null, version: string | null];

/** The compact form of an expansion, which keeps all of it. @param shared in memory that threads share */
export function compactValueSet(expanded: ExpandedValueSet, shared = false): CompactValueSet {
  if (expanded instanceof CompactValueSet) return expanded;
  const { codes } = expanded;
  const systems = [...new Set(codes.map(({ system }) => system))];
  const numbers = new Map(systems.map((system, number) => [system, number]));
  const entries = new Int32Array(3 * codes.length);
  let characters = 0;
  let width = 1;
  for (const [i, { system, code }] of codes.entries()) {
    entries.set([characters, code.length, numbers.get(system) ?? 0], 3 * i);
    characters += code.length;
    if (/[\u{100}-\u{10ffff}]/u.test(code)) width = 2;
  }
  const heap = Buffer.from(codes.map(({ code }) => code).join(''), width === 1 ? 'latin1' : 'utf16le');
  const { table, size } = hashTable(codes, numbers);
  const encoder = new TextEncoder();
  const head = encoder.encode(JSON.stringify({ url: expanded.url, version: expanded.version, systems, size }));
  const labels = encoder.encode(
    JSON.stringify(codes.map(({ display = null, version = null }): Label => [display, version])),
  );
  const parts = [
    new Int32Array([head.length, table.length, codes.length, width, heap.length]),
    head,
    table,
    entries,
    heap,
    labels,
  ].map(({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength));
  const length = parts.reduce((total, part) => total + aligned(part.length), 0);
  const bytes = new Uint8Array(shared ? new SharedArrayBuffer(length) : new ArrayBuffer(length));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += aligned(part.length);
  }
  // The padding after the labels is white space to JSON.
  const end = length - aligned(labels.length) + labels.length;
  bytes.fill(32, end);
  return new CompactValueSet(bytes);
}

/** Open addressing, at most half full; of equal codes the first. */
function hashTable(
  codes: readonly ValueSetCode[],
  systems: ReadonlyMap<string, number>,
): { readonly table: Int32Array; readonly size: number } {
  let length = 2;
  while (length < 2 * codes.length) length *= 2;
  const table = new Int32Array(length);
  let size = 0;
  for (const [i, { system, code }] of codes.entries()) {
    let at = hashOf(systems.get(system) ?? 0, code) & (length - 1);
    for (let entry = table[at] ?? 0; entry !== 0; entry = table[at] ?? 0) {
      const other = codes[entry - 1];
      if (other?.code === code && other.system === system) break;
      at = (at + 1) & (length - 1);
    }
    if (table[at] !== 0) continue;
    table[at] = i + 1;
    size += 1;
  }
  return { table, size };
}

/** FNV-1a, 32 bits. */
function hashOf(system: number, code: string): number {
  let hash = 0x811c9dc5 ^ system;
  for (let i = 0; i < code.length; i += 1) hash = Math.imul(hash ^ code.charCodeAt(i), 0x01000193);
  return hash ^ (hash >>> 15);
}

function aligned(length: number): number {
  return (length + 3) & ~3;
}

function utf8(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}

/** Membership in an expansion. */
export function codeSet({ codes, ...about }: Pick<ExpandedValueSet, 'codes'> & Partial<ExpandedValueSet>): CodeSet {
  return compactValueSet({ url: '', version: null, ...about, codes });
}
