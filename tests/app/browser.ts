import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';

const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const executablePath = [process.env.GAPLESS_CHROMIUM ?? '', ...places].find((path) => existsSync(path));

/** `describe` for suites that need a browser: skipped, loudly, where there is none; a failure where CI is set. */
export function describeInChromium(name: string, suite: () => void): void {
  if (executablePath !== undefined) describe(name, suite);
  else if (process.env.CI === 'true') {
    describe(name, () => {
      it('has the browser that it needs', () => {
        throw new Error(`No Chromium at ${places.join(', ')}: install it, or name it in GAPLESS_CHROMIUM`);
      });
    });
  } else {
    console.warn(`SKIPPED: "${name}" needs Chromium: install it, or name it in GAPLESS_CHROMIUM`);
    describe.skip(name, suite);
  }
}

/** Builds the page as the start command does; where several test files ask at once, one after the other. */
export function buildPage(): void {
  const lock = join(tmpdir(), `gapless-page-${process.ppid}`);
  while (!taken(lock)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
  try {
    build();
  } finally {
    rmdirSync(lock);
  }
}

function taken(lock: string): boolean {
  try {
    mkdirSync(lock);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function build(): void {
  execFileSync(process.execPath, [fileURLToPath(new URL('../../app/build.ts', import.meta.url))], { stdio: 'pipe' });
}

export function launchChromium(): Promise<Browser> {
  return chromium.launch({
    ...(executablePath === undefined ? {} : { executablePath }),
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

interface Violation {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly { readonly html: string }[];
}

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Serious and critical findings of axe (WCAG 2.2 A and AA, best practices), each as a sentence. */
export async function accessibilityProblems(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  const violations: readonly Violation[] = await page.evaluate('axe.run().then(({ violations }) => violations)');
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
}
