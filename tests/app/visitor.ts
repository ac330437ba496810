import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import { ApiStage } from './api-stage.ts';
import { buildPage, launchChromium } from './browser.ts';

/** Someone who looks at the built page in Chromium, while `stage` plays the server. Every test starts afresh. */
export class Visitor {
  readonly stage = new ApiStage();
  /** What the browser complained of: errors of scripts, of the content security policy. */
  readonly complaints: string[] = [];
  #browser: Browser | null = null;
  #context: BrowserContext | null = null;
  #page: Page | null = null;
  #url = '';

  get page(): Page {
    if (this.#page === null) throw new Error('nothing is open yet');
    return this.#page;
  }

  async arrive(): Promise<void> {
    buildPage();
    this.#url = await this.stage.start();
    this.#browser = await launchChromium();
  }

  async leave(): Promise<void> {
    await this.#browser?.close();
    await this.stage.stop();
  }

  async open(options: Parameters<Browser['newContext']>[0] = {}): Promise<void> {
    await this.close();
    this.complaints.length = 0;
    const desktop = { viewport: { width: 1280, height: 900 }, timezoneId: 'UTC', reducedMotion: 'reduce' as const };
    this.#context = (await this.#browser?.newContext({ ...desktop, ...options })) ?? null;
    this.#context?.setDefaultTimeout(8_000);
    this.#page = (await this.#context?.newPage()) ?? null;
    this.page.on('pageerror', ({ message }) => this.complaints.push(message));
    this.page.on('console', (message) => {
      // Chromium itself logs every answer that is an error; the tests that make them look at the page instead.
      const expected = message.text().startsWith('Failed to load resource');
      if (message.type() === 'error' && !expected) this.complaints.push(message.text());
    });
  }

  async close(): Promise<void> {
    await this.#context?.close();
    this.#context = null;
  }

  async visit(path: string): Promise<void> {
    await this.page.goto(this.#url + path);
    await this.page.getByRole('heading', { level: 1 }).waitFor();
    await this.settled();
  }

  /** Waits until nothing is being loaded or replaced. */
  async settled(): Promise<void> {
    await this.until(async () => (await this.page.locator('[aria-busy=true]').count()) === 0);
  }

  async until(holds: () => Promise<boolean>): Promise<void> {
    for (const end = Date.now() + 20_000; !(await holds()); await this.page.waitForTimeout(20)) {
      if (Date.now() > end) throw new Error(`waited in vain for ${holds}`);
    }
  }

  rows(): Locator {
    return this.page.getByRole('table', { name: /patients of/i }).getByRole('row');
  }

  names(): Promise<string[]> {
    return this.rows().getByRole('rowheader').getByRole('link').allInnerTexts();
  }
}

/** A visitor for the tests of the suite around the call: arrives before them, and has nothing to complain of in any. */
export function visitor(): Visitor {
  const one = new Visitor();
  beforeAll(() => one.arrive(), 120_000);
  afterAll(() => one.leave());
  beforeEach(async () => {
    one.stage.reset();
    await one.open();
  });
  afterEach(async () => {
    await one.close();
    expect(one.complaints).toEqual([]);
  });
  return one;
}
