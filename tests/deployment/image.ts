import { execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startEmbeddedPostgres } from '../../server/db/embedded.ts';
import { createLogger } from '../../server/log.ts';

/**
 * Runs the steps of the Dockerfile in an empty folder, with the environment of compose.yaml and a PostgreSQL, where
 * there is no Docker: COPY what Docker would copy, each RUN, then CMD, until /health answers and SIGTERM ends it.
 */
const root = fileURLToPath(new URL('../..', import.meta.url));
const image = mkdtempSync(join(tmpdir(), 'gapless-image-'));
const nodeFolder = dirname(process.execPath);
const path = `${nodeFolder}:${process.env.PATH}`;

interface Step {
  readonly instruction: string;
  readonly rest: string;
}

function steps(): Step[] {
  const text = readFileSync(join(root, 'Dockerfile'), 'utf8').replace(/\\\n/g, ' ');
  return text
    .split('\n')
    .filter((line) => /^[A-Z]+ /.test(line))
    .map((line) => ({ instruction: line.split(' ', 1)[0] ?? '', rest: line.replace(/^[A-Z]+ /, '') }));
}

function copy(rest: string): void {
  const sources = rest.split(/\s+/).slice(0, -1);
  const tracked = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { cwd: root, encoding: 'utf8' }).split(
    '\n',
  );
  const ignored = readFileSync(join(root, '.dockerignore'), 'utf8')
    .split('\n')
    .filter((line) => line !== '');
  const kept = tracked.filter(
    (file) => file !== '' && !ignored.some((name) => file === name || file.startsWith(`${name}/`)),
  );
  for (const file of sources.includes('.') ? kept : sources) {
    mkdirSync(dirname(join(image, file)), { recursive: true });
    cpSync(join(root, file), join(image, file));
  }
}

/** Environment of the service `gapless` in compose.yaml, with the defaults of its variables. */
function composeEnvironment(): Record<string, string> {
  const text = readFileSync(join(root, 'compose.yaml'), 'utf8');
  const block = /gapless:\n(?:.*\n)*? {4}environment:\n((?: {6}.*\n)+)/.exec(text)?.[1] ?? '';
  const entries = [...block.matchAll(/^ {6}(\w+): "?(.*?)"?$/gm)];
  return Object.fromEntries(
    entries.map(([, name = '', value = '']) => [name, value.replace(/\$\{\w+:-([^}]*)\}/g, '$1')]),
  );
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

async function main(): Promise<void> {
  const environment: Record<string, string> = {};
  let command: string[] = [];
  for (const { instruction, rest } of steps()) {
    console.log(`${instruction} ${rest}`);
    if (instruction === 'COPY') copy(rest);
    else if (instruction === 'RUN')
      execFileSync('sh', ['-c', rest], { cwd: image, env: { ...process.env, PATH: path }, stdio: 'inherit' });
    else if (instruction === 'ENV')
      for (const [, name = '', value = ''] of rest.matchAll(/(\w+)=(\S+)/g)) environment[name] = value;
    else if (instruction === 'CMD') command = JSON.parse(rest) as string[];
  }
  const log = createLogger({ logLevel: 'error', logFormat: 'text' });
  const postgres = await startEmbeddedPostgres({ dataDir: join(image, '.postgres', 'data'), log });
  const port = String(await freePort());
  const env = {
    ...environment,
    ...composeEnvironment(),
    PORT: port,
    GAPLESS_DEMO_PATIENTS: '2',
    DATABASE_URL: postgres.connectionString,
  };
  const server = spawn(command[0] ?? '', command.slice(1), {
    cwd: image,
    env: { PATH: path, ...env },
    stdio: 'inherit',
  });
  const ended = new Promise<number | null>((resolve) => server.once('exit', resolve));
  try {
    const health = await answer(`http://127.0.0.1:${port}/health`);
    console.log(`HEALTHCHECK ${health}`);
    server.kill('SIGTERM');
    const code = await ended;
    if (code !== 0) throw new Error(`SIGTERM ended the server with ${code}`);
    console.log('1 passed, 0 failed');
  } finally {
    server.kill('SIGKILL');
    await postgres.stop();
    rmSync(image, { recursive: true, force: true });
  }
}

async function answer(url: string): Promise<string> {
  for (let attempt = 0; attempt < 240; attempt += 1) {
    const response = await fetch(url).catch(() => null);
    if (response?.ok) return response.text();
    await sleep(250);
  }
  throw new Error(`${url} did not answer within 60 s`);
}

await main();
