import type { CqlValue, FhirResource } from '../../cql/index.ts';
import { isList } from '../evaluation/membership.ts';
import type { EvaluationTrace, SubjectResult } from '../evaluation/result.ts';
import type { DataNeed } from './answer.ts';
import type { AsOf } from './as-of.ts';
import type { Clause, Criterion, PlannedNeed, Window } from './criterion.ts';
import { dateOf, hasElement, hasValue, meetsDates, meetsValues, observedValue } from './observed-data.ts';

/** A planned need of one subject: with its dates, and with what its retrieve found, newest first. */
export interface MetNeed extends PlannedNeed {
  readonly found: readonly FhirResource[];
  /** Those of them that are as the need asks, as far as can be told. */
  readonly qualifying: readonly FhirResource[];
}

/** What closes a gap: one or more needs of the same resource, or as well any of some others. */
export interface Step {
  readonly needs: readonly MetNeed[];
  readonly alternatives: readonly MetNeed[];
  /** What is needed in addition when the value turns out otherwise: a follow-up. */
  readonly otherwise: readonly MetNeed[];
}

/** What is found out rather than done. */
export const findings: ReadonlySet<string> = new Set(['Condition', 'AllergyIntolerance', 'AdverseEvent', 'Patient']);

/** From here on, a way to close a gap is none: documenting that nothing was done, undoing what happened, growing older. */
const unreasonable = 60;

/** A way that is farther by so much than the nearest is not worth a word. */
const detour = 10;

/** What the analysis of a criterion says of one subject, by the trace of its evaluation. */
export class Explanation {
  readonly #asOf: AsOf;
  readonly #given: ReadonlySet<string>;
  readonly #clauses: ReadonlyMap<string, boolean> | null;
  readonly #bounds: EvaluationTrace['bounds'];
  readonly #found: ReadonlyMap<string, readonly FhirResource[]>;
  readonly #needs = new Map<PlannedNeed, MetNeed>();

  /**
   * @param given data that the subject's membership of the denominator rests on already (`askedData`)
   * @param byClause the truth of clauses tells of the subject (boolean basis), not of one among several members
   */
  constructor(
    trace: EvaluationTrace,
    { evaluatedResources }: SubjectResult,
    asOf: AsOf,
    given: ReadonlySet<string>,
    byClause: boolean,
  ) {
    this.#given = given;
    this.#asOf = asOf;
    this.#bounds = trace.bounds;
    this.#clauses = byClause
      ? new Map(
          trace.clauses
            .filter(({ value }) => value !== 'not-reached')
            .map(({ library, localId, value }) => [`${library} ${localId}`, value === 'true']),
        )
      : null;
    const resources = new Map(
      evaluatedResources.map(({ resource }) => [`${resource.resourceType}/${resource.id}`, resource]),
    );
    const found = new Map<string, Set<FhirResource>>();
    for (const { library, localId, resources: ids } of trace.retrieves) {
      const key = `${library} ${localId}`;
      const known = found.get(key) ?? new Set();
      found.set(key, known);
      for (const { resourceType, id } of ids) {
        const resource = resources.get(`${resourceType}/${id}`);
        if (resource !== undefined) known.add(resource);
      }
    }
    this.#found = new Map([...found].map(([key, ofRetrieve]) => [key, [...ofRetrieve]]));
  }

