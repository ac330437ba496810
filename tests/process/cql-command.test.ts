import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { jest } from '@jest/globals';

const cli = fileURLToPath(new URL('../../server/cli.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'gapless-cql-'));
jest.setTimeout(120_000);
afterAll(() => rmSync(folder, { recursive: true }));

interface Run {
  readonly code: number;
  readonly output: string;
  readonly errors: string;
}

/** Runs `gapless cql` as a person does. */
function cql(...args: string[]): Promise<Run> {
  return new Promise((resolve) => {
    execFile(process.execPath, [cli, 'cql', ...args], (error, output, errors) =>
      resolve({ code: error === null ? 0 : Number(error.code), output, errors }),
    );
  });
}

function file(name: string, content: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

const coding = [{ system: 'http://loinc.org', code: '4548-4' }];
const patient = file('patient.json', {
  resourceType: 'Bundle',
  entry: [
    { resource: { resourceType: 'Patient', id: 'a', birthDate: '1970-03-01' } },
    { resource: { resourceType: 'Observation', id: 'o', code: { coding }, effectiveDateTime: '2026-02-03' } },
  ],
});
const valueSets = file('value-sets.json', {
  resourceType: 'ValueSet',
  url: 'http://example.org/fhir/ValueSet/hba1c',
  title: 'HbA1c',
  compose: { include: [{ system: 'http://loinc.org', concept: [{ code: '4548-4' }] }] },
});
const library = file(
  'library.cql',
  `library Demo version '1.0'
using FHIR version '4.0.1'
include FHIRHelpers version '4.0.1'
valueset "HbA1c": 'http://example.org/fhir/ValueSet/hba1c'
context Patient
define "Tests": [Observation: "HbA1c"]
define "Fails": singleton from ({1, 2})`,
);

describe('gapless cql', () => {
  it('evaluates an expression on a patient with both engines', async () => {
    const run = await cql(
      'AgeInYearsAt(start of "Measurement Period")',
      '--patient',
      patient,
      '--period',
      '2026',
      '--engine',
      'both',
    );
    expect(run.output.trim().split('\n')).toEqual([
      '── compiled',
      '55',
      '── interpreted',
      '55',
      '── the engines agree',
    ]);
    expect(run.code).toBe(0);
  });

  it('finds value sets by their titles', async () => {
    const run = await cql('Count([Observation: "HbA1c"])', '--patient', patient, '--value-sets', valueSets);
    expect(run.output).toBe('1\n');
  });

  it('gives the values of a library, and quotes the line of the definition that fails', async () => {
    const run = await cql('--library', library, '--patient', patient, '--value-sets', valueSets);
    expect(run.output).toContain('Tests: {\n  Observation/o\n}');
    expect(run.output).toContain('  7 | define "Fails": singleton from ({1, 2})\n');
    expect(run.code).toBe(1);
  });

  it('shows ELM, code, trace and timing', async () => {
    const shown = ['--define', 'Tests', '--show', 'elm,code,trace,timing'];
    const run = await cql('--library', library, '--patient', patient, '--value-sets', valueSets, ...shown);
    expect(run.output).toContain('"type": "Retrieve"');
    expect(run.output).toContain('return v;');
    expect(run.output).toMatch(/retrieve Demo\|1\.0 6:17-6:38 #\w+: Observation\/o/);
    expect(run.output).toMatch(/prepared in [\d.]+ ms, evaluated in [\d.]+ ms/);
  });

  it.each<[string, string[], RegExp]>([
    [
      'CQL that does not translate',
      ['1 + * 2', '--patient', patient],
      /Expression 8:\d+: [^\n]*\n {2}8 \| 1 \+ \* 2\n +\^/,
    ],
    ['a file that is not there', ['1', '--patient', '/nowhere.json'], /\/nowhere\.json cannot be read/],
    ['neither expression nor library', ['--patient', patient], /Give an expression, or --library/],
    ['an engine of another name', ['1', '--patient', patient, '--engine', 'java'], /There is no engine "java"/],
  ])('says what is wrong with %s', async (_, args, message) => {
    const { code, errors } = await cql(...args);
    expect(errors).toMatch(message);
    expect(code).toBe(1);
  });
});
