import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (...path: string[]): string => readFileSync(join(root, ...path), 'utf8');
const readme = read('README.md');
const folders = ['cql', 'measures', 'bundles', 'server', 'app', 'demo'];

/** The lines of all shell blocks of a document, without comments. */
function commands(text: string): string[] {
  return [...text.matchAll(/```(?:sh|bash)\n([\s\S]*?)```/g)]
    .flatMap(([, block]) => (block ?? '').split('\n'))
    .map((line) => line.replace(/\s+#.*$/, '').trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}

describe('The documentation', () => {
  const scripts = (JSON.parse(read('package.json')) as { scripts: Record<string, string> }).scripts;

  it('names only npm scripts that exist', () => {
    const named = commands(readme).flatMap((line) =>
      [...line.matchAll(/npm (?:run )?(start|test|[a-z]+(?::[a-z]+)?)\b/g)].map((m) => m[1] ?? ''),
    );
    const unknown = named.filter((name) => !['ci', 'run', 'install'].includes(name) && !(name in scripts));
    expect(unknown).toEqual([]);
  });

  it('lists every setting that the server reads, and no other', () => {
    const keys = [...read('server', 'config.ts').matchAll(/^ {2}([A-Z][A-Z_]+): z/gm)].map((m) => m[1]);
    const listed = [...readme.matchAll(/^\| `([A-Z][A-Z_]+)` \|/gm)].map((m) => m[1]);
    expect(listed.sort()).toEqual(keys.sort());
  });

  it.each(folders)('has a README of at most 60 lines in %s/', (folder) => {
    expect(read(folder, 'README.md').trimEnd().split('\n').length).toBeLessThanOrEqual(60);
  });

  it('draws every top folder', () => {
    for (const folder of folders) expect(readme).toContain(`${folder}/`);
  });

  it('names only files and folders that exist', () => {
    const named = [...readme.matchAll(/\]\((?!https?:|#)([^)#]+)\)/g)].map((m) => m[1] ?? '');
    expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  it('says what every operation is called', async () => {
    const { operations } = await import('../server/operations/operations.ts');
    const missing = operations.filter(({ code }) => !readme.includes(`$${code}`));
    expect(missing.map(({ code }) => code)).toEqual([]);
  });

  it('keeps a changelog that names the version', () => {
    expect(read('CHANGELOG.md')).toMatch(/^## (Unreleased|\d+\.\d+\.\d+)/m);
  });

  it('never names a package registry in a tracked file of the root', () => {
    const files = readdirSync(root).filter((name) => /\.(json|md|yaml)$|Dockerfile|npmrc/.test(name));
    const host = new RegExp(['registry', 'npmjs', 'org'].join('\\.'));
    expect(files.filter((name) => host.test(read(name)))).toEqual([]);
  });
});
