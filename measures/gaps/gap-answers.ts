import type { CqlValue, FhirResource } from '../../cql/index.ts';
import type { GroupDefinition } from '../definition.ts';
import { reportedGroups } from '../evaluation/composite.ts';
import { isList } from '../evaluation/membership.ts';
import type { EvaluationTrace, GroupResult, MeasurementPeriod, SubjectResult } from '../evaluation/result.ts';
import type { PreparedMeasure } from '../prepare.ts';
import type { DataNeed, GapAnswer } from './answer.ts';
import type { PlannedNeed } from './needs.ts';
import { nextSteps } from './next-step.ts';
import { dateOf, meetsDates, meetsValue, observedValue } from './observed-data.ts';
import { gapReasons, type MetNeed } from './reasons.ts';
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
  { period, asOf }: { readonly period: MeasurementPeriod; readonly asOf: string },
): GapAnswer[] {
  return reportedGroups(prepared.definition).flatMap((group, index) => {
    const ofSubject = result.groups[index];
    const facts = ofSubject === undefined ? null : gapFacts(group, ofSubject, asOf, period.end);
    if (ofSubject === undefined || facts === null) return [];
    const status = gapStatus(facts);
    const needs = metNeeds(prepared, result, group);
    const open = status === 'open-gap' || status === 'prospective-gap';
    return [
      {
        group,
        status,
        reasons: open ? gapReasons(needs) : [],
        evidence: status === 'closed-gap' ? evidence(group, ofSubject, result, needs, facts.eligible) : [],
        nextSteps: open ? nextSteps(needs) : [],
      },
    ];
  });
}

function metNeeds(
  { needs }: PreparedMeasure,
  { trace, evaluatedResources }: SubjectResult,
  group: GroupDefinition,
): MetNeed[] {
  const numerator = group.populations.find(({ code }) => code === 'numerator');
  if (trace === null || numerator === undefined) return [];
  const resources = new Map(
    evaluatedResources.map(({ resource }) => [`${resource.resourceType}/${resource.id}`, resource]),
  );
  const found = new Map<string, FhirResource[]>();
  for (const retrieve of trace.retrieves) {
    const ofRetrieve = retrieve.resources.flatMap(
      ({ resourceType, id }) => resources.get(`${resourceType}/${id}`) ?? [],
    );
    const key = `${retrieve.library} ${retrieve.localId}`;
    found.set(key, [...new Set([...(found.get(key) ?? []), ...ofRetrieve])]);
  }
  return (needs.get(numerator.expression) ?? []).map((planned) => ({
    ...planned,
    need: withDates(planned, trace),
    found: found.get(planned.retrieve) ?? [],
    toHave: planned.wanted === (group.improvementNotation !== 'decrease'),
  }));
}

/** The narrowest dates that all bounds together leave. */
function withDates({ need, windows }: PlannedNeed, trace: EvaluationTrace): DataNeed {
  let { dateFrom, dateTo } = need;
  for (const { kind, definition } of windows) {
    const bound = trace.bounds[definition] ?? null;
    const from = kind === 'to' ? null : edge(bound, 'low');
    const to = kind === 'from' ? null : edge(bound, 'high');
    if (from !== null && (dateFrom === null || from > dateFrom)) dateFrom = from;
    if (to !== null && (dateTo === null || to < dateTo)) dateTo = to;
  }
  return { ...need, dateFrom, dateTo };
}

/** Date of a point, or of an end of an interval; null when there is none. An open end at midnight is the day before. */
function edge(value: CqlValue, end: 'low' | 'high'): string | null {
  if (value === null || typeof value !== 'object' || isList(value)) return null;
  if (value.type === 'Date' || value.type === 'DateTime') return value.value.slice(0, 10);
  if (value.type !== 'Interval') return null;
  const point = edge(value[end], end);
  const open = end === 'high' && !value.highClosed && point !== null && point.length === 10;
  return open ? new Date(Date.parse(point) - 86_400_000).toISOString().slice(0, 10) : point;
}

/** What closed a gap: the data that met the numerator; where nothing was left to assess, what took it out. */
function evidence(
  group: GroupDefinition,
  result: GroupResult,
  { evaluatedResources }: SubjectResult,
  needs: readonly MetNeed[],
  eligible: boolean,
): string[] {
  const met = needs.flatMap(({ need, component, found, toHave }) =>
    toHave
      ? found.filter(
          (resource) =>
            meetsDates(need, dateOf(resource, need.datePath)) && meetsValue(need, observedValue(resource, component)),
        )
      : [],
  );
  if (eligible) return references(met);
  const out = group.populations.filter(
    ({ code }, index) =>
      (code === 'denominator-exclusion' || code === 'denominator-exception') &&
      (result.populations[index]?.count ?? 0) > 0,
  );
  const names = new Set(out.map(({ linkId, id, expression }) => linkId ?? id ?? expression));
  return references(
    evaluatedResources
      .filter(({ criteria }) => criteria.some((name) => names.has(name)))
      .map(({ resource }) => resource),
  );
}

function references(resources: readonly FhirResource[]): string[] {
  const named = resources.filter(({ resourceType }) => resourceType !== 'Patient');
  return [...new Set(named.map(({ resourceType, id }) => `${resourceType}/${id}`))];
}
