import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What decides how a measure is compiled and analysed, beside the measure itself. */
const sources = ['cql', 'measures', 'package.json'];

/**
 * Of this program: what one edition kept is nothing to another. A hash of the sources themselves and of the JavaScript
 * engine, because a number that has to be raised by hand is forgotten.
 * @param root folder of the project
 */
export function edition(root: string): string {
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
