import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';

/** A line of NDJSON. Empty lines are counted and left out. */
export interface NdjsonLine {
  /** From 1. */
  readonly number: number;
  /** Bytes from the start of the source to the first of the line. */
  readonly start: number;
  readonly bytes: number;
  /** Of a line that is too long, only the beginning. What is no UTF-8 has become U+FFFD. */
  readonly text: string;
  readonly fault: 'too long' | 'not UTF-8' | null;
  /** False for a last line without a line feed, which may have been cut. */
  readonly ended: boolean;
}

/** Some lines that are stored together. */
export interface LineBatch {
  readonly lines: readonly NdjsonLine[];
  /** Number of the last line, empty ones included. */
  readonly line: number;
  /** Bytes from the start of the source to the end of the last line. */
  readonly offset: number;
  /** SHA-256, in hexadecimal, over all bytes before the offset: tells whether a source is still what it was. */
  readonly digest: string;
}

export interface LineLimits {
  readonly maxLineBytes: number;
  readonly linesAtOnce: number;
  readonly bytesAtOnce: number;
  /** A batch ends at this offset, whatever it holds: where an import stopped. */
  readonly endAt?: number | undefined;
}

const keptOfTooLong = 65_536;
const lineFeed = 0x0a;
const empty = new Uint8Array();

/**
 * Splits bytes into lines, and these into batches, without ever holding more than a chunk and a batch; of a longer line
 * than `maxLineBytes`, it keeps the beginning.
 */
export async function* lineBatches(chunks: AsyncIterable<Uint8Array>, limits: LineLimits): AsyncGenerator<LineBatch> {
  const { maxLineBytes, linesAtOnce, bytesAtOnce, endAt } = limits;
  const digest = createHash('sha256');
  let parts: Uint8Array[] = [];
  let length = 0;
  let line = 0;
  let offset = 0;
  let lines: NdjsonLine[] = [];
  let bytesInBatch = 0;

  const keep = (part: Uint8Array): void => {
    // A copy: the chunk that it is part of may be large, or be used again.
    if (length <= maxLineBytes) parts.push(part.slice(0, Math.max(maxLineBytes, keptOfTooLong)));
    length += part.length;
    digest.update(part);
  };
  const end = (part: Uint8Array, ended: boolean): void => {
    const bytes = length + part.length;
    const whole = parts.length === 0 ? part : Buffer.concat([...parts, part]);
    digest.update(part);
    if (ended) digest.update('\n');
    parts = [];
    length = 0;
    line += 1;
    const found = lineOf(whole, { number: line, start: offset, bytes, ended }, maxLineBytes);
    offset += bytes + (ended ? 1 : 0);
    bytesInBatch += bytes;
    if (found !== null) lines.push(found);
  };
  const batch = (): LineBatch => {
    const made = { lines, line, offset, digest: digest.copy().digest('hex') };
    lines = [];
    bytesInBatch = 0;
    return made;
  };

  for await (const chunk of chunks) {
    let start = 0;
    for (let at = chunk.indexOf(lineFeed); at !== -1; at = chunk.indexOf(lineFeed, start)) {
      end(chunk.subarray(start, at), true);
      start = at + 1;
      if (lines.length >= linesAtOnce || bytesInBatch >= bytesAtOnce || offset === endAt) yield batch();
    }
    if (start < chunk.length) keep(chunk.subarray(start));
  }
  if (length > 0) end(empty, false);
  if (lines.length > 0 || offset === endAt) yield batch();
}

type Place = Pick<NdjsonLine, 'number' | 'start' | 'bytes' | 'ended'>;

function lineOf(whole: Uint8Array, place: Place, maxLineBytes: number): NdjsonLine | null {
  const isTooLong = place.bytes > maxLineBytes;
  const kept = Buffer.from(
    whole.buffer,
    whole.byteOffset,
    isTooLong ? Math.min(whole.length, keptOfTooLong) : whole.length,
  );
  const text = withoutMarks(kept.toString('utf8'), place.number === 1);
  if (isTooLong) return { ...place, text, fault: 'too long' };
  if (text.trim() === '') return null;
  return { ...place, text, fault: isUtf8(kept) ? null : 'not UTF-8' };
}

/** Without a byte order mark at the start of the source and a carriage return at the end of the line. */
function withoutMarks(text: string, isFirst: boolean): string {
  const line = isFirst && text.startsWith('\uFEFF') ? text.slice(1) : text;
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}
