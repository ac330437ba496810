import type { LinkedLibrary } from './link.ts';
import type { PatientRecord } from './record.ts';
import type { ValueSetSource } from './value-sets.ts';
import type { CqlValue } from './values.ts';

/**
 * What every engine offers. Evaluation is pure: (prepared library, record, request) → result. Nothing inside reads a
 * clock, a database or a global, so it runs in a worker thread, in another process and in a test alike.
 */
export interface Evaluator {
  readonly name: 'interpreted' | 'compiled';
  /**
   * Checks and prepares a linked library once; the result evaluates any number of patients.
   * @throws UnsupportedElm for a node that the engine does not know
   * @throws MissingValueSet when `valueSets` has none for a value set that the libraries reach
   */
  prepare(linked: LinkedLibrary, valueSets: ValueSetSource): PreparedLibrary;
  /**
   * A library that an earlier process prepared and kept, without reading its ELM again.
   * @param key that `PreparedLibrary.keep` gave
   * @param linked the library itself: for a trace that was not kept
   * @param valueSets with the same content as then: who keeps the key answers for it
   * @returns null when the library was not kept, or is there no more
   */
  readonly restore?: (key: string, linked: () => LinkedLibrary, valueSets: ValueSetSource) => PreparedLibrary | null;
}

export interface PreparedLibrary {
  readonly linked: LinkedLibrary;
  /**
   * @throws EvaluationFailed when an expression fails for this patient
   * @throws UnknownExpression when `request.expressions` names a definition that the main library does not have
   * @throws BudgetExceeded when `request.budgetMs` ran out
   */
  evaluate(record: PatientRecord, request: EvaluationRequest): Promise<EvaluationResult>;
  /** Keeps what was prepared, for `Evaluator.restore`; null when there is no place, or it cannot be kept. */
  readonly keep?: () => string | null;
  /** The JavaScript of a definition of the main library, for people; null when there is none of that name. Compiler only. */
  readonly codeOf?: (definition: string) => string | null;
}

export interface EvaluationRequest {
  /** Definitions of the main library to evaluate. */
  readonly expressions: readonly string[];
  /** Values of CQL parameters by name, e.g. `{ 'Measurement Period': { type: 'Interval', low: { type: 'DateTime', ... } } }`. */
  readonly parameters: { readonly [name: string]: CqlValue };
  /** What Now() returns: an ISO date-time with offset. Its offset is also that of date-times without one (CQL 1.5, 5.2.4). */
  readonly now: string;
  /** Collect `clauses` and `retrieves`. Off by default, because it costs time. */
  readonly trace?: boolean;
  /** Stops the evaluation after this many milliseconds. */
  readonly budgetMs?: number;
}

/**
 * The result of one clause: `true` for true or a non-empty list or any other value, `false` for false, null or empty,
 * `not-reached` when no evaluation of it came to an end: branches of If and Case that were not taken, what is asked of rows
 * that were not there, definitions that nothing asked for. Both sides of And, Or and Implies have a result, also where the
 * left one decides: reasons and highlighting want to know it, and cql-execution has it too.
 */
export interface ClauseResult {
  readonly library: string;
  readonly localId: string;
  readonly value: 'true' | 'false' | 'not-reached';
}

/** What a retrieve found, before any `where`. */
export interface RetrieveResult {
  readonly library: string;
  readonly localId: string;
  readonly resources: readonly { readonly resourceType: string; readonly id?: string }[];
}

export interface EvaluationResult {
  /** By definition name, one entry for each name in `request.expressions`. */
  readonly values: ReadonlyMap<string, CqlValue>;
  /**
   * With a trace: every clause with a localId that a definition of the main library can reach, each once. The interpreter
   * leaves out those that were not reached.
   */
  readonly clauses: readonly ClauseResult[];
  readonly retrieves: readonly RetrieveResult[];
}
