import { readdirSync, readFileSync } from 'node:fs';
import { PatientRecord } from '../../../cql/index.ts';
import {
  evaluateSubject,
  gapFacts,
  gapStatus,
  measurementPeriod,
  type PreparedMeasure,
} from '../../../measures/index.ts';
import { prepareOwn } from './installed.ts';
import { patientOf, type Sketch } from './patient.ts';

interface Case {
  readonly name: string;
  readonly period?: { readonly start: string; readonly end: string };
  readonly timezone?: string;
  readonly patient?: { readonly [element: string]: unknown };
  readonly resources: readonly Sketch[];
  readonly expected: { readonly populations: { readonly [code: string]: number }; readonly gap: string };
}

const content = new URL('../../../measures/content/', import.meta.url);
/** Gap statuses of the cases are those after the period, when nothing is prospective any more. */
const longAfter = '2100-01-01';
const usualPatient = { gender: 'female', birthDate: '1966-06-15' };

describe.each(['BreastCancerScreening', 'ControllingHighBloodPressure'])('%s', (name) => {
  let prepared: PreparedMeasure;
  beforeAll(() => {
    prepared = prepareOwn(name);
  });

  const folder = new URL(`${name}/cases/`, content);
  describe.each(readdirSync(folder).sort())('%s', (file) => {
    const cases: readonly Case[] = JSON.parse(readFileSync(new URL(file, folder), 'utf8'));
    it.each(cases.map((one) => [one.name, one] as const))('%s', async (_, one) => {
      const period = measurementPeriod(one.period?.start ?? '2026', one.period?.end ?? '2026');
      const record = new PatientRecord(patientOf(one.patient ?? usualPatient, one.resources));
      const now = `${period.end}T23:59:59.999${one.timezone ?? '+00:00'}`;
      const { groups } = await evaluateSubject(prepared, record, { period, now });
      const counts = groups.flatMap(({ populations }) => populations.map(({ code, count }) => [code, count]));
      expect(Object.fromEntries(counts)).toEqual(one.expected.populations);
      const [group] = prepared.definition.groups;
      const [result] = groups;
      if (group === undefined || result === undefined) throw new Error('the measure has no group');
      const facts = gapFacts(group, result, longAfter, period.end);
      expect(facts === null ? null : gapStatus(facts)).toBe(one.expected.gap);
    });
  });
});
