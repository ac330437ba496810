import type { FhirResource } from '../../cql/index.ts';
import type { GapReason, GapReasonCode } from './answer.ts';
import { findings, type MetNeed, sameData } from './explain.ts';
import { dateOf, elementCodes, hasElement, hasValue, meetsDates, meetsValues, observedValue } from './observed-data.ts';
import { amount, componentName, dateInWords, limits, sentence, subject, window, withUnit } from './sentences.ts';

/** What says most about a gap, and is nearest to being mended, comes first. */
const precedence: readonly GapReasonCode[] = [
  'ValueOutOfRange',
  'InvalidAttribute',
  'CountOutOfRange',
  'DateOutOfRange',
  'NotFound',
  'Present',
];

/** More reasons than these nobody reads. */
const most = 5;

/**
 * Why a gap is open: for each kind of data that the criterion depends on, what is wrong with it. "Not found" never means
 * "not done" (DEQM, gaps in care reporting).
 * @param obstacles needs that aren't met, the nearest first
 * @param panel all needs of the criterion: values of the same resource are told together
 */
export function gapReasons(obstacles: readonly MetNeed[], panel: readonly MetNeed[]): GapReason[] {
  const all = obstacles.flatMap((met) => (met.wanted ? wanting(met, beside(met, panel)) : standing(met)));
  // Of what nothing was found, a need that something can be said of tells more.
  const reasons = [...all].sort((a, b) => rank(a) - rank(b));
  const byText = new Map<string, GapReason>();
  const told = new Set<string>();
  for (const reason of reasons) {
    const about = `${reason.need.title} ${reason.reference}`;
    if (reason.code !== 'ValueOutOfRange' && told.has(about)) continue;
    told.add(about);
    if (!byText.has(reason.text)) byText.set(reason.text, reason);
  }
  return [...byText.values()].slice(0, most);
}

/** The data that was looked at, where it can't be told which of it decides. */
export function foundReasons(panel: readonly MetNeed[]): GapReason[] {
  const all = panel.flatMap((met) => {
    const [newest] = met.found;
    if (newest === undefined || met.generic) return [];
    const about = `${subject(met)}${dated(newest, met)}`;
    return met.wanted
      ? [reason('InvalidAttribute', met, newest, `${about} does not count under this measure`)]
      : [reason('Present', met, newest, `${about} was found, which may count against`)];
  });
  return [...new Map(all.map((each) => [each.text, each])).values()].sort((a, b) => rank(a) - rank(b)).slice(0, most);
}

/** By what it says, and of that what is found out rather than done, or has no name, last. */
function rank({ code, need }: GapReason): number {
  return precedence.indexOf(code) * 4 + (findings.has(need.resourceType) ? 1 : 0) + (need.title === null ? 2 : 0);
}

/** Needs of other components of the same panel, the need itself among them, in the order of the measure. */
export function beside(met: MetNeed, panel: readonly MetNeed[]): MetNeed[] {
  if (met.component === null) return [met];
  const parts = panel.filter(
    (other) => other.component !== null && other.values.length > 0 && sameData(other) === sameData(met),
  );
  const byComponent = new Map(parts.map((part) => [part.component?.code, part]));
  return byComponent.size === 0 ? [met] : [...byComponent.values()];
}

function wanting(met: MetNeed, panel: readonly MetNeed[]): GapReason[] {
  const { need, found, count, qualifying } = met;
  const name = subject(met);
  const [newest] = found;
  if (newest === undefined)
    return met.optional ? [] : [reason('NotFound', met, null, `No ${name}${window(need)} was found`)];
  const inTime = found.filter((resource) => meetsDates(need, dateOf(resource, need.datePath)));
  const [latest] = inTime;
  if (latest === undefined) return met.optional ? [] : [tooEarlyOrLate(met, newest)];
  const fault = met.newest || qualifying.length === 0 ? faultOf(met, latest, panel) : null;
  if (fault !== null) return [fault];
  if (count > 1 && qualifying.length < count)
    return [
      reason('CountOutOfRange', met, latest, `${qualifying.length} of ${count} ${name}${window(need)} were found`),
    ];
  const about = `${name}${dated(latest, met)}`;
  return [reason('InvalidAttribute', met, latest, `${about} does not count under this measure`)];
}

