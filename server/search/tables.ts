import { copyCell } from '../db/copy.ts';
import type { CompositeValue } from './extract.ts';
import type { Target } from './references.ts';
import type { DateValue, QuantityValue, StringValue, TokenValue } from './values.ts';

/** Whose values a row holds. */
export interface RowOwner {
  readonly patient: string;
  readonly id: string;
}

type Cell = string | number | null;

/** Rows for one index table, by column, as unnest and COPY take them. */
export class Table {
  readonly name: string;
  readonly columns: readonly string[];
  readonly types: readonly string[];
  readonly cells: Cell[][];

  constructor(name: string, own: Readonly<Record<string, string>>) {
    const all = {
      patient: 'text',
      param: 'int4',
      id: 'text',
      ordinal: name === 'search_reference' ? 'int4' : 'int2',
      ...own,
    };
    this.name = name;
    this.columns = Object.keys(all);
    this.types = Object.values(all);
    this.cells = this.columns.map(() => []);
  }

  get length(): number {
    return this.cells[0]?.length ?? 0;
  }

  add(owner: RowOwner, param: number, ordinal: number, own: readonly Cell[]): void {
    const { cells } = this;
    cells[0]?.push(owner.patient);
    cells[1]?.push(param);
    cells[2]?.push(owner.id);
    cells[3]?.push(ordinal);
    for (let i = 0; i < own.length; i += 1) cells[i + 4]?.push(own[i] ?? null);
  }

  /** All rows as COPY takes them, the tenant before each. */
  copyText(tenant: string): string {
    const before = `${copyCell(tenant)}\t`;
    const { cells } = this;
    let text = '';
    for (let row = 0; row < this.length; row += 1) {
      text += before;
      for (let column = 0; column < cells.length; column += 1) {
        if (column > 0) text += '\t';
        text += copyCell(cells[column]?.[row] ?? null);
      }
      text += '\n';
    }
    return text;
  }
}

export type Tables = ReturnType<typeof emptyTables>;

export function emptyTables() {
  return {
    token: new Table('search_token', { system: 'text', code: 'text', display: 'text' }),
    string: new Table('search_string', { value: 'text', exact: 'text' }),
    date: new Table('search_date', { low: 'timestamptz', high: 'timestamptz' }),
    quantity: new Table('search_quantity', {
      low: 'numeric',
      high: 'numeric',
      system: 'text',
      code: 'text',
      unit: 'text',
    }),
    reference: new Table('search_reference', { target_type: 'text', target_id: 'text', url: 'text', version: 'text' }),
    uri: new Table('search_uri', { value: 'text' }),
    composite: new Table('search_composite', {
      system: 'text',
      code: 'text',
      second_system: 'text',
      second_code: 'text',
      value: 'text',
      target_type: 'text',
      target_id: 'text',
      url: 'text',
      date_low: 'timestamptz',
      date_high: 'timestamptz',
      low: 'numeric',
      high: 'numeric',
      unit: 'text',
      third_low: 'numeric',
      third_high: 'numeric',
    }),
  };
}

export const tokenCells = ({ system, code, display }: TokenValue): Cell[] => [system, code, display];
export const stringCells = ({ value, exact }: StringValue): Cell[] => [value, exact];
export const dateCells = ({ low, high }: DateValue): Cell[] => [low, high];
export const quantityCells = ({ low, high, system, code, unit }: QuantityValue): Cell[] => [
  low,
  high,
  system,
  code,
  unit,
];
export const referenceCells = ({ type, id, url, version }: Target): Cell[] => [type, id, url, version];
export const uriCells = (value: string): Cell[] => [value];

export function compositeCells({ first, token, string, date, quantity, reference, third }: CompositeValue): Cell[] {
  return [
    first.system,
    first.code,
    token?.system ?? quantity?.system ?? null,
    token?.code ?? quantity?.code ?? null,
    string?.value ?? null,
    reference?.type ?? null,
    reference?.id ?? null,
    reference?.url ?? null,
    date?.low ?? null,
    date?.high ?? null,
    quantity?.low ?? null,
    quantity?.high ?? null,
    quantity?.unit ?? null,
    third?.low ?? null,
    third?.high ?? null,
  ];
}
