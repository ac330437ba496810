import type { CodeStore } from '../../cql/index.ts';

/** Where the ELM of a library of kept packages lies: by itself, because measures share libraries. */
export function libraryKey(part: string): string {
  return `library ${part}`;
}

/** The ELM of a library of a kept package; null when it is there no more. */
export function keptLibrary(part: string, store: CodeStore): Uint8Array | null {
  return store.read(libraryKey(part));
}
