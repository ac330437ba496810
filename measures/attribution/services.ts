/**
 * Primary-care services by year: 42 CFR 425.400(c)(1), as ranges of CPT and HCPCS codes. A year without a table of its own
 * takes the newest before it, and is provisional.
 */
export interface ServiceYear {
  readonly year: number;
  readonly source: string;
  readonly status: 'final' | 'provisional';
  /** `99202-99215`, or one code. */
  readonly codes: readonly string[];
}

export const serviceYears: readonly ServiceYear[] = [
  {
    year: 2025,
    source: '42 CFR 425.400(c)(1)(ix), performance year 2025',
    status: 'provisional',
    codes: [
      '99202-99205',
      '99211-99215',
      '99304-99310',
      '99315-99316',
      '99318',
      '99341-99345',
      '99347-99350',
      '99421-99427',
      '99437',
      '99439',
      '99483-99484',
      '99487',
      '99489-99498',
      'G0019',
      'G0022-G0024',
      'G0136',
      'G0402',
      'G0438-G0439',
      'G0442-G0444',
      'G0506',
      'G0556-G0558',
      'G2010',
      'G2012',
      'G2086-G2088',
      'G2211-G2212',
      'G2214',
      'G3002-G3003',
    ],
  },
];

/** Is the code a primary-care service on that day? Codes of 99304 to 99318 in a skilled nursing facility are none. */
export function isPrimaryCareService(code: string, day: string): boolean {
  const { codes } = serviceYearOf(day);
  return codes.some((range) => {
    const [first = '', last = first] = range.split('-');
    return code.length === first.length && code >= first && code <= last;
  });
}

/** The table that holds on a day. */
export function serviceYearOf(day: string): ServiceYear {
  const year = Number(day.slice(0, 4));
  const known = serviceYears.filter((one) => one.year <= year);
  const newest = known.toSorted((a, b) => b.year - a.year)[0] ?? serviceYears[0];
  if (newest === undefined) throw new TypeError('there is a table of primary-care services');
  return newest;
}
