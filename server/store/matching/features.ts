import type { Patient } from '@medplum/fhirtypes';

/** What a Patient is compared by, normalised. */
export interface Features {
  /** `system|value` */
  readonly identifiers: ReadonlyMap<string, string>;
  readonly families: readonly string[];
  readonly givens: readonly string[];
  readonly birthDate: string | null;
  readonly gender: string | null;
  /** Digits of telephone numbers without the country's, and e-mail addresses. */
  readonly telecoms: readonly string[];
  readonly postalCodes: readonly string[];
  readonly streets: readonly string[];
}

export function featuresOf(patient: Patient): Features {
  const { identifier = [], name = [], telecom = [], address = [], birthDate, gender } = patient;
  const current = name.filter(({ use }) => use !== 'old');
  const streets = address.map(({ line = [], city = '' }) => normalized([...line, city].join(' ')));
  return {
    identifiers: new Map(
      identifier.flatMap(({ system = '', value }) =>
        value === undefined ? [] : [[`${system}|${value.trim()}`, system]],
      ),
    ),
    families: distinct(name.map(({ family = '' }) => normalized(family))),
    givens: distinct(current.map(({ given = [] }) => normalized(given[0] ?? ''))),
    birthDate: birthDate ?? null,
    gender: gender === 'unknown' ? null : (gender ?? null),
    telecoms: distinct(telecom.map(({ value = '' }) => contact(value))),
    postalCodes: distinct(address.map(({ postalCode = '' }) => postalCode.slice(0, 5))),
    streets: distinct(streets),
  };
}

/** Lower case, without accents and punctuation. */
export function normalized(text: string): string {
  return text
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
}

function contact(value: string): string {
  if (value.includes('@')) return value.trim().toLowerCase();
  const digits = value.replace(/\D/g, '').replace(/^1(?=\d{10}$)/, '');
  return digits.length < 7 ? '' : digits;
}

function distinct(values: readonly string[]): readonly string[] {
  return [...new Set(values.filter((value) => value !== ''))];
}

/** Dates that are entered for this one by mistake: day and month swapped, neighbouring digits swapped, one off. */
export function mistakenDates(birthDate: string): readonly string[] {
  const [, year = '', month = '', day = ''] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(birthDate) ?? [];
  if (day === '') return [];
  const swap = (text: string, at: number): string =>
    text.slice(0, at) + text.charAt(at + 1) + text.charAt(at) + text.slice(at + 2);
  const moved = (unit: 'day' | 'month' | 'year', by: number): string => {
    const date = new Date(`${birthDate}T00:00:00Z`);
    if (unit === 'day') date.setUTCDate(date.getUTCDate() + by);
    else if (unit === 'month') date.setUTCMonth(date.getUTCMonth() + by);
    else date.setUTCFullYear(date.getUTCFullYear() + by);
    return Number.isNaN(date.getTime()) ? '' : date.toISOString().slice(0, 10);
  };
  const candidates = [
    `${year}-${day}-${month}`,
    `${swap(year, 2)}-${month}-${day}`,
    `${swap(year, 1)}-${month}-${day}`,
    `${year}-${swap(month, 0)}-${day}`,
    `${year}-${month}-${swap(day, 0)}`,
    moved('day', 1),
    moved('day', -1),
    moved('month', 1),
    moved('month', -1),
    moved('year', 1),
    moved('year', -1),
    moved('year', 10),
    moved('year', -10),
  ];
  return [...new Set(candidates)].filter((date) => date !== birthDate && isDate(date));
}

function isDate(text: string): boolean {
  const at = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(text);
}
