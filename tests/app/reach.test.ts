import { accessibilityProblems, describeInChromium } from './browser.ts';
import { visitor } from './visitor.ts';

const measure = '/measures/BreastCancerScreening-1.0.0';
const places = [
  '/',
  measure,
  `${measure}?population=numerator`,
  '/patients',
  '/patients/patient-3',
  '/patients/patient-3?period=2025-01-01_2025-12-31',
  '/resources/Encounter/visit-1',
  '/nowhere',
];
const phone = { width: 390, height: 844 };

describeInChromium('Everyone reaches the page:', () => {
  const guest = visitor();

  it.each(places)('says on %s that it is a demo, names the page, and shows the same after a reload', async (place) => {
    await guest.visit(place);
    await guest.page.getByText('Demo mode: synthetic data, no login, loopback only').waitFor();
    expect(await guest.page.title()).toMatch(/^(?!.*Whitfield).+ · Gapless$/);
    const before = await guest.page.getByRole('main').textContent();
    await guest.page.reload();
    await guest.page.getByRole('heading', { level: 1 }).waitFor();
    await guest.settled();
    expect(await guest.page.getByRole('main').textContent()).toBe(before);
  });

  it.each([
    ['light on a desktop', { colorScheme: 'light' }],
    ['dark on a desktop', { colorScheme: 'dark' }],
    ['light on a phone', { colorScheme: 'light', viewport: phone }],
    ['dark on a phone', { colorScheme: 'dark', viewport: phone }],
  ] as const)(
    '%s, has nothing anywhere that axe finds serious, and never scrolls sideways',
    async (_, look) => {
      await guest.open(look);
      const problems: string[] = [];
      for (const place of places) {
        await guest.visit(place);
        const overflow: number = await guest.page.evaluate('document.documentElement.scrollWidth - window.innerWidth');
        if (overflow > 0) problems.push(`${place} scrolls sideways by ${overflow} pixels`);
        for (const problem of await accessibilityProblems(guest.page)) problems.push(`${place} ${problem}`);
      }
      expect(problems).toEqual([]);
    },
    60_000,
  );

  it.each(['light', 'dark'] as const)(
    'has nothing in its forms that axe finds serious, in the %s',
    async (colorScheme) => {
      const problems: string[] = [];
      for (const viewport of [{ width: 1280, height: 900 }, phone]) {
        await guest.open({ colorScheme, viewport });
        await guest.visit('/patients/patient-3');
        await guest.page.getByRole('button', { name: 'Add a remark' }).first().click();
        await guest.page.getByRole('button', { name: 'Save the remark' }).click();
        await guest.page.getByText('Say who you are').waitFor();
        problems.push(...(await accessibilityProblems(guest.page)));
        await guest.visit(measure);
        await guest.page.getByRole('button', { name: 'Change direction' }).click();
        await guest.page.getByRole('dialog').getByLabel('Direction').waitFor();
        problems.push(...(await accessibilityProblems(guest.page)));
        const overflow: number = await guest.page.evaluate('document.documentElement.scrollWidth - window.innerWidth');
        if (overflow > 0) problems.push(`scrolls sideways by ${overflow} pixels`);
      }
      expect(problems).toEqual([]);
    },
  );

  it('makes cards of the list on a phone', async () => {
    await guest.open({ viewport: phone });
    await guest.visit(measure);
    expect(await guest.page.getByRole('table', { name: /patients of/i }).count()).toBe(0);
    expect(
      await guest.page
        .getByRole('list', { name: /patients of/i })
        .getByRole('link')
        .count(),
    ).toBe(25);
  });

  it('keeps the colours that were chosen', async () => {
    await guest.visit('/');
    await guest.page.getByRole('button', { name: 'Use dark colours' }).click();
    await guest.page.reload();
    await guest.page.getByRole('button', { name: 'Use light colours' }).waitFor();
    expect(await guest.page.locator('html').getAttribute('data-mantine-color-scheme')).toBe('dark');
  });

  it('can be walked by keyboard, from the rate to the chart', async () => {
    await guest.visit('/');
    await guest.page.keyboard.press('Tab');
    expect(await focused()).toBe('Skip to the content');
    await guest.page.keyboard.press('Enter');
    await tabTo('Breast cancer screening');
    await guest.page.keyboard.press('Enter');
    await guest.page.getByRole('heading', { level: 2, name: 'Patients' }).waitFor();
    await guest.settled();
    expect(await guest.page.evaluate('document.activeElement.id')).toBe('content');
    await tabTo('Amelia Ramirez');
    expect(await guest.page.evaluate('getComputedStyle(document.activeElement).outlineStyle')).toBe('solid');
    await guest.page.keyboard.press('Enter');
    await guest.page.getByRole('heading', { level: 1, name: 'Amelia Ramirez' }).waitFor();
    await tabTo('Office visit, 3 Feb 2026');
    await guest.page.keyboard.press('Enter');
    await guest.page.getByText('"resourceType": "Encounter"').waitFor();
  });

  function focused(): Promise<string> {
    return guest.page.evaluate('document.activeElement.innerText.trim()');
  }

  /** Presses Tab until something of that name has the focus. */
  async function tabTo(name: string): Promise<void> {
    for (let presses = 0; presses < 80; presses++) {
      await guest.page.keyboard.press('Tab');
      if ((await focused()) === name) return;
    }
    throw new Error(`80 presses of Tab never came to "${name}"`);
  }
});
