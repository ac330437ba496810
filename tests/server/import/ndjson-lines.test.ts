import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { type LineBatch, type LineLimits, lineBatches } from '../../../server/store/ndjson-lines.ts';

const wide: LineLimits = { maxLineBytes: 1_000, linesAtOnce: 1_000, bytesAtOnce: 1_000_000 };

async function* chunksOf(bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

async function read(text: string | Buffer, limits: Partial<LineLimits> = {}, sizes = [7]): Promise<LineBatch[]> {
  return Array.fromAsync(lineBatches(chunksOf(Buffer.from(text), sizes), { ...wide, ...limits }));
}

describe('Lines of NDJSON', () => {
  it('are the same however the bytes arrive', async () => {
    const line = fc.string({ unit: fc.constantFrom('a', '€', '😀', '{', ' ', '"'), maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { maxLength: 20 }),
        fc.boolean(),
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 }),
        async (lines, ended, sizes) => {
          const text = lines.join('\n') + (ended ? '\n' : '');
          const found = (await read(text, {}, sizes)).flatMap((batch) => batch.lines);
          const wanted = lines.map((one, index) => ({ text: one, number: index + 1 })).filter((one) => one.text.trim());
          expect(found.map(({ text: one, number }) => ({ text: one, number }))).toEqual(wanted);
          for (const { start, bytes, text: one } of found)
            expect(
              Buffer.from(text)
                .subarray(start, start + bytes)
                .toString(),
            ).toBe(one);
        },
      ),
    );
  });

  it('come in batches whose digest is that of all bytes before their end', async () => {
    const text = 'one\ntwo\n\nthree\nfour';
    const batches = await read(text, { linesAtOnce: 2 });
    expect(batches.map(({ lines }) => lines.map((line) => line.text))).toEqual([
      ['one', 'two'],
      ['three', 'four'],
    ]);
    for (const { offset, digest } of batches)
      expect(digest).toBe(createHash('sha256').update(text.slice(0, offset)).digest('hex'));
  });

  it('end a batch where an import stopped', async () => {
    const batches = await read('one\ntwo\nthree\n', { endAt: 8 });
    expect(batches.map(({ offset }) => offset)).toEqual([8, 14]);
  });

  it('may begin with a byte order mark and end with carriage returns', async () => {
    const [batch] = await read('\uFEFFone\r\ntwo\r\n');
    expect(batch?.lines.map(({ text }) => text)).toEqual(['one', 'two']);
  });

  it('that are too long, or no UTF-8, say so, and the next is read all the same', async () => {
    const long = 'x'.repeat(200_000);
    const [batch] = await read(
      Buffer.concat([Buffer.from(`${long}\n`), Buffer.from([0x22, 0xff, 0x0a]), Buffer.from('b')]),
    );
    expect(batch?.lines.map(({ fault, bytes, number, ended }) => ({ fault, bytes, number, ended }))).toEqual([
      { fault: 'too long', bytes: 200_000, number: 1, ended: true },
      { fault: 'not UTF-8', bytes: 2, number: 2, ended: true },
      { fault: null, bytes: 1, number: 3, ended: false },
    ]);
    expect(batch?.lines[0]?.text.length).toBeLessThanOrEqual(65_536);
  });
});
