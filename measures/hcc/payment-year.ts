import type { HccModelId } from './models/model.ts';
import type { TableStatus } from './table-files.ts';

/** A number that is announced for a year, and how sure it is. */
export interface Announced<Value> {
  readonly value: Value;
  readonly status: TableStatus;
  readonly source: string;
}

/** Which tables, by file name, a model uses in a year. */
export interface ModelTablesOfYear {
  readonly mapping: string;
  readonly hierarchy: string;
  readonly labels: string;
  /** Absent where no score can be computed. */
  readonly coefficients?: string;
  readonly edits: string;
  /** Why a table serves this year though it was made for another. */
  readonly derived?: string;
}

export interface ModelYear {
  readonly tables: ModelTablesOfYear;
  /** Share of the payment, in percent; 0 where the model does not pay alone or in a blend for most members. */
  readonly weight: number;
  /** Normalization factor; by kind of segment where it differs; null where none is known. */
  readonly normalization: Announced<number | { readonly dialysis: number; readonly graft: number }> | null;
  /** Segments that are refused, with the reason; `*` refuses every score. */
  readonly refused?: Readonly<Record<string, string>>;
}

/** All that changes with the payment year, as data: `years/[year].json`. */
export interface PaymentYear {
  readonly paymentYear: number;
  /** Dates of service that count: this calendar year. */
  readonly collectionYear: number;
  readonly models: Partial<Readonly<Record<HccModelId, ModelYear>>>;
  /** Models that a payer may ask for and that this year refuses by name. */
  readonly refusedModels: Readonly<Record<string, string>>;
  /** Coding pattern adjustment of Medicare Advantage, in thousandths. */
  readonly codingAdjustment: Announced<number>;
  readonly eligibleCodes: { readonly table: string; readonly derived?: string };
  readonly gates: {
    /** What is said of services by sound alone; they never count. */
    readonly audioOnly: Announced<'excluded-by-cms' | 'not-face-to-face'>;
    readonly unlinkedChartReview: Announced<'excluded' | 'counts'>;
  };
}
