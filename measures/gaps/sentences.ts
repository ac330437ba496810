import type { DataNeed } from './answer.ts';
import type { AsOf } from './as-of.ts';
import type { PlannedNeed, ValueBound } from './criterion.ts';

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** Readers act on a sentence at a glance: longer ones are cut between words. */
export const longest = 120;

/** `2026-02-01` reads "1 Feb 2026"; less precise dates as they are. */
export function dateInWords(date: string): string {
  const [year, month, day] = date.split('-');
  return day === undefined ? date : `${Number(day)} ${months[Number(month) - 1]} ${year}`;
}

/** A title as people say it: one line, without the semantic tag of SNOMED CT and without "Grouping Value Set". */
export function titleOf(title: string): string {
  return title
    .replaceAll(/\s+/g, ' ')
    .replace(
      / \((procedure|finding|disorder|regime\/therapy|observable entity|situation|event|qualifier value|record artifact|assessment scale|physical object)\)/g,
      '',
    )
    .replace(/ (grouping )?value ?set$/i, '')
    .trim();
}

/** " between 1 Jan and 31 Dec 2026": the dates that data must have, as a part of a sentence. Empty without. */
export function window({ dateFrom, dateTo }: Pick<DataNeed, 'dateFrom' | 'dateTo'>): string {
  if (dateFrom !== null && dateFrom === dateTo) return ` on ${dateInWords(dateFrom)}`;
  if (dateFrom !== null && dateTo !== null) {
    const sameYear = dateFrom.slice(0, 4) === dateTo.slice(0, 4);
    const from = dateInWords(dateFrom);
    return ` between ${sameYear && dateFrom.length === 10 ? from.slice(0, -5) : from} and ${dateInWords(dateTo)}`;
  }
  if (dateFrom !== null) return ` from ${dateInWords(dateFrom)} on`;
  return dateTo === null ? '' : ` by ${dateInWords(dateTo)}`;
}

/** The dates of what is still to be done: once the window is open, only its end matters. */
export function timeLeft({ dateFrom, dateTo }: Pick<DataNeed, 'dateFrom' | 'dateTo'>, asOf: AsOf): string {
  const open = dateTo !== null && !asOf.isPast(dateTo) && (dateFrom === null || asOf.hasBegun(dateFrom));
  return window(open ? { dateFrom: null, dateTo } : { dateFrom, dateTo });
}

/** Words of titles that keep their capital. */
const names = new Set([
  'Pap',
  'Papanicolaou',
  'Hodgkin',
  'Medicare',
  'Medicaid',
  'Calmette',
  'Guerin',
  'Bethesda',
  'Tanner',
]);

/** "Blood Pressure" as a part of a sentence: "blood pressure"; "HbA1c" and names stay. */
function uncapitalised(title: string): string {
  return title.replaceAll(/(?<![\w'])[A-Z][a-z]+(?![\w'])/g, (word) => (names.has(word) ? word : word.toLowerCase()));
}

/** What is looked for: the value set's or code's title, otherwise the type. */
export function subject({ need, component }: PlannedNeed): string {
  if (need.resourceType === 'Task' && need.title !== null) return `task "${need.title}"`;
  return uncapitalised(need.title ?? component?.display ?? need.resourceType.replaceAll(/(?<=[a-z])(?=[A-Z])/g, ' '));
}

/** A component beside its panel: "systolic" of "Systolic blood pressure" for a blood pressure. */
export function componentName(planned: PlannedNeed): string {
  const whole = subject(planned).toLowerCase();
  const display = planned.component?.display ?? '';
  const short = display.toLowerCase().replace(whole, '').replace(/\s+/g, ' ').trim();
  return short === '' ? display : short;
}

const comparatorWords = { lt: 'below', le: 'at most', gt: 'above', ge: 'at least', eq: 'equal to' } as const;

/** "below 140 mm[Hg]", "at least 18.5 and below 25 kg/m2"; empty without values. */
export function limits(values: readonly ValueBound[]): string {
  return values
    .map(({ comparator, value, unit }, index) => {
      const sameUnit = values[index + 1]?.unit === unit;
      return `${comparatorWords[comparator]} ${amount(value, sameUnit ? null : unit)}`;
    })
    .join(' and ');
}

export function amount(value: number, unit: string | null): string {
  return `${value}${withUnit(unit)}`;
}

/** A unit as it stands behind a number: " mm[Hg]", "%", nothing for the unit 1. */
export function withUnit(unit: string | null): string {
  if (unit === null || unit === '1') return '';
  return unit === '%' ? unit : ` ${unit}`;
}

/** "a, b or c"; what doesn't fit is counted: "a, b or 3 others". */
export function oneOf(names: readonly string[], room: number): string {
  const different = [...new Set(names)];
  for (let shown = different.length; shown > 0; shown -= 1) {
    const rest = different.length - shown;
    const last = rest === 0 ? [] : [rest === 1 ? 'another' : `${rest} others`];
    const parts = [...different.slice(0, shown), ...last];
    const text = `${parts.slice(0, -1).join(', ')} or ${parts.at(-1)}`;
    if (parts.length > 1 && text.length <= room) return text;
  }
  return different.length > 1 ? `${different[0]} or ${different.length - 1} others` : (different[0] ?? '');
}

/** The first of some wordings, the most telling first, that a glance takes. */
export function fitting(wordings: readonly string[]): string {
  return sentence(wordings.find((text) => text.length <= longest) ?? wordings.at(-1) ?? '');
}

/** In sentence case, and no longer than a glance takes. */
export function sentence(text: string): string {
  const capital = text.charAt(0).toUpperCase() + text.slice(1);
  if (capital.length <= longest) return capital;
  return `${capital.slice(0, longest - 1).replace(/[\s,;:]+\S*$/, '')}…`;
}