  /** What keeps a criterion from being met that isn't: alternatives side by side, the nearest first. */
  obstacles(criterion: Criterion): MetNeed[] {
    if (criterion.kind === 'data') return [this.need(criterion.need)];
    if (criterion.kind === 'other') return [];
    if (criterion.kind === 'all') return this.#unmet(criterion.of).flatMap((part) => this.obstacles(part));
    const ways = this.#byCost(criterion.of);
    const [nearest] = ways;
    const least = nearest === undefined ? 0 : this.#cost(nearest, true);
    const near = ways.filter((way) => this.#cost(way, true) < Math.min(unreasonable, least + detour));
    const told = near.filter((way) => !this.#isAside(way));
    const reasonable = told.length > 0 ? told : near;
    return (reasonable.length === 0 ? ways.slice(0, 1) : reasonable).flatMap((part) => this.obstacles(part));
  }

  /** What would meet a criterion that isn't met: all of the steps together. Empty when no data would. */
  steps(criterion: Criterion): Step[] {
    return this.#cost(criterion, true) < unreasonable ? this.#steps(criterion) : [];
  }

  /** The data that meets a criterion that is met. */
  support(criterion: Criterion): FhirResource[] {
    if (criterion.kind === 'other' || this.isMet(criterion) === false) return [];
    if (criterion.kind === 'data') return criterion.need.wanted ? [...this.need(criterion.need).qualifying] : [];
    return criterion.of.flatMap((part) => this.support(part));
  }

  /** Null where neither the trace nor the data tells. */
  isMet(criterion: Criterion): boolean | null {
    const held = this.#held(criterion.clause);
    if (held !== null) return held;
    if (criterion.kind === 'data') return this.#isMetByData(this.need(criterion.need));
    if (criterion.kind === 'other') return null;
    const parts = criterion.of.map((part) => this.isMet(part));
    if (criterion.kind === 'all') return parts.includes(false) ? false : parts.includes(null) ? null : true;
    return parts.includes(true) ? true : parts.includes(null) ? null : false;
  }

  need(planned: PlannedNeed): MetNeed {
    const known = this.#needs.get(planned);
    if (known !== undefined) return known;
    const { need } = planned;
    const date = (resource: FhirResource): string | null => dateOf(resource, need.datePath);
    const found = (this.#found.get(planned.retrieve) ?? []).toSorted((a, b) =>
      (date(a) ?? '') < (date(b) ?? '') ? 1 : -1,
    );
    const fits = (resource: FhirResource): boolean =>
      planned.elements.every((element) => hasElement(resource, element) !== false) &&
      (!planned.hasValue || hasValue(resource)) &&
      meetsValues(planned.values, observedValue(resource, planned.component));
    const dated = { ...need, ...this.#dates(planned.windows, found.filter(fits).map(date)) };
    const inTime = found.filter((resource) => meetsDates(dated, date(resource)));
    const qualifying = (planned.newest ? inTime.slice(0, 1) : inTime).filter(fits);
    const met = { ...planned, need: dated, found, qualifying };
    this.#needs.set(planned, met);
    return met;
  }

  #held(clause: Clause | null): boolean | null {
    const value = clause === null ? undefined : this.#clauses?.get(clause.key);
    if (clause === null || value === undefined) return null;
    const held = value === clause.wanted;
    return held && !clause.exact ? null : held;
  }

  #isMetByData({ wanted, optional, found, qualifying, count, need }: MetNeed): boolean {
    if (!wanted) return qualifying.length === 0;
    if (optional && !found.some((resource) => meetsDates(need, dateOf(resource, need.datePath)))) return true;
    return qualifying.length >= count;
  }

  /**
   * The parts that aren't met; when all seem to be, those that the analysis understands least. What made the subject a
   * member of the denominator, or is a mere look at other data, is in the way only if nothing else is.
   */
  #unmet(parts: readonly Criterion[]): readonly Criterion[] {
    const unmet = parts.filter((part) => this.isMet(part) === false);
    const certain = unmet.filter((part) => this.#held(part.clause) === false || !this.#isAside(part));
    const unclear = parts.filter((part) => this.isMet(part) === null || !this.#isPlain(part));
    const told = (found: readonly Criterion[]): readonly Criterion[] => found.filter((part) => !this.#isAside(part));
    const choices = [certain, told(unclear), told(parts), unmet, unclear];
    return choices.find((choice) => choice.length > 0) ?? parts;
  }

  #isAside(criterion: Criterion): boolean {
    if (criterion.kind !== 'data')
      return criterion.kind !== 'other' && criterion.of.every((part) => this.#isAside(part));
    return criterion.need.generic || this.#given.has(askedData(criterion.need.need));
  }

  #isPlain(criterion: Criterion): boolean {
    return criterion.kind === 'data'
      ? !criterion.need.unclear
      : criterion.kind === 'other' || criterion.of.every((part) => this.#isPlain(part));
  }

  #steps(criterion: Criterion): Step[] {
    if (criterion.kind === 'other') return [];
    if (criterion.kind === 'data') return [{ needs: [this.need(criterion.need)], alternatives: [], otherwise: [] }];
    if (criterion.kind === 'all') return joined(this.#unmet(criterion.of).flatMap((part) => this.#steps(part)));
    const ways = this.#byCost(criterion.of).filter((way) => this.#cost(way, true) < unreasonable);
    const plans = ways.map((way) => this.#steps(way)).filter((plan) => plan.length > 0);
    const [best] = plans;
    const [only, ...more] = best ?? [];
    if (best === undefined || only === undefined || more.length > 0) return best ?? [];
    const others = plans.slice(1).flatMap((plan) => (plan.length === 1 && plan[0]?.needs.length === 1 ? plan : []));
    const alternatives = others.flatMap((step) => [...step.needs, ...step.alternatives]);
    const asked = new Set(only.needs.map(sameData));
    const worthwhile = alternatives.filter(
      (met) => !findings.has(met.need.resourceType) && met.wanted && !met.generic && !asked.has(sameData(met)),
    );
    // The same test with another result counts as well, given what follows from it.
    const followed = plans
      .slice(1)
      .filter((plan) => plan.length > 1 && plan.some((step) => asked.has(dataOfStep(step))));
    const otherwise = followed.flatMap((plan) =>
      plan.flatMap((step) => (asked.has(dataOfStep(step)) ? [] : [...step.needs, ...step.alternatives])),
    );
    return [
      {
        needs: only.needs,
        alternatives: [...only.alternatives, ...worthwhile],
        otherwise: [
          ...only.otherwise,
          ...otherwise.filter((met) => !findings.has(met.need.resourceType) && met.wanted),
        ],
      },
    ];
  }

  #byCost(ways: readonly Criterion[]): readonly Criterion[] {
    return ways
      .map((way) => ({ way, cost: this.#cost(way, true) }))
      .sort((a, b) => a.cost - b.cost)
      .map(({ way }) => way);
  }

  /** How far off a criterion is. @param unmet it is known not to be met, whatever the data seem to say */
  #cost(criterion: Criterion, unmet = false): number {
    const met = this.isMet(criterion);
    if (met === true && !unmet) return 0;
    if (criterion.kind === 'other') return met === false ? 1000 : 0;
    if (criterion.kind === 'data') return this.#costOf(this.need(criterion.need));
    if (criterion.kind === 'any') return Math.min(...criterion.of.map((part) => this.#cost(part, true)));
    return this.#unmet(criterion.of).reduce((sum, part) => sum + this.#cost(part, true), 0);
  }

  #costOf({ wanted, negation, generic, unclear, need, qualifying, windows, found, ...met }: MetNeed): number {
    if (!wanted) return 100;
    if (negation) return unreasonable;
    if (generic) return 30;
    const kind = findings.has(need.resourceType) ? 10 : need.resourceType === 'Encounter' ? 4 : 1;
    const late = need.dateTo !== null && this.#asOf.isPast(need.dateTo) ? 1 : 0;
    const unknown = windows.length > 0 && need.dateFrom === null && need.dateTo === null ? 1 : 0;
    // What was measured is a fact: another way is nearer than another result.
    const inTime = found.some((resource) => meetsDates(need, dateOf(resource, need.datePath)));
    const hasResult = met.values.length > 0 || met.elements.some(({ path }) => path === 'value');
    const contrary = inTime && hasResult && qualifying.length === 0 ? 15 : 0;
    return contrary + kind + late + unknown + (unclear ? 0.5 : 0) + (qualifying.length > 0 ? 2 : 0);
  }

  /** The narrowest dates that all bounds together leave; of a bound for each of several rows, that of the newest unmet. */
  #dates(windows: readonly Window[], dates: readonly (string | null)[]): Pick<DataNeed, 'dateFrom' | 'dateTo'> {
    let dateFrom: string | null = null;
    let dateTo: string | null = null;
    for (const bound of windows) {
      const value = this.#bounds[bound.definition] ?? null;
      const rows = (isList(value) ? value : [value])
        .map((row) => datesOf(bound, row))
        .sort((a, b) => ((a.dateTo ?? a.dateFrom ?? '') < (b.dateTo ?? b.dateFrom ?? '') ? 1 : -1));
      const row = rows.find((each) => !dates.some((date) => meetsDates(each, date))) ?? rows[0];
      if (row === undefined) continue;
      if (row.dateFrom !== null && (dateFrom === null || row.dateFrom > dateFrom)) dateFrom = row.dateFrom;
      if (row.dateTo !== null && (dateTo === null || row.dateTo < dateTo)) dateTo = row.dateTo;
    }
    return { dateFrom, dateTo };
  }
}

/** Steps that ask for the same data are one: systolic and diastolic pressure are read together. */
function joined(steps: readonly Step[]): Step[] {
  const together = new Map<string, Step>();
  for (const step of steps) {
    const [first] = step.needs;
    if (first === undefined) continue;
    const key = `${sameData(first)} ${step.alternatives.length}`;
    const known = together.get(key);
    together.set(key, known === undefined ? step : { ...known, needs: [...known.needs, ...step.needs] });
  }
  return [...together.values()];
}

/** What a need asks for: the type with its value set or codes. */
export function askedData({
  resourceType,
  valueSet,
  codes,
}: {
  readonly resourceType: string;
  readonly valueSet: string | null;
  readonly codes: readonly { readonly code?: string }[];
}): string {
  return JSON.stringify([resourceType, valueSet ?? codes.map(({ code }) => code)]);
}

function dataOfStep({ needs: [first] }: Step): string {
  return first === undefined ? '' : sameData(first);
}

/** Needs that ask for the same data, whatever profile they ask it by. */
export function sameData({ need, wanted }: MetNeed): string {
  return JSON.stringify([need.resourceType, need.valueSet ?? need.codes, need.title, wanted]);
}

function datesOf({ kind, proper }: Window, bound: CqlValue): Pick<DataNeed, 'dateFrom' | 'dateTo'> {
  if (kind === 'until') return { dateFrom: null, dateTo: edge(bound, 'high') };
  if (kind === 'interval') return { dateFrom: edge(bound, 'low'), dateTo: edge(bound, 'high') };
  if (kind === 'from') return { dateFrom: shifted(edge(bound, 'high'), proper ? 1 : 0), dateTo: null };
  return { dateFrom: null, dateTo: shifted(edge(bound, 'low'), proper ? -1 : 0) };
}

/** Date of a point, or of an end of an interval; null when there is none. An open end at midnight is the day before. */
function edge(value: CqlValue, end: 'low' | 'high'): string | null {
  if (value === null || typeof value !== 'object' || isList(value)) return null;
  if (value.type === 'Date' || value.type === 'DateTime') return value.value.slice(0, 10);
  if (value.type !== 'Interval') return null;
  const point = edge(value[end], end);
  const open = end === 'high' && !value.highClosed;
  return open ? shifted(point, -1) : point;
}

function shifted(date: string | null, days: number): string | null {
  if (date === null || date.length !== 10 || days === 0) return date;
  return new Date(Date.parse(date) + days * 86_400_000).toISOString().slice(0, 10);
}
