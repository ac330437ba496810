import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

/** Which folder may import which. An import enters another folder only through that folder's index. */
const mayImport: Record<string, readonly string[]> = {
  cql: [],
  measures: ['cql'],
  bundles: ['measures', 'cql'],
  server: ['bundles', 'measures', 'cql', 'demo'],
  app: [],
  demo: ['bundles'],
  tests: ['cql', 'measures', 'bundles', 'server', 'app', 'demo'],
};

/** Inside server/, a name may import only names to its left. */
const serverOrder = [
  'config',
  'log',
  'db',
  'search',
  'store',
  'connectors',
  'terminology',
  'content',
  'jobs',
  'auth',
  'gaps',
  'billing',
  'context',
  'interactions',
  'operations',
  'cds-hooks',
  'outcomes',
  'http',
  'services',
  'seed',
  'main',
  'cli',
];

/** What only one file may know, by a text that gives it away. */
const owners: readonly { readonly text: RegExp; readonly owner: string; readonly what: string }[] = [
  { text: /process\.env/, owner: 'server/config', what: 'reads the environment' },
  { text: /from '@cqframework\/cql/, owner: 'cql/translate', what: 'knows the translator' },
  { text: /from 'cql-execution['/]/, owner: 'cql/interpreter', what: 'knows cql-execution' },
  { text: /\bfetch\(/, owner: 'app/fhir', what: 'fetches' },
];

const sqlFolders = ['db', 'search', 'store', 'gaps', 'billing', 'jobs', 'terminology', 'content', 'auth'];
const sqlStatement = /[`'"]\s*(SELECT|INSERT INTO|UPDATE|DELETE FROM|WITH)\s[^`'"]*\b(FROM|INTO|SET|VALUES|AS)\b/;

const maxLines = 400;
const bannedNames = /^(utils?|helpers?|common|misc|shared|base|managers?)$/i;

/** `path` and `imports` are relative to the root and carry no extension. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
  readonly imports: readonly string[];
}

export function readSources(root: string): SourceFile[] {
  return Object.keys(mayImport).flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.tsx?$/.test(name) && !/(^|\/)(dist|node_modules)\//.test(name))
      .map((name) => source(root, join(root, folder, name))),
  );
}

function source(root: string, file: string): SourceFile {
  const text = readFileSync(file, 'utf8');
  const imports = [...text.matchAll(/(?:from|import) '(\.[^']+)'/g)].map(([, target]) =>
    stem(root, resolve(dirname(file), target ?? '')),
  );
  return { path: stem(root, file), text, imports };
}

function stem(root: string, file: string): string {
  return relative(root, file).replace(/\.(js|tsx?)$/, '');
}

/** Sentences that each name a file and the rule of the design that it breaks; empty when all is well. */
export function violations(files: readonly SourceFile[]): string[] {
  return [...files.flatMap(brokenRules), ...cycles(files)];
}

function brokenRules({ path, text, imports }: SourceFile): string[] {
  const broken: string[] = [];
  const [folder = ''] = path.split('/');
  if (path.split('/').some((part) => bannedNames.test(part))) broken.push(`${path} is named after nothing`);
  if (text.split('\n').length > maxLines + 1) broken.push(`${path} is longer than ${maxLines} lines`);
  if (folder === 'tests') return broken;
  for (const target of imports) {
    const [other = ''] = target.split('/');
    if (other !== folder && !mayImport[folder]?.includes(other)) broken.push(`${path} must not import ${target}`);
    else if (other !== folder && target !== `${other}/index`)
      broken.push(`${path} must import ${other}/index, not ${target}`);
    else if (folder === 'server' && other === 'server' && rank(target) > rank(path))
      broken.push(`${path} must not import ${target}`);
    if (dirname(target) === dirname(path) && target.endsWith('/index')) broken.push(`${path} imports its own index`);
  }
  for (const { text: mark, owner, what } of owners) {
    const tolerated = owner.startsWith('app/') && folder !== 'app';
    if (mark.test(text) && path !== owner && !path.startsWith(`${owner}/`) && !tolerated)
      broken.push(`${path} ${what}; only ${owner} may`);
  }
  if (sqlStatement.test(text) && !(folder === 'server' && sqlFolders.includes(path.split('/')[1] ?? ''))) {
    broken.push(`${path} contains SQL; only server/{${sqlFolders.join(',')}} may`);
  }
  if (folder === 'server' && rank(path) === -1) broken.push(`${path} has no place in the order of server/`);
  return broken;
}

function rank(path: string): number {
  return serverOrder.indexOf(path.split('/')[1] ?? '');
}

function cycles(files: readonly SourceFile[]): string[] {
  const graph = new Map(files.map((file) => [file.path, file.imports]));
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) found.push([...trail.slice(trail.indexOf(path)), path].join(' -> '));
    if (done.has(path) || trail.includes(path)) return;
    for (const next of graph.get(path) ?? []) visit(next, [...trail, path]);
    done.add(path);
  };
  for (const path of graph.keys()) visit(path, []);
  return found;
}
