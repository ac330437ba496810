import type { Beneficiary, Diagnosis, HccTables } from '../../../measures/index.ts';

export interface DrawnPatient {
  readonly beneficiary: Beneficiary;
  readonly diagnoses: readonly Diagnosis[];
}

/** Patients with 0 to 15 diagnoses, half of them mapped by V28, each with one to three services as evidence. */
export function drawPatients(count: number, tables: HccTables): DrawnPatient[] {
  const next = generator(20_261_122);
  const pick = <Value>(values: readonly Value[], otherwise: Value): Value =>
    values[Math.floor(next() * values.length)] ?? otherwise;
  const mapped = [...tables.model(2026, 'V28').categories.keys()];
  const unmapped = ['I10', 'E785', 'Z0000', 'M5450', 'J069', 'K219', 'F411', 'N189', 'R0600', 'I2510'];
  return Array.from({ length: count }, (_, index): DrawnPatient => {
    const young = next() < 0.12;
    const year = young ? 1962 + Math.floor(next() * 40) : 1931 + Math.floor(next() * 30);
    return {
      beneficiary: {
        birthDate: `${year}-0${1 + Math.floor(next() * 9)}-1${Math.floor(next() * 10)}`,
        sex: next() < 0.55 ? 'F' : 'M',
        entitlementReason: young || next() < 0.1 ? '1' : '0',
        dualStatus: pick(['00', '00', '00', '00', '02', '01'], '00'),
        longTermInstitutional: next() < 0.02,
        newEnrollee: next() < 0.04,
        chronicSnp: false,
        esrd: null,
      },
      diagnoses: Array.from({ length: Math.floor(next() * 16) }, (__, number) => ({
        code: pick(next() < 0.5 ? mapped : unmapped, 'I10'),
        evidence: Array.from({ length: 1 + Math.floor(next() * 3) }, (___, service) => ({
          reference: `Claim/${index}-${number}-${service}/_history/1`,
          service: `Claim/${index}-${number}-${service}/_history/1`,
          date: `2025-0${1 + Math.floor(next() * 9)}-15`,
        })),
      })),
    };
  });
}

/** The same numbers in every run: mulberry32. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