function tooEarlyOrLate(met: MetNeed, resource: FhirResource): GapReason {
  const { need } = met;
  const date = dateOf(resource, need.datePath);
  const early = date !== null && need.dateFrom !== null && date < need.dateFrom;
  const bound = early ? need.dateFrom : need.dateTo;
  const how =
    date === null || bound === null ? 'has no date' : `is ${early ? 'before' : 'after'} ${dateInWords(bound)}`;
  return reason('DateOutOfRange', met, resource, `${subject(met)}${dated(resource, met)} ${how}`, need.datePath);
}

/** What of a resource is not as the measure asks; null when nothing that can be told. */
function faultOf(met: MetNeed, resource: FhirResource, panel: readonly MetNeed[]): GapReason | null {
  const about = `${subject(met)}${dated(resource, met)}`;
  for (const element of met.elements) {
    if (hasElement(resource, element) !== false) continue;
    const isResult = element.path === 'value';
    const words = element.path.replaceAll(/(?<=[a-z])(?=[A-Z])/g, ' ').toLowerCase();
    const has = element.path === 'status' ? elementCodes(resource, 'status').join(', ') : '';
    const otherwise =
      has === '' ? `does not have the ${words} ${element.title}` : `has the status ${has}; must be ${element.title}`;
    const text = isResult ? `does not have the result "${element.title}"` : otherwise;
    return reason(isResult ? 'ValueOutOfRange' : 'InvalidAttribute', met, resource, `${about} ${text}`, element.path);
  }
  const value = observedValue(resource, met.component);
  if (met.values.length > 0 && !meetsValues(met.values, value)) {
    const values = panel.map((part) => observedValue(resource, part.component));
    const unit = met.values[0]?.unit ?? null;
    const shown = values.map((each) => (each === null ? 'unknown' : String(each))).join('/');
    const measured = value === null && panel.length < 2 ? 'has no value' : `was ${shown}${withUnit(unit)}`;
    const named = panel.length > 1 ? about : `${met.component?.display ?? subject(met)}${dated(resource, met)}`;
    const part = panel.length > 1 ? `${componentName(met)} ` : '';
    return reason(
      'ValueOutOfRange',
      met,
      resource,
      `${named} ${measured}; ${part}must be ${limits(met.values)}`,
      'value',
    );
  }
  if (met.hasValue && !hasValue(resource))
    return reason('InvalidAttribute', met, resource, `${about} has no result`, 'value');
  return null;
}

/** Data that speaks against the criterion. */
function standing(met: MetNeed): GapReason[] {
  const [latest] = met.qualifying;
  if (latest === undefined) return [];
  const value = met.values.length === 0 ? null : observedValue(latest, met.component);
  const about = `${subject(met)}${dated(latest, met)}`;
  if (value !== null)
    return [
      reason(
        'ValueOutOfRange',
        met,
        latest,
        `${about} was ${amount(value, met.need.unit)}, which counts against`,
        'value',
      ),
    ];
  return [reason('Present', met, latest, `${about} was found, which counts against`)];
}

function dated(resource: FhirResource, { need }: MetNeed): string {
  const date = dateOf(resource, need.datePath);
  return date === null ? '' : ` of ${dateInWords(date)}`;
}

function reason(
  code: GapReasonCode,
  { need }: MetNeed,
  resource: FhirResource | null,
  text: string,
  element: string | null = null,
): GapReason {
  const path = resource === null ? null : `${resource.resourceType}${element === null ? '' : `.${element}`}`;
  const reference = resource === null ? null : `${resource.resourceType}/${resource.id}`;
  return { code, need, reference, path, text: sentence(text) };
}
