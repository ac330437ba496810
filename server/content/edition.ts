import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What decides how a measure is compiled and analysed, beside the measure itself. */
const engine = ['cql', 'measures', 'package.json'];
/** What decides what an answer says, beside the measures and the data. */
export const program = [...engine, 'bundles', 'server'];

/**
 * Of this program: what one edition kept is nothing to another. A hash of the sources themselves and of the JavaScript
 * engine, because a number that has to be raised by hand is forgotten.
 * @param root folder of the project
 * @param sources files and folders in it; those of the engine unless told
 */
export function edition(root: string, sources: readonly string[] = engine): string {
  const hash = createHash('sha256').update(`${process.version} ${process.versions.v8} ${process.arch}`);
  for (const source of sources) add(hash, root, source);
  return hash.digest('hex');
}

function add(hash: ReturnType<typeof createHash>, root: string, path: string): void {
  if (/\.(ts|json)$/.test(path)) {
    hash.update(`\n${path}\n`).update(readFileSync(join(root, path)));
    return;
  }
  const entries = readdirSync(join(root, path), { withFileTypes: true });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1)))
    if (entry.isDirectory() ? entry.name !== 'content' : entry.name.endsWith('.ts'))
      add(hash, root, `${path}/${entry.name}`);
}
