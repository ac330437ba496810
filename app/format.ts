const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const none = '–';

/** "1,204". */
export function count(value: number): string {
  return value.toLocaleString('en-US');
}

/** "1 patient", "2 patients". */
export function counted(value: number, singular: string, plural = `${singular}s`): string {
  return `${count(value)} ${value === 1 ? singular : plural}`;
}

/** A share between 0 and 1 as "65.4 %", with a no-break space; a dash for none. */
export function percent(share: number | null): string {
  return share === null ? none : `${(share * 100).toFixed(1)}\u00a0%`;
}

/** A difference of shares in percentage points: "4.6". */
export function points(difference: number): string {
  return (Math.abs(difference) * 100).toFixed(1);
}

/** A FHIR date as it was written, never moved by a time zone: "3 Feb 2026", "Feb 2026", "2026". An instant gives its local day. */
export function day(value: string | null): string {
  if (value === null) return none;
  if (value.includes('T')) return localDay(new Date(value));
  const [year, month, date] = value.split('-');
  return [date === undefined ? '' : Number(date), month === undefined ? '' : months[Number(month) - 1], year]
    .filter((part) => part !== '')
    .join(' ');
}

/** "Feb 2026". */
export function month(value: string): string {
  return day(value.slice(0, 7));
}

/** An instant as "3 Feb 2026, 14:05". */
export function moment(value: string): string {
  const at = new Date(value);
  return `${localDay(at)}, ${clock(at)}`;
}

/** "14:05". */
export function clock(at: Date): string {
  return `${String(at.getHours()).padStart(2, '0')}:${String(at.getMinutes()).padStart(2, '0')}`;
}

function localDay(at: Date): string {
  return Number.isNaN(at.getTime()) ? none : `${at.getDate()} ${months[at.getMonth()]} ${at.getFullYear()}`;
}

/** Completed years; null without a full birth date. */
export function age(birthDate: string | null, today: Date): number | null {
  const [year, monthOfBirth, date] = (birthDate ?? '').split('-').map(Number);
  if (!year || !monthOfBirth || !date) return null;
  const had = today.getMonth() + 1 > monthOfBirth || (today.getMonth() + 1 === monthOfBirth && today.getDate() >= date);
  return today.getFullYear() - year - (had ? 0 : 1);
}

/** "female, 64" as far as known. */
export function sexAndAge(gender: string | null, birthDate: string | null, today = new Date()): string {
  const years = age(birthDate, today);
  return [gender, years === null ? null : `${years}\u00a0y`].filter((part) => part !== null).join(', ') || none;
}
