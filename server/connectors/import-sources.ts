import { createReadStream, statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { NdjsonSource } from '../store/import-source.ts';
import { exchange, UnusableAnswer } from './bulk-http.ts';
import type { EndpointRules } from './endpoint-addresses.ts';

/** A file or folder that cannot be imported. */
export class UnreadableSource extends Error {
  override readonly name = 'UnreadableSource';
}

const ndjsonFile = /\.(ndjson|jsonl)(\.gz)?$/i;
const chunkBytes = 1_048_576;

/**
 * The NDJSON files that a path names: itself, or all that lie in the folder, by name.
 *
 * @throws UnreadableSource
 */
export async function fileSources(path: string, resourceType: string | null): Promise<NdjsonSource[]> {
  const absolute = resolve(path);
  const found = statSync(absolute, { throwIfNoEntry: false });
  if (found === undefined) throw new UnreadableSource(`${path} does not exist`);
  if (!found.isDirectory()) return [fileSource(absolute, found.size, resourceType)];
  const names = (await readdir(absolute)).filter((name) => ndjsonFile.test(name)).sort();
  if (names.length === 0)
    throw new UnreadableSource(`${path} holds no NDJSON: files are to end in .ndjson or .jsonl, or these with .gz`);
  return names.map((name) => join(absolute, name)).map((file) => fileSource(file, statSync(file).size, resourceType));
}

function fileSource(path: string, bytes: number, resourceType: string | null): NdjsonSource {
  const isPacked = /\.gz$/i.test(path);
  return {
    name: path,
    resourceType,
    size: isPacked ? null : bytes,
    open: (signal) => {
      const file = createReadStream(path, { highWaterMark: chunkBytes, signal });
      return isPacked ? unpacked(file) : file;
    },
  };
}

/** Standard input: what was stored of it is known again by its bytes when the same is piped in once more. */
export function standardInput(input: Readable, resourceType: string | null): NdjsonSource {
  return { name: 'standard input', resourceType, size: null, open: () => input };
}

const silenceMs = 60_000;
const accepted = 'application/fhir+ndjson, application/ndjson, application/x-ndjson';

/** What a URL of http or https answers. Packed by its Content-Encoding or, where the path ends in `.gz`, by itself. */
export function urlSource(url: string, resourceType: string | null, rules: EndpointRules): NdjsonSource {
  return {
    name: url,
    resourceType,
    size: null,
    async open(signal) {
      const asked = { method: 'GET', url, headers: { accept: accepted }, signal, timeoutMs: silenceMs } as const;
      const { status, body, headers } = await exchange(asked, rules);
      if (status !== 200) {
        body.resume();
        const { host } = new URL(url);
        throw new UnusableAnswer(`${host} answers with status ${status}`, status === 429 || status >= 500);
      }
      const isPacked = new URL(url).pathname.endsWith('.gz') && headers['content-encoding'] !== 'gzip';
      return isPacked ? unpacked(body) : body;
    },
  };
}

/** What breaks, the connection or the packing, is told by the stream that is read. */
function unpacked(bytes: Readable): Readable {
  return pipeline(bytes, createGunzip(), () => undefined);
}
