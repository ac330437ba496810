import type { Claim } from './change-feed.ts';
import type { GapRow } from './gap-row.ts';
import type { PatientHeader } from './patient-header.ts';
import type { ResultRow } from './stored-results.ts';

/** Why a status is another than before. `data`: the patient's; `measures`: content or periods; `time`: a day passed. */
export type CauseKind = 'data' | 'measures' | 'time';

/** A row that an evaluation gave, with why it was evaluated and how long it holds. */
export interface EvaluatedRow extends GapRow {
  readonly cause: CauseKind;
  /** First and last day (YYYY-MM-DD) on which an evaluation of the same data gives the same; null: no bound. */
  readonly validFrom: string | null;
  readonly validUntil: string | null;
  /** `+01:00`: what days and times without an offset were read with. */
  readonly utcOffset: string;
}

/** What an evaluation says of one patient. Null header: there is no such patient any more. */
export interface PatientOutcome {
  readonly claim: Claim;
  readonly header: PatientHeader | 'unchanged' | null;
  /** Of the measures that were evaluated; the rows of others stay. */
  readonly rows: readonly EvaluatedRow[];
  /** What answers are made from, of the measures that were evaluated. */
  readonly results: readonly ResultRow[];
}
