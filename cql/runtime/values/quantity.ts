import type { Decimal } from './decimal.ts';

/** Quantity of CQL (2.2.5). */
export class Quantity {
  readonly value: Decimal;
  /** UCUM code, or a calendar duration in the singular (`year`, `month`, ... `millisecond`); `1` when there is none. */
  readonly unit: string;
  constructor(value: Decimal, unit: string) {
    this.value = value;
    this.unit = unit;
  }
}

/** Ratio of CQL (2.2.6). */
export class Ratio {
  readonly numerator: Quantity;
  readonly denominator: Quantity;
  constructor(numerator: Quantity, denominator: Quantity) {
    this.numerator = numerator;
    this.denominator = denominator;
  }
}
