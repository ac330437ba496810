import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

const projectRoot = fileURLToPath(new URL('../..', import.meta.url));

/** Folder of the reference data (official measures, Synthea, CQL tests), which the project does not carry. */
export const referenceData = resolve(projectRoot, process.env.GAPLESS_REFERENCE_DATA ?? '../shared/data');

/**
 * `describe` for suites that need the reference data: skipped, loudly, where it is absent; a failure where CI is set.
 */
export function describeWithReferenceData(name: string, suite: () => void): void {
  if (existsSync(referenceData)) describe(name, suite);
  else if (process.env.CI === 'true') {
    describe(name, () => {
      it('has the reference data that it needs', () => {
        throw new Error(`GAPLESS_REFERENCE_DATA (${referenceData}) is absent`);
      });
    });
  } else {
    console.warn(
      `SKIPPED: "${name}" needs the reference data: set GAPLESS_REFERENCE_DATA (looked in ${referenceData})`,
    );
    describe.skip(name, suite);
  }
}

/** Text of a file; `.gz` is unpacked. */
export function readReference(...path: string[]): string {
  const bytes = readFileSync(join(referenceData, ...path));
  return (path.at(-1)?.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
}

/** The lines of an NDJSON file, parsed. */
export function readReferenceLines<T>(...path: string[]): T[] {
  return readReference(...path)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T);
}
