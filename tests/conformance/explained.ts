import { type Differences, isWhole } from './compare.ts';
import type { CaseResult } from './evaluate.ts';
import { exclusiveStrata } from './explained-strata.ts';
import type { JobResult } from './jobs.ts';

/** Official cases that cannot be met because of their content, by the first eight characters of their id. */
export interface Explanation {
  readonly measure: string;
  /** Ids of cases, shortened to eight characters, separated by white space. */
  readonly cases: string;
  /** Which clause decides, and what of the case's resources it reads. */
  readonly proof: string;
}

/**
 * Official cases that are known to differ, and why; mended.ts proves each by putting in what it lacks. A run fails when a case
 * differs that isn't here, and when one that is here agrees. Cases whose strata contradict each other are known by a rule (explained-strata.ts).
 */
export const explanations: readonly Explanation[] = [
  {
    measure: 'CMS104FHIRSTKDCAntithrombotic',
    proof:
      "CQMCommon.claimDiagnosis takes diagnoses of Claims with an item where item.encounter references the encounter. Each case has one Claim with one item, and that refers to one of the two or three inpatient encounters that are expected, or (0b1aa8ee, e84c89f7) has no encounter and no diagnosisSequence at all. 70 of the measure's 73 Claims have one and the same id, so that a case could keep only one",
    cases: '0b1aa8ee 348471db 451b6853 a2b8327c c15bee15 e84c89f7',
  },
  {
    measure: 'CMS72FHIRSTKAntithromboticDay2',
    proof:
      'CQMCommon.claimDiagnosis, as in CMS104: two, three and four encounters are expected, the one Claim refers to one; that of e126cdec to Encounter//5c954893b848462de0ae623a, which the case does not have',
    cases: '5a329008 cb7c95fc e126cdec febd4b3e',
  },
  {
    measure: 'CMS1028FHIRPCSevereOBComps',
    proof:
      'isDiagnosisPresentOnAdmission reads CQMCommon.claimDiagnosis: sepsis is expected of both deliveries, and both items of the only Claim refer to the later one',
    cases: '763d86f9',
  },
  {
    measure: 'CMS1017FHIRHHFI',
    proof:
      'Denominator Observation is days of hospitalizationWithObservation. By its description the fall is in an observation stay, and the AdverseEvent is dated 3 hours before the inpatient encounter begins; that stay is not among the Encounters of the case, so 2 days are left of the 4. (The other encounter lasts 4 days, and is a denominator exclusion.)',
    cases: '8045dee0 fd4ea84b',
  },
  {
    measure: 'CMS0334FHIRPCCesareanBirth',
    proof:
      'Encounter With Singleton Delivery needs a reasonCode (the only one is frank breech) or encounterDiagnosis(); reasonReference is delivery-of-singleton-0997, and the Conditions of the case have other ids',
    cases: 'c58acff5',
  },
  {
    measure: 'CMS819FHIRHHORAE',
    proof:
      '31b40acc: two encounters are expected and the case has one (July; an opioid of October belongs to none). 73b0c1fe: an opioid that ends 12 hours or less before an antagonist is expected; the only opioid is given 6 days before the only antagonist',
    cases: '31b40acc 73b0c1fe',
  },
  {
    measure: 'CMS1154ScreeningPrediabetesFHIR',
    proof:
      'QICoreCommon.prevalenceInterval of an inactive Condition without abatement is a query over a null source, which is null (HL7 Jira FHIR-40225). Evaluated once with null, this case agrees, and nine of CMS135, CMS347 and CMS771 no longer do: the cases contradict each other',
    cases: 'bc9c82ca',
  },
  {
    measure: 'CMS155FHIRWgtAssessCounseling',
    proof:
      'Stratification 1 is AgeInYearsAt(end of period) in Interval[3, 11]: these patients are born on 1 January 2021 and expected in no stratum, others of that birth date in this one',
    cases: '356b9969 a0a8def2',
  },
];

/** Why a case differs, if that is known; a contradiction between strata excuses only strata. */
export function explanationOf(result: Omit<CaseResult, 'ms'>): string | null {
  const { measure, differences, severalStrata } = result;
  const one = explanations.find((each) => each.measure === measure && casesOf(each).includes(result.case.slice(0, 8)));
  if (one !== undefined) return one.proof;
  if (!severalStrata || !isWhole({ ...result, differences: { ...differences, strata: [] } })) return null;
  return exclusiveStrata.find((each) => each.measure === measure)?.proof ?? null;
}

/** What differs, in one line. */
export function differencesOf({ populations, observations, strata, scores }: Differences): string {
  return [...populations, ...observations, ...strata, ...scores].join('; ');
}

function casesOf({ cases }: Explanation): string[] {
  return cases.split(/\s+/).filter((id) => id !== '');
}

/** What the run must not pass over: cases that differ without explanation, and explained ones that agree by now. */
export function unexplained(jobs: readonly JobResult[]): string[] {
  const surprises: string[] = [];
  for (const { suite, measure, results, error } of jobs) {
    if (error !== null) surprises.push(`${suite} ${measure}: ${error}`);
    for (const result of results) {
      const explained = explanationOf({ ...result, measure }) !== null;
      const what = result.error ?? differencesOf(result.differences);
      if (!isWhole(result) && !explained) surprises.push(`${suite} ${measure} ${result.case}: ${what}`);
      if (isWhole(result) && explained)
        surprises.push(`${suite} ${measure} ${result.case} agrees by now: take it off the list in explained.ts`);
    }
  }
  return surprises;
}

/** Explained cases that the content at hand does not have: another selection of cases, or a list that is out of date. */
export function absent(jobs: readonly JobResult[]): string[] {
  return explanations.flatMap((explanation) => {
    const job = jobs.find(({ suite, measure }) => suite === 'ecqm' && measure === explanation.measure);
    const known = new Set(job?.results.map((result) => result.case.slice(0, 8)));
    return casesOf(explanation).flatMap((id) => (known.has(id) ? [] : [`${explanation.measure} ${id}`]));
  });
}
