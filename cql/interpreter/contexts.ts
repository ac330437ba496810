import { performance } from 'node:perf_hooks';
import cql from 'cql-execution';
import { BudgetExceeded } from '../errors.ts';
import type { RetrieveResult } from '../evaluator.ts';
import { libraryKey } from '../link.ts';
import type { RecordView } from './record-view.ts';
import type { CodeService } from './value-set-codes.ts';

/** What all contexts of one evaluation have in common. */
export class Evaluation {
  readonly traced: boolean;
  readonly retrieves: RetrieveResult[] = [];
  /** One context for each library, however many include paths lead to it. */
  readonly contexts = new Map<InstanceType<typeof cql.Library>, LibraryContext>();
  readonly #budgetMs: number | null;
  readonly #started = performance.now();
  #steps = 0;

  constructor(traced: boolean, budgetMs: number | null) {
    this.traced = traced;
    this.#budgetMs = budgetMs;
  }

  /** Called at every row, call and retrieve. @throws BudgetExceeded */
  step(): void {
    this.#steps += 1;
    if (this.#budgetMs !== null && (this.#steps & 127) === 0 && performance.now() - this.#started > this.#budgetMs)
      throw new BudgetExceeded(this.#budgetMs);
  }
}

/** A PatientContext of cql-execution that shares included libraries, keeps clause results on demand, and counts steps. */
export class LibraryContext extends cql.PatientContext {
  readonly evaluation: Evaluation;
  readonly view: RecordView;
  readonly codes: CodeService;
  /** `name|version` */
  readonly key: string;

  constructor(
    library: InstanceType<typeof cql.Library>,
    view: RecordView,
    codes: CodeService,
    parameters: { [name: string]: unknown },
    now: InstanceType<typeof cql.DateTime>,
    evaluation: Evaluation,
  ) {
    super(library, null, codes, parameters, now);
    this.view = view;
    this.codes = codes;
    this.key = libraryKey(library.source.library.identifier);
    this.evaluation = evaluation;
    evaluation.contexts.set(library, this);
  }

  override getLibraryContext(alias: string): LibraryContext {
    const library = this.library.includes[alias];
    const known = this.evaluation.contexts.get(library);
    if (known !== undefined) return known;
    if (library === undefined) throw new Error(`nothing is included as ${alias}`);
    const now = this.getExecutionDateTime();
    return new LibraryContext(library, this.view, this.codes, this.parameters, now, this.evaluation);
  }

  override setLocalIdWithResult(localId: string, value: unknown): void {
    if (this.evaluation.traced) super.setLocalIdWithResult(localId, value);
  }

  override childContext(values: object = {}): RowContext {
    return new RowContext(this, values, this);
  }
}

/** A query row, a function call or a comparison. */
export class RowContext extends cql.Context {
  readonly root: LibraryContext;

  constructor(parent: LibraryContext | RowContext, values: object, root: LibraryContext) {
    super(parent);
    this.context_values = values;
    this.root = root;
    root.evaluation.step();
  }

  override rootContext(): LibraryContext {
    return this.root;
  }

  override childContext(values: object = {}): RowContext {
    return new RowContext(this, values, this.root);
  }
}
