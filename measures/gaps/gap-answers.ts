import type { FhirResource } from '../../cql/index.ts';
import type { GroupDefinition, PopulationCode } from '../definition.ts';
import { reportedGroups } from '../evaluation/composite.ts';
import type { EvaluationTrace, GroupResult, MeasurementPeriod, SubjectResult } from '../evaluation/result.ts';
import type { PreparedMeasure } from '../prepare.ts';
import type { GapAnswer } from './answer.ts';
import { AsOf } from './as-of.ts';
import { type Criterion, criterionKey, leaves } from './criterion.ts';
import { askedData, Explanation, type MetNeed, type Step } from './explain.ts';
import { nextSteps } from './next-step.ts';
import { dateOf } from './observed-data.ts';
import { beside, foundReasons, gapReasons } from './reasons.ts';
import { gapFacts, gapStatus } from './status.ts';

/**
 * What is to be said of one subject's gaps: an answer for each group that can have one, in the order of the measure.
 * Groups without a numerator (cohort, continuous variable) have none.
 * @param result of `evaluateSubject`; with `trace`, reasons, next steps and evidence are filled, without, they are empty
 * @param asOf the date (YYYY-MM-DD) on which the gap is looked at: until the period's last day, an unmet gap is prospective
 */
export function gapAnswers(
  prepared: PreparedMeasure,
  result: SubjectResult,
  request: { readonly period: MeasurementPeriod; readonly asOf: string },
): GapAnswer[] {
  return datedGapAnswers(prepared, result, request).answers;
}

/**
 * The answers of `gapAnswers`, and the last day (YYYY-MM-DD) on which the same result has the same answers; null when
 * they stay as they are. What the measure's own CQL makes of the clock is not in it.
 */
export function datedGapAnswers(
  prepared: PreparedMeasure,
  result: SubjectResult,
  { period, asOf: date }: { readonly period: MeasurementPeriod; readonly asOf: string },
): { readonly answers: GapAnswer[]; readonly holdThrough: string | null } {
  const asOf = new AsOf(date);
  const answers = reportedGroups(prepared.definition).flatMap((group, index): GapAnswer[] => {
    const ofSubject = result.groups[index];
    const facts = ofSubject === undefined ? null : gapFacts(group, ofSubject, date, period.end);
    if (ofSubject === undefined || facts === null) return [];
    const status = gapStatus(facts);
    if (status === 'prospective-gap') asOf.isPast(period.end);
    const nothing = { group, status, reasons: [], evidence: [], nextSteps: [] };
    const { trace } = result;
    if (trace === null || status === 'not-applicable') return [nothing];
    const of = { prepared, group, result, ofSubject, trace, asOf };
    if (status === 'closed-gap') return [{ ...nothing, evidence: evidence(of, facts.eligible) }];
    return [{ ...nothing, ...toClose(of) }];
  });
  return { answers, holdThrough: asOf.holdsThrough };
}

interface OneGroup {
  readonly prepared: PreparedMeasure;
  readonly group: GroupDefinition;
  readonly result: SubjectResult;
  readonly ofSubject: GroupResult;
  readonly trace: EvaluationTrace;
  readonly asOf: AsOf;
}

/** What stands between a subject and the numerator, or keeps it in where less is better. */
function toClose(of: OneGroup): Pick<GapAnswer, 'reasons' | 'nextSteps'> {
  const { group, asOf } = of;
  const toHave = group.improvementNotation !== 'decrease';
  const takenOut = toHave && has(of, 'numerator') && has(of, 'numerator-exclusion');
  const criterion = criterionOf(of, takenOut ? 'numerator-exclusion' : 'numerator', toHave && !takenOut);
  if (criterion === null) return { reasons: [], nextSteps: [] };
  const explanation = explanationOf(of);
  const panel = leaves(criterion).map((planned) => explanation.need(planned));
  const reasons = gapReasons(explanation.obstacles(criterion), panel);
  return {
    // Where no single need is in the way, what was found of all of them is what can be said.
    reasons: reasons.length > 0 ? reasons : foundReasons(panel),
    nextSteps: nextSteps(
      explanation.steps(criterion).map((step) => withPanel(step, panel)),
      asOf,
    ),
  };
}

/** A new reading has to meet what the last one met, too: all components of a panel are asked for together. */
function withPanel(step: Step, panel: readonly MetNeed[]): Step {
  const [first] = step.needs;
  return first === undefined || first.component === null ? step : { ...step, needs: beside(first, panel) };
}

/** What closed a gap: the data that met the numerator; where nothing was left to assess, what took it out. Newest first. */
function evidence(of: OneGroup, eligible: boolean): string[] {
  const explanation = explanationOf(of);
  const codes: readonly PopulationCode[] = eligible
    ? ['numerator']
    : ['denominator-exclusion', 'denominator-exception'];
  const wanted = !eligible || of.group.improvementNotation !== 'decrease';
  const data = codes
    .filter((code) => eligible || has(of, code))
    .flatMap((code) => {
      const criterion = criterionOf(of, code, wanted);
      return criterion === null ? [] : explanation.support(criterion);
    });
  return references(data);
}

function explanationOf({ prepared, group, result, trace, asOf }: OneGroup): Explanation {
  const membership = group.populations.filter(({ code }) => code === 'initial-population' || code === 'denominator');
  const retrieves = membership.flatMap(({ expression }) => prepared.requirements.get(expression)?.retrieves ?? []);
  const given = new Set(
    retrieves.map(({ resourceType, valueSet, codes }) =>
      askedData({ resourceType, valueSet: valueSet?.url ?? null, codes }),
    ),
  );
  return new Explanation(trace, result, asOf, given, group.basis === 'boolean');
}

function criterionOf({ prepared, group }: OneGroup, code: PopulationCode, wanted: boolean): Criterion | null {
  const population = group.populations.find((candidate) => candidate.code === code);
  return population === undefined ? null : (prepared.needs.get(criterionKey(population.expression, wanted)) ?? null);
}

function has({ group, ofSubject }: OneGroup, code: PopulationCode): boolean {
  return group.populations.some(
    (population, index) => population.code === code && (ofSubject.populations[index]?.count ?? 0) > 0,
  );
}

function references(resources: readonly FhirResource[]): string[] {
  const newestFirst = resources
    .filter(({ resourceType }) => resourceType !== 'Patient')
    .toSorted((a, b) => ((dateOf(a, null) ?? '') < (dateOf(b, null) ?? '') ? 1 : -1));
  return [...new Set(newestFirst.map(({ resourceType, id }) => `${resourceType}/${id}`))];
}
