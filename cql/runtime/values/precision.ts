/** Precisions of dates and times as small numbers that compare by fineness. 0 says that none is stated. */
export const precisions = {
  Unstated: 0,
  Year: 1,
  Month: 2,
  Day: 3,
  Hour: 4,
  Minute: 5,
  Second: 6,
  Millisecond: 7,
  Week: 8,
} as const;

export type Precision = (typeof precisions)[keyof typeof precisions];

/** ELM's DateTimePrecision; anything else, also nothing, is Unstated. */
export function precisionNamed(name: string | null | undefined): Precision {
  return byName.get(name ?? '') ?? precisions.Unstated;
}

const byName: ReadonlyMap<string, Precision> = new Map(Object.entries(precisions));
