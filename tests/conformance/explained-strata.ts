import type { MeasureReport } from '@medplum/fhirtypes';

/** Measures whose strata exclude each other, so that a report with one patient in several of them cannot be met. */
export interface ExclusiveStrata {
  readonly measure: string;
  readonly proof: string;
}

/**
 * With a boolean basis, a stratum (criterion met) is either zero or has the counts of its group. In these cases several strata
 * that exclude each other have them, as if they had been filled in by copying. No reading of the stratifiers gives that: the
 * criteria are ages, of which a patient has one; and the same criteria are expected to hold for the same patient in one group
 * and not in another (CMS137), or for one patient and not for the next of the same birth date (CMS130). So the product's
 * reports keep to the criteria, and these cases differ.
 */
export const exclusiveStrata: readonly ExclusiveStrata[] = [
  {
    measure: 'CMS130FHIRColorectalCancerScrn',
    proof:
      'AgeInYearsAt(end of period) in Interval[46, 49], and in Interval[50, 75]: the report puts the patient into both',
  },
  {
    measure: 'CMS137FHIRSUDTxInitEngagement',
    proof:
      'AgeInYearsAt(start of period) in Interval[13, 17], in Interval[18, 64], and >= 65: the report puts the patient into one of them in the first group, and into all three in the second',
  },
  {
    measure: 'CMS159FHIRDepRemissionat12Months',
    proof:
      'age at the one index assessment in Interval[12, 17], and >= 18: the report puts the patient into both; a description says that it is an issue of stratification',
  },
];

/** Whether a report counts a patient in more than one stratum (criterion met) of a group. */
export function claimsSeveralStrata({ group = [] }: MeasureReport): boolean {
  return group.some(({ stratifier = [] }) => {
    const claiming = stratifier.filter(({ stratum = [] }) =>
      stratum.some(({ value, population = [] }) => {
        // A stratum may list its populations twice, with two counts: it claims the patient when both do.
        const initial = population.filter(({ code }) => code?.coding?.[0]?.code === 'initial-population');
        return value?.text === 'true' && initial.length > 0 && initial.every(({ count }) => count !== 0);
      }),
    );
    return claiming.length > 1;
  });
}
