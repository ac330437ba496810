import { isWhole } from './compare.ts';
import { contradictoryStrata, type Explanation } from './explained-strata.ts';
import type { JobResult, Suite } from './jobs.ts';

/**
 * Official cases that are known to differ, and why. A run fails when a case differs that isn't here, and when one that is
 * here agrees.
 */
export const explanations: readonly Explanation[] = [
  ...contradictoryStrata,
  {
    measure: 'CMS104FHIRSTKDCAntithrombotic',
    kind: 'content defect',
    proof:
      'the CQL takes the principal diagnosis from a Claim item that refers to the encounter, and the only Claim of the case refers to one of its encounters or to none',
    cases: '0b1aa8ee 348471db 451b6853 a2b8327c c15bee15 e84c89f7',
  },
  {
    measure: 'CMS72FHIRSTKAntithromboticDay2',
    kind: 'content defect',
    proof:
      'the CQL takes the principal diagnosis from a Claim item that refers to the encounter, and the only Claim of the case refers to one of its encounters, or to one that is not there',
    cases: '5a329008 cb7c95fc e126cdec febd4b3e',
  },
  {
    measure: 'CMS1028FHIRPCSevereOBComps',
    kind: 'content defect',
    proof:
      'two encounters are expected to have a complication from claims, and every Claim of the case refers to the same one',
    cases: '763d86f9',
  },
  {
    measure: 'CMS1017FHIRHHFI',
    kind: 'content defect',
    proof:
      'the one expected denominator observation is the length of the stay that is excluded; that of the stay which is not is shorter',
    cases: '8045dee0 fd4ea84b',
  },
  {
    measure: 'CMS0334FHIRPCCesareanBirth',
    kind: 'content defect',
    proof: 'the diagnosis of the delivery is a reasonReference to a Condition that the case does not have',
    cases: 'c58acff5',
  },
  {
    measure: 'CMS819FHIRHHORAE',
    kind: 'content defect',
    proof:
      'two encounters are expected where the case has one; an antagonist within 12 hours is expected where the only one was given six days after the opioid',
    cases: '31b40acc 73b0c1fe',
  },
  {
    measure: 'CMS347FHIRStatinPreventionTxCVD',
    kind: 'engine defect',
    proof:
      'a request without dosage, supply and bounds has no period (Coalesce and arithmetic over nulls are null), and is found active all the same',
    cases: '5976248c bb80a309',
  },
  {
    measure: 'CMS1154ScreeningPrediabetesFHIR',
    kind: 'engine defect',
    proof:
      'prevalenceInterval of an inactive condition without abatement is a query over a singleton that is null: expected to run once with null, found to give null',
    cases: 'bc9c82ca',
  },
  {
    measure: 'CMS69FHIRPCSBMIScreenAndFollowUp',
    kind: 'engine defect',
    proof:
      'the BMI declares qicore-simple-observation and no profile of BMI: expected not to be found, and found by its code, as data without profiles has to be',
    cases: 'c1df0273',
  },
];

export function explanationOf(measure: string, name: string): Explanation | null {
  return explanations.find((each) => each.measure === measure && casesOf(each).includes(name.slice(0, 8))) ?? null;
}

function casesOf({ cases }: Explanation): string[] {
  return cases.split(/\s+/).filter((id) => id !== '');
}

/** What the run must not pass over: cases that differ without explanation, and explained ones that agree by now. */
export function unexplained(jobs: readonly JobResult[], suites: readonly Suite[]): string[] {
  const surprises: string[] = [];
  for (const { suite, measure, results, error } of jobs) {
    if (error !== null) surprises.push(`${suite} ${measure}: ${error}`);
    for (const result of results) {
      const explained = explanationOf(measure, result.case) !== null;
      const { populations, observations, strata, scores } = result.differences;
      const what = result.error ?? [...populations, ...observations, ...strata, ...scores].join('; ');
      if (!isWhole(result) && !explained) surprises.push(`${suite} ${measure} ${result.case}: ${what}`);
      if (isWhole(result) && explained)
        surprises.push(`${suite} ${measure} ${result.case} agrees by now: take it off the list in explained.ts`);
    }
  }
  if (suites.includes('ecqm'))
    for (const explanation of explanations) {
      const job = jobs.find(({ suite, measure }) => suite === 'ecqm' && measure === explanation.measure);
      const known = new Set(job?.results.map((result) => result.case.slice(0, 8)));
      for (const id of casesOf(explanation))
        if (!known.has(id)) surprises.push(`explained.ts names ${explanation.measure} ${id}, which is no case`);
    }
  return surprises;
}
