import {
  chmodSync,
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SealedFolder } from '../../../server/content/sealed-folder.ts';

describe('A sealed folder', () => {
  let path: string;
  let problems: string[];
  const open = (edition = 'one', maxBytes = 1_000_000): SealedFolder =>
    new SealedFolder({ path, edition, maxBytes, onProblem: (problem) => problems.push(problem) });
  const files = (): string[] =>
    readdirSync(path)
      .filter((name) => name.endsWith('.sealed'))
      .sort();
  const content = Uint8Array.from({ length: 20_000 }, (_, i) => i % 251);

  beforeEach(() => {
    path = join(mkdtempSync(join(tmpdir(), 'sealed-')), 'cache');
    problems = [];
  });

  afterEach(() => rmSync(join(path, '..'), { recursive: true, force: true }));

  it('gives back what was written, also to another process', () => {
    open().write('a', content);
    expect(open().read('a')).toEqual(Buffer.from(content));
    expect(open().read('b')).toBeNull();
    expect(problems).toEqual([]);
  });

  it('keeps itself, its key and its files to the account', () => {
    open().write('a', content);
    expect(statSync(path).mode & 0o777).toBe(0o700);
    for (const name of readdirSync(path)) expect(statSync(join(path, name)).mode & 0o777).toBe(0o600);
  });

  it('gives nothing of a file of which any byte was changed, and removes it', () => {
    const folder = open();
    folder.write('a', content);
    const file = join(path, files()[0] ?? '');
    const bytes = readFileSync(file);
    for (let at = 0; at < bytes.length; at += 1000) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      writeFileSync(file, changed, { mode: 0o600 });
      expect(folder.read('a')).toBeNull();
      expect(files()).toEqual([]);
    }
    expect(problems[0]).toMatch(/is not as it was written/);
    folder.write('a', content);
    expect(folder.read('a')).toEqual(Buffer.from(content));
  });

  it.each([0, 1, 31, 32, 33, 19_999])('gives nothing of a file that was cut to %d bytes', (length) => {
    const folder = open();
    folder.write('a', content);
    truncateSync(join(path, files()[0] ?? ''), length);
    expect(folder.read('a')).toBeNull();
  });

  it('gives nothing of a file that stands in the place of another', () => {
    const folder = open();
    folder.write('a', content);
    const [first = ''] = files();
    folder.write('b', Uint8Array.of(1, 2, 3));
    const second = files().find((name) => name !== first) ?? '';
    copyFileSync(join(path, first), join(path, second));
    expect(folder.read('b')).toBeNull();
    expect(folder.read('a')).toEqual(Buffer.from(content));
  });

  it('gives nothing of a file that another folder sealed', () => {
    open().write('a', content);
    const foreign = readFileSync(join(path, files()[0] ?? ''));
    const name = files()[0] ?? '';
    rmSync(path, { recursive: true });
    const folder = open();
    writeFileSync(join(path, name), foreign, { mode: 0o600 });
    expect(folder.read('a')).toBeNull();
  });

  it('gives nothing of another edition of the program', () => {
    open('one').write('a', content);
    expect(open('two').read('a')).toBeNull();
    expect(open('one').read('a')).toEqual(Buffer.from(content));
  });

  it('lets the least recently used go when there is too much', () => {
    const folder = open('one', 100_000);
    for (let i = 0; i < 4; i += 1) {
      folder.write(`old ${i}`, content);
      for (const name of files()) {
        const file = join(path, name);
        if (statSync(file).mtimeMs > Date.now() - 60_000)
          utimesSync(file, new Date(), new Date(Date.now() - (100 - i) * 60_000));
      }
    }
    folder.write('new 1', content);
    folder.write('new 2', content);
    expect(folder.read('old 0')).toBeNull();
    expect(folder.read('new 2')).toEqual(Buffer.from(content));
    const bytes = files().reduce((sum, name) => sum + statSync(join(path, name)).size, 0);
    expect(bytes).toBeLessThanOrEqual(100_000);
  });

  it('agrees on one key when many open it at once', () => {
    const folders = Array.from({ length: 5 }, () => open());
    for (const [i, folder] of folders.entries()) folder.write(`${i}`, Uint8Array.of(i));
    for (const folder of folders) for (const i of folders.keys()) expect(folder.read(`${i}`)).toEqual(Buffer.of(i));
    expect(readdirSync(path).filter((name) => name.endsWith('.part'))).toEqual([]);
  });

  it('does without when others could read its key, and says so', () => {
    open().write('a', content);
    chmodSync(join(path, 'key'), 0o644);
    const folder = open();
    expect(folder.read('a')).toBeNull();
    folder.write('b', content);
    expect(problems[0]).toMatch(/not used.*could be read by others/);
  });

  it('does without where no folder can be made, and says so', () => {
    writeFileSync(join(path, '..', 'file'), '');
    const folder = new SealedFolder({
      path: join(path, '..', 'file', 'cache'),
      edition: '',
      onProblem: (p) => problems.push(p),
    });
    folder.write('a', content);
    expect(folder.read('a')).toBeNull();
    expect(problems).toHaveLength(1);
  });
});
