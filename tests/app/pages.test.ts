import { readFile } from 'node:fs/promises';
import { chart } from './answers.ts';
import { describeInChromium } from './browser.ts';
import { visitor } from './visitor.ts';

const measure = '/measures/BreastCancerScreening-1.0.0';

describeInChromium('The page', () => {
  const guest = visitor();

  describe('of all measures', () => {
    it('says in words how each stands, the one furthest from its target first', async () => {
      await guest.visit('/');
      const cards = guest.page.getByRole('article');
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
      expect(await guest.page.getByRole('main').textContent()).toContain(
        '34 gaps to close. 1 of 2 measures meets its target.',
      );
    });

    it('loads no chart library, and shifts nothing while it loads', async () => {
      await guest.page.addInitScript(
        'window.shift = 0; new PerformanceObserver((l) => l.getEntries().forEach((e) => (window.shift += e.value))).observe({ type: "layout-shift", buffered: true })',
      );
      await guest.visit('/');
      const scripts: string[] = await guest.page.evaluate(
        'performance.getEntriesByType("resource").map((entry) => entry.name)',
      );
      expect(scripts.filter((name) => /trend-chart/.test(name))).toEqual([]);
      expect(await guest.page.evaluate('window.shift')).toBeLessThan(0.05);
    });

    it('says what to do when no measure is installed', async () => {
      guest.stage.measures = [];
      await guest.visit('/');
      await guest.page.getByText('gapless measures install FILE').waitFor();
    });
  });

  describe('of a measure', () => {
    it.each([
      ['Initial population', 84],
      ['Denominator', 84],
      ['Excluded', 6],
      ['Numerator', 51],
    ])('leads from the number of %s to those %d patients', async (name, members) => {
      await guest.visit('/');
      await guest.page
        .getByRole('article')
        .first()
        .getByRole('link', { name: `${name} ${members}` })
        .click();
      await guest.page.getByText(`1 to ${Math.min(25, members)} of ${members}`).waitFor();
      expect(await guest.page.getByRole('heading', { level: 1 }).textContent()).toBe('Breast cancer screening');
    });

    it('shows how the counts make the rate', async () => {
      await guest.visit(measure);
      await guest.page.getByText('51 of 78 (84 − 6) = 65.4\u00a0%').waitFor();
    });

    it('lists the gaps to close, each with what would close it and why', async () => {
      await guest.visit(measure);
      expect(await guest.rows().count()).toBe(26);
      const [, first = ''] = await guest.rows().allInnerTexts();
      for (const words of ['To do', 'Record a mammography by 31 Dec 2026', 'No mammography between', '31 Dec 2026'])
        expect(first).toContain(words);
    });

    it('goes through the pages of a list, and back', async () => {
      await guest.visit(`${measure}?status=any`);
      await guest.page.getByRole('link', { name: 'Next' }).click();
      await guest.page.getByText('26 to 50 of 84').waitFor();
      await guest.page.goBack();
      await guest.page.getByText('1 to 25 of 84').waitFor();
    });

    it('sorts by a column, and says so', async () => {
      await guest.visit(measure);
      await guest.page.getByRole('button', { name: 'Patient' }).click();
      await guest.page.waitForURL(/sort=name/);
      await guest.until(
        async () =>
          (await guest.page.getByRole('columnheader', { name: 'Patient' }).getAttribute('aria-sort')) === 'ascending',
      );
      await guest.settled();
      const ascending = await guest.names();
      await guest.page.getByRole('button', { name: 'Patient' }).click();
      await guest.page.waitForURL(/sort=-name/);
      await guest.until(async () => (await guest.names())[0] !== ascending[0]);
    });

    it('keeps filters over a reload and the way back, and a name in no address', async () => {
      await guest.visit(measure);
      await guest.page.getByRole('combobox', { name: 'Provider' }).selectOption({ label: 'Dr. Inês Ferreira' });
      await guest.page.getByRole('searchbox', { name: 'Search this list' }).fill('kowalski');
      await guest.until(async () => (await guest.rows().count()) === 3);
      const found = await guest.names();
      await guest.page.reload();
      await guest.settled();
      expect(await guest.names()).toEqual(found);
      await guest.rows().getByRole('link').first().click();
      await guest.page.getByRole('heading', { level: 2, name: '1 gap to close' }).waitFor();
      await guest.page.goBack();
      await guest.until(async () => (await guest.rows().count()) === 3);
      expect(await guest.names()).toEqual(found);
      expect(await guest.page.getByRole('searchbox', { name: 'Search this list' }).inputValue()).toBe('kowalski');
      expect(guest.page.url()).not.toMatch(/kowalski/i);
      expect(guest.stage.requests.filter(({ path }) => /kowalski/i.test(path))).toEqual([]);
      expect(guest.stage.requests.some(({ body }) => /kowalski/.test(body))).toBe(true);
    });

    it('says when nobody matches, and how to see everyone again', async () => {
      await guest.visit(measure);
      await guest.page.getByRole('searchbox', { name: 'Search this list' }).fill('zzz');
      await guest.page.getByRole('button', { name: 'Show all' }).click();
      await guest.page.getByText('1 to 25 of 27').waitFor();
    });

    it('exports all pages of the list, with no formula in any cell', async () => {
      await guest.visit(measure);
      const download = guest.page.waitForEvent('download');
      await guest.page.getByRole('button', { name: 'Export CSV' }).click();
      const file = await download;
      const lines = (await readFile(await file.path(), 'utf8')).trimEnd().split('\r\n');
      expect(file.suggestedFilename()).toMatch(/^BreastCancerScreening-1\.0\.0-patients-\d{4}-\d\d-\d\d\.csv$/);
      expect(lines).toHaveLength(28);
      expect(lines.filter((line) => line.includes('HYPERLINK'))).toEqual([
        expect.stringContaining(`,"'=HYPERLINK(""x"") Okafor",`),
      ]);
    });

    it('sets and removes a target', async () => {
      await guest.visit(measure);
      await guest.page.getByRole('button', { name: 'Change target' }).click();
      const field = guest.page.getByRole('textbox', { name: 'At least, in percent' });
      await field.fill('120');
      await guest.page.getByRole('button', { name: 'Save' }).click();
      await guest.page.getByText('Give a number from 0 to 100').waitFor();
      await field.fill('62,5');
      await field.press('Enter');
      await guest.page.getByText('Target at least 62.5\u00a0%').first().waitFor();
      await guest.page.getByText('Meets its target').waitFor();
      await guest.page.getByRole('button', { name: 'Change target' }).click();
      await guest.page.getByRole('button', { name: 'Remove the target' }).click();
      await guest.page.getByRole('button', { name: 'Set a target' }).waitFor();
    });

    it('lets an operator say that the other direction is better, with a reason, and take it back', async () => {
      await guest.visit('/measures/BreastCancerScreening-1.0.0');
      await guest.page.getByText('Higher is better').waitFor();
      await guest.page.getByRole('button', { name: 'Change direction' }).click();
      await guest.page.getByRole('dialog').getByLabel('Direction').selectOption('decrease');
      await guest.page.getByRole('button', { name: 'Save' }).click();
      await guest.page.getByText('Say why, for whoever reads the results').waitFor();
      await guest.page.getByLabel('Why').fill('It counts those who were missed');
      await guest.page.getByRole('button', { name: 'Save' }).click();
      await guest.page.getByText('Direction overridden by operator: It counts those who were missed').waitFor();
      await guest.page.getByText('By the operator. The measure says: higher is better.').waitFor();
      await guest.page.getByText('Lower is better').waitFor();
      await guest.page.getByRole('button', { name: 'Change direction' }).click();
      await guest.page.getByRole('dialog').getByLabel('Direction').selectOption('');
      await guest.page.getByRole('button', { name: 'Save' }).click();
      await guest.page.getByText('Direction overridden').waitFor({ state: 'detached' });
      await guest.page.getByText('Higher is better').waitFor();
    });

    it('shows what its content was warned about', async () => {
      await guest.visit('/measures/PoorControl-1.0.0');
      await guest.page.getByText('1 warning about this measure’s content').click();
      await guest.page.getByText('Value set Diabetes holds 300 of 412 codes').waitFor();
    });
  });

  describe('of a patient', () => {
    it('says what would close the gap, why it is one, on what evidence, and what changed', async () => {
      await guest.visit('/patients/patient-3');
      const gap = await guest.page.getByRole('article').first().textContent();
      for (const words of [
        'To do',
        'Due by 31 Dec 2026',
        'Record a mammography',
        'No mammography between',
        'Initial population',
      ])
        expect(gap).toContain(words);
      const history = await guest.page
        .getByRole('listitem')
        .filter({ has: guest.page.getByRole('time') })
        .allInnerTexts();
      expect(history).toEqual([
        expect.stringMatching(/closed → to do\s+7 Oct 2026, 09:12: the measure or its period changed/),
        expect.stringMatching(
          /to do → closed\s+7 Mar 2026, 09:12: the chart changed: encounter, medication request\s+Office visit, 3 Feb 2026 version 2, by Dr. Omar Haddad\s+Office visit, 3 Feb 2026 deleted/,
        ),
        expect.stringMatching(/: to do\s+3 Feb 2026, 09:12: first evaluated/),
      ]);
    });

    it('tells the risk score with its steps and their sources, when somebody asks for it', async () => {
      await guest.visit('/patients/patient-3');
      expect(guest.stage.requests.some(({ path }) => path.includes('/risk/'))).toBe(false);
      await guest.page.getByText('Risk score (HCC)').click();
      const model = guest.page.getByRole('region', { name: 'CMS-HCC V28' });
      await model.waitFor();
      expect(await model.getByRole('row').allInnerTexts()).toEqual([
        expect.stringMatching(/Variable/),
        expect.stringMatching(/F70_74\s+Age, sex, status\s+0\.395/),
        expect.stringMatching(/HCC38\s+Diabetes\s+0\.166\s+Encounter\/visit-1/),
      ]);
      expect(await model.textContent()).toContain('327 stands above it');
      const page = await guest.page.getByRole('main').textContent();
      for (const words of ['0.489 for payment year 2027', '(provisional)', 'by sound alone', 'No Coverage of Medicare'])
        expect(page).toContain(words);
      await model.getByRole('link', { name: 'Encounter/visit-1' }).click();
      await guest.page.getByText('"versionId": "2"').waitFor();
    });

    it('leads from the evidence to the resource, and back to the patient', async () => {
      await guest.visit('/patients/patient-3');
      const gap = guest.page.getByRole('article').first();
      await gap.getByRole('link', { name: 'Office visit, 3 Feb 2026' }).click();
      await guest.page.getByText('"resourceType": "Encounter"').waitFor();
      await guest.page.getByRole('link', { name: 'The patient' }).click();
      await guest.page.getByRole('heading', { level: 2, name: '1 gap to close' }).waitFor();
    });

    it('leads from a change to the version that brought it', async () => {
      await guest.visit('/patients/patient-3');
      await guest.page.getByRole('list', { name: 'Brought by' }).getByRole('link').first().click();
      await guest.page.getByText('"versionId": "2"').waitFor();
    });

    it('shows the gaps of another period, with their own history, and the way back', async () => {
      await guest.visit('/patients/patient-3');
      await guest.page.getByRole('link', { name: '2025' }).click();
      await guest.page.getByRole('heading', { level: 2, name: 'No gaps to close' }).waitFor();
      const text = await guest.page.getByRole('main').textContent();
      expect(text).toContain('Measured 1 Jan 2025 to 31 Dec 2025');
      expect(text).toContain('Direction overridden by operator: The rate counts what should be rare');
      expect(text).toContain('2 Nov 2025, 10:00');
      expect(text).not.toContain('7 Oct 2026');
      await guest.page.reload();
      await guest.page.getByRole('heading', { level: 2, name: 'No gaps to close' }).waitFor();
      await guest.page.getByRole('link', { name: 'Current period' }).click();
      await guest.page.getByRole('heading', { level: 2, name: '1 gap to close' }).waitFor();
    });

    it('shows what was remarked, and adds a remark through FHIR that is not thought to close the gap', async () => {
      await guest.visit('/patients/patient-3');
      const gap = guest.page.getByRole('article').first();
      expect(await gap.textContent()).toMatch(/Order placed: Mammogram booked[\s\S]*Dr. Omar Haddad, 8 Oct 2026/);
      await gap.getByRole('button', { name: 'Add a remark' }).click();
      const form = gap.getByRole('form', { name: 'New remark' });
      expect(await form.textContent()).toContain('A remark never closes a gap');
      await form.getByRole('button', { name: 'Save the remark' }).click();
      await form.getByText('Choose something, or write a text').waitFor();
      await form.getByText('Say who you are').waitFor();
      await form.getByLabel('What there is to say').selectOption('patient-refused');
      await form.getByLabel('Text').fill('Asked twice.');
      await form.getByLabel('Your name').fill('Ann Smith');
      await form.getByRole('button', { name: 'Save the remark' }).click();
      await form.waitFor({ state: 'detached' });
      const patch = guest.stage.requests.find(({ method }) => method === 'PATCH');
      expect(patch?.path).toBe('/fhir/MeasureReport/report-1');
      for (const said of [
        `MeasureReport.group.where(id='screening')`,
        'deqm-careGapRemark',
        'patient-refused',
        'Asked twice.',
        'Ann Smith',
      ])
        expect(patch?.body).toContain(said);
      await gap.getByRole('button', { name: 'Add a remark' }).click();
      expect(await form.getByLabel('Your name').inputValue()).toBe('Ann Smith');
    });

    it('tells what changes while it is looked at, without a reload', async () => {
      await guest.visit('/patients/patient-3');
      const before = chart('patient-3');
      const change = before?.history[0];
      if (before === null || change === undefined) throw new Error('the chart has a history');
      const closing = { ...change, id: 9, from: 'prospective-gap' as const, to: 'closed-gap' as const };
      guest.stage.changes = {
        gaps: before.gaps.map((gap) => ({ ...gap, status: 'closed-gap' as const })),
        history: [closing, ...before.history],
      };
      guest.stage.status = { ...guest.stage.status, lastEvaluated: '2026-11-22T15:00:00.000Z' };
      await guest.page.getByText('Just now: Breast cancer screening is closed, was to do.').waitFor();
      await guest.page.getByRole('heading', { level: 2, name: 'No gaps to close' }).waitFor();
      await guest.page.getByRole('button', { name: 'Got it' }).click();
      await guest.page.getByText('Just now').waitFor({ state: 'detached' });
    });

    it('says of a chart that waits to be evaluated that it does', async () => {
      guest.stage.changes = { pending: true };
      await guest.visit('/patients/patient-3');
      await guest.page.getByText('waits to be evaluated again').waitFor();
    });

    it('says that a patient does not exist', async () => {
      await guest.visit('/patients/nobody');
      expect(await guest.page.getByRole('alert').textContent()).toContain('There is no patient with this id');
    });
  });

  it('finds patients by any part of their names, from every page', async () => {
    await guest.visit('/');
    await guest.page.getByRole('searchbox', { name: 'Find a patient by name' }).fill('carmen kow');
    await guest.page.keyboard.press('Enter');
    await guest.page.waitForURL(/\/patients$/);
    await guest.page.getByRole('main').getByRole('link', { name: 'Carmen Kowalski' }).first().waitFor();
    await guest.page.reload();
    await guest.page.getByRole('main').getByRole('link', { name: 'Carmen Kowalski' }).first().waitFor();
    expect(guest.stage.requests.filter(({ path }) => /carmen|kow/i.test(path))).toEqual([]);
  });

  describe('when the server', () => {
    it('answers with an error, says what it said, and tries again when asked', async () => {
      guest.stage.failing = { status: 422, diagnostics: 'The measure is being replaced: try again in a minute' };
      await guest.visit('/');
      expect(await guest.page.getByRole('alert').textContent()).toMatch(/replaced: try again[\s\S]*request-1/);
      guest.stage.failing = null;
      await guest.page.getByRole('alert').getByRole('button', { name: 'Try again' }).click();
      await guest.page.getByRole('article').first().waitFor();
    });

    it('goes away, keeps what was read and says of when it is, until it comes back', async () => {
      await guest.visit('/');
      await guest.page.route(/\/(api|fhir)\//, (route) => route.abort());
      await guest.page.evaluate('window.dispatchEvent(new Event("visibilitychange"))');
      await guest.page
        .getByText(/Gapless cannot be reached.*What you see is from \d\d:\d\d/)
        .waitFor({ timeout: 25_000 });
      expect(await guest.page.getByRole('article').count()).toBe(2);
      await guest.page.unroute(/\/(api|fhir)\//);
      await guest.page.getByText(/Gapless cannot be reached/).waitFor({ state: 'detached' });
    });

    it('evaluates, shows how far it is and then the new numbers, by itself', async () => {
      guest.stage.status = { ...guest.stage.status, pending: 120, evaluated: 80 };
      await guest.visit('/');
      await guest.page.getByText('Evaluating: 120 patients of 200 to go').waitFor();
      guest.stage.status = {
        ...guest.stage.status,
        pending: 0,
        evaluated: 200,
        lastEvaluated: '2026-11-22T15:00:00.000Z',
      };
      guest.stage.measures = guest.stage.measures.map((summary) => ({ ...summary, prospective: 12 }));
      await guest.page.getByText('24 gaps to close.').waitFor();
      expect(await guest.page.getByRole('progressbar').count()).toBe(0);
    });
  });
});
