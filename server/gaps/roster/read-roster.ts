import { parse } from 'csv-parse/sync';
import { columnFields, type RosterField, UnreadableRoster } from './columns.ts';

/** One member of the file. Dates are days; null for what the row has not. */
export interface RosterRow {
  /** Line of the file, from 1. */
  readonly line: number;
  readonly values: Readonly<Partial<Record<RosterField, string>>>;
  readonly birthDate: string | null;
  readonly start: string | null;
  readonly end: string | null;
}

/** What is wrong with a row, in which column, and what to do. */
export interface RowProblem {
  readonly line: number;
  /** Header of the column; null for the row as a whole. */
  readonly column: string | null;
  readonly problem: string;
}

export interface Roster {
  readonly rows: readonly RosterRow[];
  readonly problems: readonly RowProblem[];
  /** Lines of rows that have a problem and are left out. */
  readonly headers: Readonly<Partial<Record<RosterField, string>>>;
}

/**
 * Reads a roster in CSV (RFC 4180; commas, semicolons or tabs), with a header.
 *
 * @throws UnreadableRoster
 */
export function readRoster(text: string, mapping: Readonly<Record<string, RosterField>> = {}): Roster {
  const [first, ...records] = recordsOf(text);
  if (first === undefined)
    throw new UnreadableRoster('The file is empty: it must have a header and a row for each member');
  const fields = columnFields(first.record, mapping);
  const headers = Object.fromEntries(
    fields.flatMap((field, at) => (field === null ? [] : [[field, first.record[at] ?? '']])),
  );
  const problems: RowProblem[] = [];
  const rows = records.flatMap(({ record, info }): RosterRow[] => {
    if (record.every((cell) => cell === '')) return [];
    const line = info.lines;
    const found: RowProblem[] = [];
    const say = (field: RosterField | null, problem: string): void => {
      found.push({ line, column: field === null ? null : (headers[field] ?? field), problem });
    };
    if (record.length !== fields.length)
      say(null, `has ${record.length} columns, and the header ${fields.length}: quote values that hold the separator`);
    const values = Object.fromEntries(
      fields.flatMap((field, at) => (field === null || (record[at] ?? '') === '' ? [] : [[field, record[at] ?? '']])),
    ) as Partial<Record<RosterField, string>>;
    const date = (field: 'birthDate' | 'start' | 'end'): string | null => {
      const day = values[field] === undefined ? null : dayOf(values[field]);
      if (values[field] !== undefined && day === null)
        say(field, `"${values[field]}" is no date: write 2026-01-31, 1/31/2026 or 20260131`);
      return day;
    };
    const row = { line, values, birthDate: date('birthDate'), start: date('start'), end: date('end') };
    if (row.start !== null && row.end !== null && row.end < row.start)
      say('end', `${row.end} is before the start, ${row.start}: correct one of them`);
    if (values.providerNpi === undefined) say('providerNpi', 'is empty: give the NPI of the attributed provider');
    else if (!/^\d{10}$/.test(values.providerNpi))
      say('providerNpi', `"${values.providerNpi}" is no NPI: it has ten digits`);
    if (
      values.memberId === undefined &&
      (row.birthDate === null || (values.name === undefined && values.family === undefined))
    )
      say('memberId', 'is empty, and so is the name or the birth date: give one of them');
    problems.push(...found);
    return found.length > 0 ? [] : [row];
  });
  return { rows, problems, headers };
}

interface CsvRecord {
  readonly record: string[];
  readonly info: { readonly lines: number };
}

function recordsOf(text: string): readonly CsvRecord[] {
  const [header = ''] = text.split(/\r?\n/, 1);
  const delimiter = [',', ';', '\t', '|'].toSorted((a, b) => header.split(b).length - header.split(a).length)[0] ?? ',';
  try {
    return parse(text, {
      bom: true,
      trim: true,
      delimiter,
      relax_column_count: true,
      skip_empty_lines: true,
      info: true,
    }) as unknown as CsvRecord[];
  } catch (error) {
    const { lines } = error as { lines?: number };
    throw new UnreadableRoster(
      `The file is no CSV${lines === undefined ? '' : ` from line ${lines} on`}: a quote is not closed, or stands in the middle of a value`,
    );
  }
}

/** A day as ISO; null for what is none. */
function dayOf(text: string): string | null {
  const [, y1, m1, d1] = /^(\d{4})-?(\d\d)-?(\d\d)$/.exec(text) ?? [];
  const [, m2 = '', d2 = '', y2] = /^(\d{1,2})\/(\d{1,2})\/(\d{4})$/.exec(text) ?? [];
  const day =
    y1 !== undefined
      ? `${y1}-${m1}-${d1}`
      : y2 !== undefined
        ? `${y2}-${m2.padStart(2, '0')}-${d2.padStart(2, '0')}`
        : '';
  const at = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(day) ? day : null;
}
