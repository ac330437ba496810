import { existsSync, readFileSync } from 'node:fs';

/** Prints what the test run counted, alone on a line, for whoever reads the end of a long log. */
const file = new URL('../../.gapless/test-results.json', import.meta.url);
if (!existsSync(file)) throw new Error('no test results: run npm test first');
const { numPassedTests, numFailedTests, numPendingTests } = JSON.parse(readFileSync(file, 'utf8')) as Record<
  string,
  number
>;
console.log(`${numPassedTests} passed, ${numFailedTests} failed, ${numPendingTests} skipped`);
