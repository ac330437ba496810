import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Builds the page with Vite, unless what is in dist/ was built from these very sources: a second start costs nothing. */
const folder = fileURLToPath(new URL('.', import.meta.url));
const stamp = join(folder, 'dist', 'built-from');

function fingerprint(): string {
  const hash = createHash('sha256').update(readFileSync(join(folder, '..', 'package-lock.json')));
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (name) => !name.startsWith('dist') && /\.(tsx?|css|html|svg|json)$/.test(name),
  );
  for (const name of files.sort()) hash.update(name).update(readFileSync(join(folder, name)));
  return hash.digest('hex');
}

const wanted = fingerprint();
if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== wanted) {
  const { build } = await import('vite');
  await build({ root: folder, configFile: join(folder, 'vite.config.ts'), logLevel: 'warn' });
  writeFileSync(stamp, wanted);
}
