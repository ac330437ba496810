import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import type { Resource } from '@medplum/fhirtypes';
import { type PracticeOptions, practice } from './practice.ts';

/** Where the lines go: files `Type.ndjson` in a folder (as FHIR Bulk Data has them), or all types in one stream. */
export type NdjsonTarget = { readonly out: string } | { readonly stream: Writable };

export interface NdjsonProgress {
  readonly patients: number;
  readonly resources: number;
  readonly bytes: number;
}

/**
 * Writes a practice as NDJSON, a resource a line: shared resources, then the patients one by one, then the rosters.
 * Memory stays constant: it waits whenever the disk or the reader is slower. The folder is made if it isn't there;
 * its files are replaced. A given stream is not ended. Throws what the stream fails with, NotADate, NotAPracticeSize.
 */
export async function writeNdjson(
  options: PracticeOptions,
  target: NdjsonTarget & { readonly onProgress?: (progress: NdjsonProgress) => void },
): Promise<NdjsonProgress> {
  const { shared, patients, groups } = practice(options);
  const sink = 'out' in target ? await folderSink(target.out) : streamSink(target.stream);
  let [written, resources, bytes] = [0, 0, 0];
  const write = async (list: readonly Resource[]): Promise<void> => {
    resources += list.length;
    bytes += await sink.write(list);
  };
  try {
    await write(shared);
    for (const { resources: list } of patients) {
      await write(list);
      written++;
      if (written % 50 === 0) target.onProgress?.({ patients: written, resources, bytes });
    }
    await write(groups());
  } finally {
    await sink.close();
  }
  target.onProgress?.({ patients: written, resources, bytes });
  return { patients: written, resources, bytes };
}

interface Sink {
  /** Writes a line for each resource and returns the number of bytes. */
  write(resources: readonly Resource[]): Promise<number>;
  close(): Promise<void>;
}

function streamSink(stream: Writable): Sink {
  return {
    write: (resources) => send(stream, resources.map((resource) => `${JSON.stringify(resource)}\n`).join('')),
    close: async () => {},
  };
}

async function folderSink(folder: string): Promise<Sink> {
  await mkdir(folder, { recursive: true });
  const files = new Map<string, Writable>();
  const file = (type: string): Writable => {
    const known = files.get(type);
    if (known !== undefined) return known;
    const opened = createWriteStream(join(folder, `${type}.ndjson`));
    // Heard here so that it doesn't end the process; thrown by the next write, or by close.
    opened.on('error', () => {});
    files.set(type, opened);
    return opened;
  };
  return {
    async write(resources) {
      const lines = new Map<string, string>();
      for (const resource of resources) {
        const { resourceType } = resource;
        lines.set(resourceType, `${lines.get(resourceType) ?? ''}${JSON.stringify(resource)}\n`);
      }
      let bytes = 0;
      for (const [type, text] of lines) bytes += await send(file(type), text);
      return bytes;
    },
    async close() {
      for (const stream of files.values()) stream.end();
      await Promise.all([...files.values()].map((stream) => finished(stream)));
    },
  };
}

/** Waits until the text is on its way when the stream asks for it; its failure, or its end, is this call's failure. */
async function send(stream: Writable, text: string): Promise<number> {
  const bytes = Buffer.from(text, 'utf8');
  await new Promise<void>((resolve, reject) => {
    const hasRoom = stream.write(bytes, (error) => (error ? reject(error) : resolve()));
    if (hasRoom) resolve();
  });
  return bytes.length;
}
