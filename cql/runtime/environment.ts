import type { CqlDateTime } from './values/date-time.ts';

/** What an evaluation gives to the operators that need more than their operands. */
export interface Environment {
  /** The timestamp of the evaluation request, to the millisecond. */
  readonly now: CqlDateTime;
  /** Offset of date-times that state none: that of `now`, in minutes east of UTC. */
  readonly timezoneOffset: number;
  readonly budget: Budget;
  /** Receives Message operators that don't end the evaluation; messages may quote patient data, so keep them out of logs. */
  readonly onMessage?: (severity: string, code: string | null, message: string | null) => void;
}

export interface Budget {
  /** Takes steps from the budget: one per iteration of whatever can grow without bounds. @throws BudgetExceeded */
  step(count?: number): void;
}
