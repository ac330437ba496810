/**
 * Where compiled code is kept between processes. What is read is run as code: a store must answer with exactly what was
 * written under a key by this product, or with nothing. See server/content/sealed-folder.ts.
 */
export interface CodeStore {
  /** @returns null when there is nothing, or nothing that can be trusted */
  read(key: string): Uint8Array | null;
  /** Keeps the content if it can; a store that is full or cannot be written does without. */
  write(key: string, content: Uint8Array): void;
}

/** Byte strings one after another, each after its length (4 bytes, little-endian). */
export function joinSections(sections: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(sections.reduce((total, { length }) => total + 4 + length, 0));
  const view = new DataView(joined.buffer);
  let at = 0;
  for (const section of sections) {
    view.setUint32(at, section.length, true);
    joined.set(section, at + 4);
    at += 4 + section.length;
  }
  return joined;
}

/** The parts of `joinSections`, as views. @throws RangeError when the bytes are no such sections */
export function splitSections(joined: Uint8Array): Uint8Array[] {
  const view = new DataView(joined.buffer, joined.byteOffset, joined.byteLength);
  const sections: Uint8Array[] = [];
  for (let at = 0; at < joined.length; ) {
    const length = view.getUint32(at, true);
    at += 4;
    if (at + length > joined.length) throw new RangeError('a section is longer than what holds it');
    sections.push(joined.subarray(at, at + length));
    at += length;
  }
  return sections;
}
