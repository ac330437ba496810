import type { Resource } from '@medplum/fhirtypes';
import { practice } from '../../../demo/index.ts';
import { openHccTables, scorePatient, scoreRisk } from '../../../measures/index.ts';
import { type DrawnPatient, drawPatients } from './patients.ts';

/**
 * `npm run bench:hcc`: how many patients one core scores. From drawn diagnoses, with every step of the explanation (the promise:
 * 100,000 in less than 10 seconds); and from whole charts of the demo practice, through the gates.
 */
const tables = openHccTables();
const patients = 100_000;
const bound = 10;

/** Processor time, since a promise by core must not depend on who else uses the machine. */
function seconds(work: () => void): number {
  const began = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(began);
  return (user + system) / 1_000_000;
}

function scoreAll(drawn: readonly DrawnPatient[], paymentYear: number): number {
  let categories = 0;
  for (const { beneficiary, diagnoses } of drawn) {
    const { models } = scoreRisk({ paymentYear, beneficiary, diagnoses, models: [], segment: null }, tables);
    for (const model of models) categories += model.categories.length;
  }
  return categories;
}

function tell(what: string, count: number, taken: number): void {
  console.log(
    `${what.padEnd(52)} ${taken.toFixed(2).padStart(7)} s of a core ${Math.round(count / taken)
      .toLocaleString('en')
      .padStart(9)} patients/s`,
  );
}

const loading = seconds(() => {
  scoreAll(drawPatients(1, tables), 2025);
});
console.log(`Tables read and first score: ${Math.round(loading * 1000)} ms`);

const drawn = drawPatients(patients, tables);
let worst = 0;
for (const [year, words] of [
  [2026, 'V28'],
  [2025, 'V24 and V28'],
] as const) {
  let categories = 0;
  const taken = seconds(() => {
    categories = scoreAll(drawn, year);
  });
  tell(`${patients.toLocaleString('en')} patients, payment year ${year} (${words})`, patients, taken);
  console.log(`${''.padEnd(4)}${(categories / patients).toFixed(2)} condition categories for each patient`);
  worst = Math.max(worst, taken);
}

const charts: (readonly Resource[])[] = [
  ...practice({ seed: 'bench', patients: 400, asOf: '2026-11-22' }).patients,
].map(({ resources }) => resources);
const rounds = 5;
const resources = charts.reduce((sum, chart) => sum + chart.length, 0);
const request = { paymentYear: 2027, models: [], segment: null, collection: null, asOf: null };
const taken = seconds(() => {
  for (let round = 0; round < rounds; round++)
    for (const chart of charts) scorePatient({ ...request, resources: chart }, tables);
});
tell(
  `Whole charts (${Math.round(resources / charts.length)} resources each), payment year 2027`,
  charts.length * rounds,
  taken,
);

console.log(
  'A peer: none runs in this process; the open-source engines that we know score in Python and leave normalization rounding out.',
);
if (worst >= bound) {
  console.error(`100,000 patients took ${worst.toFixed(1)} s: the promise is less than ${bound} s`);
  process.exitCode = 1;
}
