import { readFile } from 'node:fs/promises';
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import { ApiStage } from './api-stage.ts';
import { accessibilityProblems, buildPage, describeInChromium, launchChromium } from './browser.ts';

const measure = '/measures/BreastCancerScreening-1.0.0';
const places = [
  '/',
  measure,
  `${measure}?population=numerator`,
  '/patients',
  '/patients/patient-3',
  '/resources/Encounter/visit-1',
  '/nowhere',
];
const phone = { width: 390, height: 844 };

describeInChromium('The page', () => {
  const stage = new ApiStage();
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let url: string;
  let complaints: string[];

  beforeAll(async () => {
    buildPage();
    url = await stage.start();
    browser = await launchChromium();
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    await stage.stop();
  });

  beforeEach(async () => {
    stage.reset();
    await open({});
  });

  afterEach(async () => {
    await context.close();
    expect(complaints).toEqual([]);
  });

  async function open(options: Parameters<Browser['newContext']>[0]): Promise<void> {
    await context?.close();
    context = await browser.newContext({
      viewport: { width: 1280, height: 900 },
      timezoneId: 'UTC',
      reducedMotion: 'reduce',
      ...options,
    });
    context.setDefaultTimeout(8_000);
    page = await context.newPage();
    complaints = [];
    page.on('pageerror', ({ message }) => complaints.push(message));
    page.on('console', (message) => {
      // Chromium itself logs every answer that is an error; the tests that make them look at the page instead.
      if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
        complaints.push(message.text());
    });
  }

  async function visit(path: string): Promise<void> {
    await page.goto(url + path);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await settled();
  }

  /** Waits until nothing is being loaded or replaced. */
  async function settled(): Promise<void> {
    await until(async () => (await page.locator('[aria-busy=true]').count()) === 0);
  }

  async function until(holds: () => Promise<boolean>): Promise<void> {
    for (const end = Date.now() + 8_000; !(await holds()); await page.waitForTimeout(20)) {
      if (Date.now() > end) throw new Error(`waited in vain for ${holds}`);
    }
  }

  const heading = (): Promise<string | null> => page.getByRole('heading', { level: 1 }).textContent();
  const rows = (): Locator => page.getByRole('table', { name: /patients of/i }).getByRole('row');
  const names = (): Promise<string[]> => rows().getByRole('rowheader').getByRole('link').allInnerTexts();

  describe('of all measures', () => {
    it('says in words how each stands, the one furthest from its target first', async () => {
      await visit('/');
      const cards = page.getByRole('article');
      expect(await cards.getByRole('heading').allInnerTexts()).toEqual([
        'Breast cancer screening',
        'Diabetes out of control',
      ]);
      const [first = '', second = ''] = await cards.allInnerTexts();
      for (const words of [
        '65.4\u00a0%',
        '4.6 points below target',
        'Target at least 70.0\u00a0%',
        'Higher is better',
        '27',
      ])
        expect(first).toContain(words);
      for (const words of [
        '17.9\u00a0%',
        'Meets its target',
        'Target at most 25.0\u00a0%',
        'Lower is better',
        'Down 5.1 points',
      ])
        expect(second).toContain(words);
      expect(await page.getByRole('main').textContent()).toContain(
        '34 gaps to close. 1 of 2 measures meets its target.',
      );
    });

    it('loads no chart library, and shifts nothing while it loads', async () => {
      await page.addInitScript(
        'window.shift = 0; new PerformanceObserver((l) => l.getEntries().forEach((e) => (window.shift += e.value))).observe({ type: "layout-shift", buffered: true })',
      );
      await visit('/');
      const scripts: string[] = await page.evaluate(
        'performance.getEntriesByType("resource").map((entry) => entry.name)',
      );
      expect(scripts.filter((name) => /trend-chart/.test(name))).toEqual([]);
      expect(await page.evaluate('window.shift')).toBeLessThan(0.05);
    });

    it('says what to do when no measure is installed', async () => {
      stage.measures = [];
      await visit('/');
      await page.getByText('gapless measures install FILE').waitFor();
    });
  });

  describe('of a measure', () => {
    it.each([
      ['Initial population', 84],
      ['Denominator', 84],
      ['Excluded', 6],
      ['Numerator', 51],
    ])('leads from the number of %s to those %d patients', async (name, members) => {
      await visit('/');
      await page
        .getByRole('article')
        .first()
        .getByRole('link', { name: `${name} ${members}` })
        .click();
      await page.getByText(`1 to ${Math.min(25, members)} of ${members}`).waitFor();
      expect(await heading()).toBe('Breast cancer screening');
    });

    it('shows how the counts make the rate', async () => {
      await visit(measure);
      await page.getByText('51 of 78 (84 − 6) = 65.4\u00a0%').waitFor();
    });

    it('lists the gaps to close, each with what would close it and why', async () => {
      await visit(measure);
      expect(await rows().count()).toBe(26);
      const [, first = ''] = await rows().allInnerTexts();
      for (const words of ['To do', 'Record a mammography by 31 Dec 2026', 'No mammography between', '31 Dec 2026'])
        expect(first).toContain(words);
    });

    it('goes through the pages of a list, and back', async () => {
      await visit(`${measure}?status=any`);
      await page.getByRole('link', { name: 'Next' }).click();
      await page.getByText('26 to 50 of 84').waitFor();
      await page.goBack();
      await page.getByText('1 to 25 of 84').waitFor();
    });

    it('sorts by a column, and says so', async () => {
      await visit(measure);
      await page.getByRole('button', { name: 'Patient' }).click();
      await page.waitForURL(/sort=name/);
      await until(
        async () =>
          (await page.getByRole('columnheader', { name: 'Patient' }).getAttribute('aria-sort')) === 'ascending',
      );
      await settled();
      const ascending = await names();
      await page.getByRole('button', { name: 'Patient' }).click();
      await page.waitForURL(/sort=-name/);
      await until(async () => (await names())[0] !== ascending[0]);
    });

    it('keeps filters over a reload and the way back, and a name in no address', async () => {
      await visit(measure);
      await page.getByRole('combobox', { name: 'Provider' }).selectOption({ label: 'Dr. Inês Ferreira' });
      await page.getByRole('searchbox', { name: 'Search this list' }).fill('kowalski');
      await until(async () => (await rows().count()) === 3);
      const found = await names();
      await page.reload();
      await settled();
      expect(await names()).toEqual(found);
      await rows().getByRole('link').first().click();
      await page.getByRole('heading', { level: 2, name: '1 gap to close' }).waitFor();
      await page.goBack();
      await until(async () => (await rows().count()) === 3);
      expect(await names()).toEqual(found);
      expect(await page.getByRole('searchbox', { name: 'Search this list' }).inputValue()).toBe('kowalski');
      expect(page.url()).not.toMatch(/kowalski/i);
      expect(stage.requests.filter(({ path }) => /kowalski/i.test(path))).toEqual([]);
      expect(stage.requests.some(({ body }) => /kowalski/.test(body))).toBe(true);
    });

    it('says when nobody matches, and how to see everyone again', async () => {
      await visit(measure);
      await page.getByRole('searchbox', { name: 'Search this list' }).fill('zzz');
      await page.getByRole('button', { name: 'Show all' }).click();
      await page.getByText('1 to 25 of 27').waitFor();
    });

    it('exports all pages of the list, with no formula in any cell', async () => {
      await visit(measure);
      const download = page.waitForEvent('download');
      await page.getByRole('button', { name: 'Export CSV' }).click();
      const file = await download;
      const lines = (await readFile(await file.path(), 'utf8')).trimEnd().split('\r\n');
      expect(file.suggestedFilename()).toMatch(/^BreastCancerScreening-1\.0\.0-patients-\d{4}-\d\d-\d\d\.csv$/);
      expect(lines).toHaveLength(28);
      expect(lines.filter((line) => line.includes('HYPERLINK'))).toEqual([
        expect.stringContaining(`,"'=HYPERLINK(""x"") Okafor",`),
      ]);
    });

    it('sets and removes a target', async () => {
      await visit(measure);
      await page.getByRole('button', { name: 'Change target' }).click();
      const field = page.getByRole('textbox', { name: 'At least, in percent' });
      await field.fill('120');
      await page.getByRole('button', { name: 'Save' }).click();
      await page.getByText('Give a number from 0 to 100').waitFor();
      await field.fill('62,5');
      await field.press('Enter');
      await page.getByText('Target at least 62.5\u00a0%').first().waitFor();
      await page.getByText('Meets its target').waitFor();
      await page.getByRole('button', { name: 'Change target' }).click();
      await page.getByRole('button', { name: 'Remove the target' }).click();
      await page.getByRole('button', { name: 'Set a target' }).waitFor();
    });

    it('shows what its content was warned about', async () => {
      await visit('/measures/PoorControl-1.0.0');
      await page.getByText('1 warning about this measure’s content').click();
      await page.getByText('Value set Diabetes holds 300 of 412 codes').waitFor();
    });
  });

  describe('of a patient', () => {
    it('says what would close the gap, why it is one, on what evidence, and what changed', async () => {
      await visit('/patients/patient-3');
      const gap = await page.getByRole('article').first().textContent();
      for (const words of [
        'To do',
        'Due by 31 Dec 2026',
        'Record a mammography',
        'No mammography between',
        'Initial population',
      ])
        expect(gap).toContain(words);
      const history = await page
        .getByRole('listitem')
        .filter({ has: page.getByRole('time') })
        .allInnerTexts();
      expect(history).toEqual([
        expect.stringMatching(/closed → to do\s+7 Oct 2026, 09:12: the measure or its period changed/),
        expect.stringMatching(/to do → closed\s+7 Mar 2026, 09:12: the chart changed: encounter, medication request/),
        expect.stringMatching(/: to do\s+3 Feb 2026, 09:12: first evaluated/),
      ]);
    });

    it('leads from the evidence to the resource, and back to the patient', async () => {
      await visit('/patients/patient-3');
      await page.getByRole('link', { name: 'Office visit, 3 Feb 2026' }).click();
      await page.getByText('"resourceType": "Encounter"').waitFor();
      await page.getByRole('link', { name: 'The patient' }).click();
      await page.getByRole('heading', { level: 2, name: '1 gap to close' }).waitFor();
    });

    it('says that a patient does not exist', async () => {
      await visit('/patients/nobody');
      expect(await page.getByRole('alert').textContent()).toContain('There is no patient with this id');
    });
  });

  it('finds patients by any part of their names, from every page', async () => {
    await visit('/');
    await page.getByRole('searchbox', { name: 'Find a patient by name' }).fill('carmen kow');
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/patients$/);
    await page.getByRole('main').getByRole('link', { name: 'Carmen Kowalski' }).first().waitFor();
    await page.reload();
    await page.getByRole('main').getByRole('link', { name: 'Carmen Kowalski' }).first().waitFor();
    expect(stage.requests.filter(({ path }) => /carmen|kow/i.test(path))).toEqual([]);
  });

  describe('when the server', () => {
    it('answers with an error, says what it said, and tries again when asked', async () => {
      stage.failing = { status: 422, diagnostics: 'The measure is being replaced: try again in a minute' };
      await visit('/');
      expect(await page.getByRole('alert').textContent()).toMatch(/replaced: try again[\s\S]*request-1/);
      stage.failing = null;
      await page.getByRole('alert').getByRole('button', { name: 'Try again' }).click();
      await page.getByRole('article').first().waitFor();
    });

    it('goes away, keeps what was read and says of when it is, until it comes back', async () => {
      await visit('/');
      await page.route(/\/(api|fhir)\//, (route) => route.abort());
      await page.evaluate('window.dispatchEvent(new Event("visibilitychange"))');
      await page.getByText(/Gapless cannot be reached.*What you see is from \d\d:\d\d/).waitFor({ timeout: 25_000 });
      expect(await page.getByRole('article').count()).toBe(2);
      await page.unroute(/\/(api|fhir)\//);
      await page.getByText(/Gapless cannot be reached/).waitFor({ state: 'detached' });
    });

    it('evaluates, shows how far it is and then the new numbers, by itself', async () => {
      stage.status = { ...stage.status, pending: 120, evaluated: 80 };
      await visit('/');
      await page.getByText('Evaluating: 120 patients of 200 to go').waitFor();
      stage.status = { ...stage.status, pending: 0, evaluated: 200, lastEvaluated: '2026-11-22T15:00:00.000Z' };
      stage.measures = stage.measures.map((summary) => ({ ...summary, prospective: 12 }));
      await page.getByText('24 gaps to close.').waitFor();
      expect(await page.getByRole('progressbar').count()).toBe(0);
    });
  });

  it.each(places)('says on %s that it is a demo, names the page, and shows the same after a reload', async (place) => {
    await visit(place);
    await page.getByText('Demo mode: synthetic data, no login, loopback only').waitFor();
    expect(await page.title()).toMatch(/^(?!.*Whitfield).+ · Gapless$/);
    const before = await page.getByRole('main').textContent();
    await page.reload();
    await page.getByRole('heading', { level: 1 }).waitFor();
    await settled();
    expect(await page.getByRole('main').textContent()).toBe(before);
  });

  it.each([
    ['light on a desktop', { colorScheme: 'light' }],
    ['dark on a desktop', { colorScheme: 'dark' }],
    ['light on a phone', { colorScheme: 'light', viewport: phone }],
    ['dark on a phone', { colorScheme: 'dark', viewport: phone }],
  ] as const)(
    '%s, has nothing anywhere that axe finds serious, and never scrolls sideways',
    async (_, look) => {
      await open(look);
      const problems: string[] = [];
      for (const place of places) {
        await visit(place);
        const overflow: number = await page.evaluate('document.documentElement.scrollWidth - window.innerWidth');
        if (overflow > 0) problems.push(`${place} scrolls sideways by ${overflow} pixels`);
        for (const problem of await accessibilityProblems(page)) problems.push(`${place} ${problem}`);
      }
      expect(problems).toEqual([]);
    },
    60_000,
  );

  it('makes cards of the list on a phone', async () => {
    await open({ viewport: phone });
    await visit(measure);
    expect(await page.getByRole('table', { name: /patients of/i }).count()).toBe(0);
    expect(
      await page
        .getByRole('list', { name: /patients of/i })
        .getByRole('link')
        .count(),
    ).toBe(25);
  });

  it('keeps the colours that were chosen', async () => {
    await visit('/');
    await page.getByRole('button', { name: 'Use dark colours' }).click();
    await page.reload();
    await page.getByRole('button', { name: 'Use light colours' }).waitFor();
    expect(await page.locator('html').getAttribute('data-mantine-color-scheme')).toBe('dark');
  });

  it('can be walked by keyboard, from the rate to the chart', async () => {
    await visit('/');
    await page.keyboard.press('Tab');
    expect(await focused()).toBe('Skip to the content');
    await page.keyboard.press('Enter');
    await tabTo('Breast cancer screening');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 2, name: 'Patients' }).waitFor();
    await settled();
    expect(await page.evaluate('document.activeElement.id')).toBe('content');
    await tabTo('Amelia Ramirez');
    expect(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle')).toBe('solid');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'Amelia Ramirez' }).waitFor();
    await tabTo('Office visit, 3 Feb 2026');
    await page.keyboard.press('Enter');
    await page.getByText('"resourceType": "Encounter"').waitFor();
  });

  function focused(): Promise<string> {
    return page.evaluate('document.activeElement.innerText.trim()');
  }

  /** Presses Tab until something of that name has the focus. */
  async function tabTo(name: string): Promise<void> {
    for (let presses = 0; presses < 80; presses++) {
      await page.keyboard.press('Tab');
      if ((await focused()) === name) return;
    }
    throw new Error(`80 presses of Tab never came to "${name}"`);
  }
});
