import type { Coding } from '../definition.ts';
import type { DataNeed } from './answer.ts';

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `2026-02-01` reads "1 Feb 2026"; less precise dates as they are. */
export function dateInWords(date: string): string {
  const [year, month, day] = date.split('-');
  return day === undefined ? date : `${Number(day)} ${months[Number(month) - 1]} ${year}`;
}

export function window({ dateFrom, dateTo }: DataNeed): string {
  if (dateFrom !== null && dateTo !== null) return ` between ${dateInWords(dateFrom)} and ${dateInWords(dateTo)}`;
  if (dateFrom !== null) return ` from ${dateInWords(dateFrom)} on`;
  return dateTo === null ? '' : ` by ${dateInWords(dateTo)}`;
}

/** What is looked for: the value set's or code's title, otherwise the type. */
export function subject(need: DataNeed, component: Coding | null): string {
  return component?.display ?? need.title ?? need.resourceType;
}

const comparatorWords = { lt: 'below', le: 'at most', gt: 'above', ge: 'at least', eq: 'equal to' } as const;
const opposites = { lt: 'ge', le: 'gt', gt: 'le', ge: 'lt', eq: 'eq' } as const;

/** "below 140 mm[Hg]"; with `against`, what does not meet it: "at least 140 mm[Hg]". Empty without a value. */
export function limit(need: DataNeed, against: boolean): string {
  if (need.valueComparator === null || need.value === null) return '';
  const comparator = against ? opposites[need.valueComparator] : need.valueComparator;
  return `${comparatorWords[comparator]} ${amount(need.value, need.unit)}`;
}

export function amount(value: number, unit: string | null): string {
  return unit === null || unit === '1' ? String(value) : `${value} ${unit}`;
}
