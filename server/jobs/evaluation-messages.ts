import type { GapAnswer, SubjectRequest, SubjectResult } from '../../measures/index.ts';
import type { MeasurePackage } from '../content/package.ts';
import type { KeptResult } from './kept-result.ts';

/** One measure to evaluate for one patient. */
export interface EvaluationTask {
  readonly measure: MeasurePackage;
  readonly request: Omit<SubjectRequest, 'trace'>;
  /** Answer for each group whether there is a gap, why, and what would close it. */
  readonly gaps: boolean;
  /** Give back the evaluated resources and the trace, which are large; without it both are empty. */
  readonly detail: boolean;
  /** Give the result as text as well, to be kept or to be read back with the resources at hand. */
  readonly keep?: boolean;
}

/** An error of a thread as it reaches the other side. */
export interface TaskError {
  readonly name: string;
  readonly message: string;
}

export type TaskAnswer =
  | {
      readonly ok: true;
      readonly result: SubjectResult;
      readonly gaps: readonly GapAnswer[];
      /** Only when it was asked for. */
      readonly kept?: KeptResult;
    }
  | { readonly ok: false; readonly error: TaskError };

/** A task as it crosses: the measure by its hash. */
export type SentTask = Omit<EvaluationTask, 'measure'> & { readonly measure: string };

/** What a thread is started with. */
export interface ThreadData {
  /** Where prepared measures outlive the process; null prepares anew. */
  readonly cache: { readonly path: string; readonly edition: string } | null;
}

export type ToThread =
  | {
      readonly type: 'measure';
      readonly measure: Omit<MeasurePackage, 'parts'>;
      /** Parts that the thread does not have yet. */
      readonly parts: ReadonlyMap<string, Uint8Array>;
    }
  | {
      readonly type: 'evaluate';
      /** The patient's resources as stored. */
      readonly resources: readonly string[];
      readonly tasks: readonly SentTask[];
    };

export type FromThread =
  | { readonly type: 'problem'; readonly problem: string }
  | { readonly type: 'preparing' | 'started'; readonly task: number }
  | { readonly type: 'answer'; readonly task: number; readonly answer: TaskAnswer }
  | { readonly type: 'done' };
