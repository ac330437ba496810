import type { Type } from './types.ts';

/** What is generated: every kind of result. */
export const resultTypes: readonly Type[] = [
  'Boolean',
  'Boolean',
  'Boolean',
  'Integer',
  'Decimal',
  'String',
  'Date',
  'DateTime',
  'Quantity',
  'Interval<Integer>',
  'Interval<Date>',
  'Interval<DateTime>',
  'Interval<Decimal>',
  'Interval<Quantity>',
  'List<Integer>',
  'List<Decimal>',
  'List<String>',
  'List<Date>',
  'List<DateTime>',
  'List<Interval<Date>>',
  'List<Interval<Integer>>',
];
