import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { type NdjsonProgress, practice, writeNdjson } from '../../demo/index.ts';

const options = { seed: 'gapless', patients: 55, asOf: '2026-11-22' };

function everything(): string[] {
  const { shared, patients, groups } = practice(options);
  return [...shared, ...[...patients].flatMap(({ resources }) => resources), ...groups()].map((one) =>
    JSON.stringify(one),
  );
}

describe('NDJSON of a demo practice', () => {
  it('goes to one stream in an order in which each line refers only to lines before it, or of its own patient', async () => {
    const chunks: Buffer[] = [];
    const stream = new Writable({
      write(chunk: Buffer, _encoding, done) {
        chunks.push(chunk);
        done();
      },
    });
    const heard: NdjsonProgress[] = [];
    const result = await writeNdjson(options, { stream, onProgress: (progress) => heard.push(progress) });
    const text = Buffer.concat(chunks).toString('utf8');
    expect(text.split('\n').slice(0, -1)).toEqual(everything());
    expect(result).toEqual({ patients: 55, resources: everything().length, bytes: Buffer.byteLength(text) });
    expect(heard.map(({ patients }) => patients)).toEqual([50, 55]);
    expect(stream.writableEnded).toBe(false);
  });

  it('goes to a file per type in a folder', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'gapless-demo-'));
    try {
      const { resources } = await writeNdjson(options, { out: join(folder, 'new') });
      const files = await readdir(join(folder, 'new'));
      let lines = 0;
      for (const file of files) {
        const text = await readFile(join(folder, 'new', file), 'utf8');
        const types = text
          .split('\n')
          .slice(0, -1)
          .map((line) => (JSON.parse(line) as { resourceType: string }).resourceType);
        expect(new Set(types)).toEqual(new Set([file.replace('.ndjson', '')]));
        lines += types.length;
      }
      expect(lines).toBe(resources);
      expect(files).toContain('Group.ndjson');
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('never holds more than one patient for a reader that is slow', async () => {
    let most = 0;
    const stream = new Writable({
      highWaterMark: 1024,
      write(_chunk, _encoding, done) {
        most = Math.max(most, stream.writableLength);
        setTimeout(done, 1);
      },
    });
    await writeNdjson(options, { stream });
    const { patients } = practice(options);
    const largest = Math.max(
      ...[...patients].map(({ resources }) =>
        Buffer.byteLength(resources.map((one) => `${JSON.stringify(one)}\n`).join('')),
      ),
    );
    expect(most).toBeLessThanOrEqual(largest);
  });

  it('fails when the reader goes away, instead of waiting for it', async () => {
    let heard = 0;
    const stream = new Writable({
      write(_chunk, _encoding, done) {
        heard++;
        if (heard === 3) stream.destroy();
        done();
      },
    });
    await expect(writeNdjson(options, { stream })).rejects.toThrow();
  });

  it('fails when the folder cannot be written', async () => {
    await expect(writeNdjson(options, { out: '/dev/null/demo' })).rejects.toThrow();
  });
});
