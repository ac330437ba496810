import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Machines that run tests are busy: a start that takes 2 s alone may take ten times that. */
export const patience = 60_000;

export interface ServerProcess {
  readonly pid: number;
  readonly url: string;
  /** What it printed so far. */
  output(): string;
  /** Resolves when it answers from its database. */
  ready(): Promise<void>;
  /** Resolves when its output matches. */
  printed(pattern: RegExp): Promise<void>;
  /** @param group true: to all processes of the terminal, as Ctrl-C is */
  kill(signal: NodeJS.Signals, group?: boolean): void;
  /** Exit code, or the signal that ended it. */
  ended(): Promise<number | NodeJS.Signals>;
}

const running = new Set<ChildProcess>();
const folders: string[] = [];

/** A folder that disappears after the test file. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'gapless-process-'));
  chmodSync(folder, 0o755); // as root, PostgreSQL runs as nobody, who has to get in
  folders.push(folder);
  return folder;
}

/** Ends what the test file left running. */
export async function cleanUp(): Promise<void> {
  for (const child of running) child.kill('SIGKILL');
  await sleep(running.size > 0 ? 1000 : 0);
  for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 500 });
}

/** The server as its user starts it: `node server/main.ts`, with these settings alone. */
export async function startProcess(settings: Record<string, string>): Promise<ServerProcess> {
  const port = settings.PORT ?? String(await freePort());
  const env = { PATH: process.env.PATH, GAPLESS_DEMO_PATIENTS: '0', ...settings, PORT: port };
  const child = spawn(process.execPath, [join(root, 'server', 'main.ts')], { env, detached: true, cwd: tmpdir() });
  running.add(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += String(data)));
  const exit = new Promise<number | NodeJS.Signals>((done) =>
    child.once('close', (code, signal) => {
      running.delete(child);
      done(code ?? signal ?? 1);
    }),
  );
  const url = `http://127.0.0.1:${port}`;
  const until = async (what: string, test: () => Promise<boolean>): Promise<void> => {
    for (const end = Date.now() + patience; !(await test()); await sleep(50)) {
      if (Date.now() > end || child.exitCode !== null) throw new Error(`the server is not ${what}:\n${output}`);
    }
  };
  return {
    pid: child.pid ?? 0,
    url,
    output: () => output,
    ready: () => until('ready', () => isHealthy(url)),
    printed: (pattern) => until(`saying ${pattern}`, async () => pattern.test(output)),
    kill: (signal, group = false) => void process.kill(group ? -(child.pid ?? 0) : (child.pid ?? 0), signal),
    ended: () => exit,
  };
}

export async function isHealthy(url: string): Promise<boolean> {
  const response = await fetch(`${url}/health`).catch(() => null);
  await response?.arrayBuffer().catch(() => null);
  return response?.ok === true;
}

export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever JSON the server sends
  readonly json: any;
}

/** A FHIR request with a JSON body. */
export async function fhir(url: string, method: string, path: string, body?: unknown): Promise<Answer> {
  const sent = body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) };
  const response = await fetch(`${url}/fhir/${path}`, {
    method,
    headers: { 'content-type': 'application/fhir+json', connection: 'close' },
    ...sent,
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, json: text.startsWith('{') ? JSON.parse(text) : null };
}

/** Number of resources that a search finds. */
export async function count(url: string, search: string): Promise<number> {
  return (await fhir(url, 'GET', `${search}${search.includes('?') ? '&' : '?'}_summary=count`)).json.total;
}
