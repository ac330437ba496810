import type { Resource } from '@medplum/fhirtypes';
import { baseProblems } from '../../support/base-r4.ts';
import { type Answer, issuesOf, openPractice, type Practice, parameters } from './practice.ts';
import { errorsIn, library, storeWeights, ucum } from './weights.ts';

let practice: Practice;
beforeAll(async () => {
  practice = await openPractice();
  await storeWeights(practice);
}, 60_000);
afterAll(() => practice.close());

describe('Library/$evaluate', () => {
  const subject = { name: 'subject', valueString: 'Patient/ann' };
  const names = ({ body }: Answer): string[] => (body.parameter as { name: string }[]).map(({ name }) => name);

  it('evaluates all public definitions of the library of the URL', async () => {
    const answer = await practice.post('Library/weights/$evaluate', parameters([subject]));
    expect(answer.status).toBe(200);
    expect(names(answer)).toEqual([
      'Patient',
      'All Weights',
      'All Weights',
      'Heavy Weights',
      'Adult',
      'Fourteen',
      'evaluation error',
    ]);
    expect(baseProblems(answer.body as unknown as Resource)).toEqual([]);
  });

  it('evaluates what is named, private definitions too, with parameters', async () => {
    const heavy = parameters([{ name: 'Heavy', valueQuantity: { value: 70, code: 'kg', system: ucum } }]);
    const answer = await practice.post(
      'Library/$evaluate',
      parameters([
        { name: 'url', valueCanonical: 'http://example.org/Library/Weights|1.0.0' },
        subject,
        { name: 'expression', valueString: 'Secret' },
        { name: 'expression', valueString: 'Heavy Weights' },
        { name: 'parameters', resource: heavy },
      ]),
    );
    expect(names(answer)).toEqual(['Secret', 'Heavy Weights', 'Heavy Weights']);
  });

  it('evaluates by GET', async () => {
    const answer = await practice.get('Library/$evaluate', {
      url: 'http://example.org/Library/Weights',
      subject: 'Patient/ann',
      expression: 'Adult',
    });
    expect(answer.body.parameter).toEqual([{ name: 'Adult', valueBoolean: true }]);
  });

  it('evaluates a library that comes with the request', async () => {
    const own = library('Own', '1', "library Own version '1'\ndefine Seven: 3 + 4");
    const answer = await practice.post('Library/$evaluate', parameters([{ name: 'library', resource: own }]));
    expect(answer.body.parameter).toEqual([{ name: 'Seven', valueInteger: 7 }]);
  });

  it('runs as a job, as the operation that it is and not as the one of Measure', async () => {
    const kicked = await practice.get(
      'Library/weights/$evaluate',
      { subject: 'Patient/ann', expression: 'Adult' },
      { prefer: 'respond-async' },
    );
    expect(kicked.status).toBe(202);
    const job = String(kicked.headers['Content-Location']).split('/fhir/')[1] ?? '';
    let answer = await practice.get(job);
    for (let tries = 0; answer.status === 202 && tries < 100; tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      answer = await practice.get(job);
    }
    expect(answer.body.parameter).toEqual([{ name: 'Adult', valueBoolean: true }]);
  });

  it.each<[string, object[], number, RegExp]>([
    ['no library', [subject], 400, /name one library/],
    [
      'a library that is not there',
      [{ name: 'url', valueCanonical: 'http://example.org/Library/None' }],
      404,
      /no Library/,
    ],
  ])('refuses %s', async (_, given, status, reason) => {
    const answer = await practice.post('Library/$evaluate', parameters(given));
    expect([answer.status, issuesOf(answer).join()]).toEqual([status, expect.stringMatching(reason)]);
  });

  it('tells what is wrong with the CQL, and which definition is not there', async () => {
    const broken = library('Broken', '1', "library Broken version '1'\n\ndefine Seven: 3 +");
    const answer = await practice.post('Library/$evaluate', parameters([{ name: 'library', resource: broken }]));
    expect(errorsIn(answer)[0]).toMatch(/^CQL of Broken, line 3, column/);
    const unknown = await practice.post(
      'Library/weights/$evaluate',
      parameters([subject, { name: 'expression', valueString: 'None' }]),
    );
    expect(errorsIn(unknown)[0]).toMatch(/has no definition "None"/);
  });
});
