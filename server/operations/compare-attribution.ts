import type { Parameters, ParametersParameter } from '@medplum/fhirtypes';
import { type ComparedAttribution, measurementPeriod } from '../../measures/index.ts';
import { type Comparison, compareList } from '../gaps/attribution-comparison.ts';
import { dayIn } from '../gaps/practice-day.ts';
import { defineOperation } from './operation.ts';

/** Our own operation: a payer's list beside the attribution that visits say. */
export const compareAttributionList = defineOperation({
  code: 'compare-attribution',
  resources: ['Group'],
  levels: ['instance'],
  definition: 'http://gapless.health/OperationDefinition/Group-compare-attribution',
  title: 'Compare an attribution list with visits',
  description:
    'A payer’s list beside the attribution that is computed by the plurality of primary-care services (42 CFR 425.402): who is on the list only, who would be ours and is not on it, who is listed with another clinician, who was not seen this year, and who is seen elsewhere; for each patient the visits that counted.',
  scopes: [
    { type: 'Group', permission: 'r' },
    { type: 'Patient', permission: 'r' },
    { type: 'Encounter', permission: 'r' },
    { type: 'ExplanationOfBenefit', permission: 'r' },
  ],
  safe: true,
  input: {
    periodStart: { type: 'date?', documentation: 'First day of the window; this year unless given.' },
    periodEnd: { type: 'date?', documentation: 'Last day of the window.' },
    all: { type: 'boolean?', documentation: 'Patients of whom both say the same, too.' },
  },
  async run(args, context, { database, audit }): Promise<Parameters> {
    const { tenant, now, timezone, signal, progress } = context;
    const year = dayIn(now, timezone).slice(0, 4);
    const { start, end } = measurementPeriod(args.periodStart ?? year, args.periodEnd ?? args.periodStart ?? year);
    const compared = await compareList(database, tenant, context.resourceId ?? '', { start, end, signal, progress });
    const shown = args.all === true ? compared.patients : compared.patients.filter(isOfInterest);
    await audit.record(context, {
      action: 'R',
      interaction: '$compare-attribution',
      resources: [
        { type: 'Group', id: compared.groupId, version: null, patient: '' },
        ...shown.map(({ patient }) => ({ type: 'Patient', id: patient, version: null, patient })),
      ],
      query: null,
    });
    return { resourceType: 'Parameters', parameter: [summary(compared), ...shown.map(patientPart)] };
  },
});

function isOfInterest({ agreement, withoutVisit, leakage }: ComparedAttribution): boolean {
  return agreement !== 'both' || withoutVisit || leakage.size > 0;
}

function summary({ window, members, totals, ours, notes }: Comparison): ParametersParameter {
  const count = (name: string, valueInteger: number): ParametersParameter => ({ name, valueInteger });
  return {
    name: 'summary',
    part: [
      { name: 'window', valuePeriod: window },
      ...ours.map((who) => ({ name: 'organization', valueString: who })),
      count('members', members),
      ...Object.entries(totals.agreement).flatMap(([name, n]) => (name === 'neither' ? [] : [count(name, n)])),
      count('without-visit', totals.withoutVisit),
      count('leaking', totals.leaking),
      ...totals.leakage.map(({ organization, days, patients }) => ({
        name: 'leakage',
        part: [{ name: 'organization', valueString: organization }, count('days', days), count('patients', patients)],
      })),
      ...notes.map((note) => ({ name: 'note', valueString: note })),
    ],
  };
}

function patientPart({
  patient,
  agreement,
  listed,
  computed,
  withoutVisit,
  leakage,
}: ComparedAttribution): ParametersParameter {
  const { organization, provider, step, reason, basis, shares } = computed;
  const reference = (name: string, to: string | null): ParametersParameter[] =>
    to === null ? [] : [{ name, valueReference: { reference: to } }];
  const code = (name: string, valueCode: string | null): ParametersParameter[] =>
    valueCode === null ? [] : [{ name, valueCode }];
  return {
    name: 'patient',
    part: [
      ...reference('patient', `Patient/${patient}`),
      ...code('agreement', agreement),
      ...reference('listedProvider', listed?.provider ?? null),
      ...(organization === null ? [] : [{ name: 'computedOrganization', valueString: organization }]),
      ...reference('computedProvider', provider),
      ...code('step', step),
      ...code('reason', reason),
      ...code('basis', step === null ? null : basis),
      ...(withoutVisit ? [{ name: 'withoutVisit', valueBoolean: true }] : []),
      ...shares.map(({ who, visits, allowed, lastDay, sources }) => ({
        name: 'share',
        part: [
          { name: 'organization', valueString: who },
          { name: 'visits', valueInteger: visits },
          ...(allowed === null ? [] : [{ name: 'allowed', valueDecimal: allowed / 100 }]),
          { name: 'lastVisit', valueDate: lastDay },
          ...sources.flatMap((source) => reference('counted', source)),
        ],
      })),
      ...[...leakage].map(([who, days]) => ({
        name: 'elsewhere',
        part: [
          { name: 'organization', valueString: who },
          { name: 'days', valueInteger: days },
        ],
      })),
    ],
  };
}
