import type { CodeStore } from './code-store.ts';
import { functionsBelow } from './compiler/code-shown.ts';
import { isSupported } from './compiler/compile.ts';
import { Evaluation } from './compiler/evaluation.ts';
import { readFhirModel } from './compiler/fhir/model.ts';
import { FhirReader } from './compiler/fhir/read.ts';
import { Shapes } from './compiler/fhir/shape.ts';
import { Libraries } from './compiler/libraries.ts';
import type { RunnableLibrary } from './compiler/library.ts';
import { RecordIndex } from './compiler/record-index.ts';
import { type RequestContext, RequestContexts } from './compiler/request-context.ts';
import { toCqlValue } from './compiler/results.ts';
import { clausesOf, Trace, type TracedClause } from './compiler/trace.ts';
import {
  BudgetExceeded,
  CqlError,
  EvaluationFailed,
  MissingValueSet,
  UnknownExpression,
  UnsupportedElm,
} from './errors.ts';
import type { EvaluationRequest, EvaluationResult, Evaluator, PreparedLibrary } from './evaluator.ts';
import { type LinkedLibrary, libraryKey } from './link.ts';
import { reachableNodes } from './reachable.ts';
import type { PatientRecord } from './record.ts';
import { dataRequirements } from './requirements.ts';
import { CqlRuntimeError, type Value } from './runtime/index.ts';
import type { ValueSetSource } from './value-sets.ts';
import type { CqlValue } from './values.ts';

/**
 * The evaluator that compiles ELM to JavaScript. A library is compiled once, however many measures include it; a record is
 * indexed once; values of definitions are kept with the record, for the last requests' times and parameters, so that what
 * measures have in common is evaluated once.
 * @param store where compiled code outlives the process; null compiles anew in each
 */
export function createCompiler(store: CodeStore | null = null): Evaluator {
  const engine = new Engine(store);
  return {
    name: 'compiled',
    prepare: (linked, valueSets) => engine.prepare(linked, valueSets),
    restore: (key, linked, valueSets) => engine.restore(key, linked, valueSets),
  };
}

/** What is kept with a record: its index, and evaluations by their request, the latest last. */
class RecordState {
  readonly index: RecordIndex;
  readonly evaluations: { readonly context: RequestContext; readonly evaluation: Evaluation }[] = [];

  constructor(record: PatientRecord, shapes: Shapes) {
    this.index = new RecordIndex(record, shapes);
  }

  static is(kept: object): kept is RecordState {
    return kept instanceof RecordState;
  }
}

/** How long it is looked for where an evaluation was stopped. */
const momentMs = 150;

/** How many different requests (times, parameters) a record keeps values for. */
const keptEvaluations = 4;

/** A library in its two variants. */
interface Variants {
  readonly plain: RunnableLibrary;
  /** Made when first needed: for a trace, or for the place of an error. */
  readonly traced: () => RunnableLibrary;
  readonly linked: () => LinkedLibrary;
  readonly keep: () => string | null;
}

class Engine {
  readonly #libraries: Libraries;
  readonly #reader: FhirReader;
  readonly #shapes: Shapes;
  readonly #contexts = new RequestContexts();
  readonly #clauses = new WeakMap<RunnableLibrary, readonly TracedClause[]>();

  constructor(store: CodeStore | null) {
    const model = readFhirModel();
    this.#libraries = new Libraries(model, store);
    this.#reader = new FhirReader(model);
    this.#shapes = new Shapes(model);
  }

  prepare(linked: LinkedLibrary, valueSets: ValueSetSource): PreparedLibrary {
    for (const { library, node } of reachableNodes(linked, null))
      if (!isSupported(node.type ?? '') && !isTypeOrClause(node.type ?? ''))
        throw new UnsupportedElm(node.type ?? '', libraryKey(library.library.identifier), node.locator ?? null);
    checkValueSets(linked, valueSets);
    const plain = this.#libraries.compile(linked, valueSets, false);
    return this.#prepared({
      plain,
      traced: () => this.#traced(linked, valueSets),
      linked: () => linked,
      keep: () => this.#libraries.keep(plain),
    });
  }

  restore(key: string, linked: () => LinkedLibrary, valueSets: ValueSetSource): PreparedLibrary | null {
    const plain = this.#libraries.restore(key, valueSets, false);
    if (plain === null) return null;
    const traced = (): RunnableLibrary =>
      this.#libraries.restore(key, valueSets, true) ?? this.#traced(linked(), valueSets);
    return this.#prepared({ plain, traced, linked, keep: () => key });
  }

  #traced(linked: LinkedLibrary, valueSets: ValueSetSource): RunnableLibrary {
    const traced = this.#libraries.compile(linked, valueSets, true);
    this.#libraries.keep(traced);
    return traced;
  }

  #prepared({ plain, traced, linked, keep }: Variants): PreparedLibrary {
    let known: RunnableLibrary | null = null;
    const withTrace = (): RunnableLibrary => {
      known ??= traced();
      return known;
    };
    return {
      get linked() {
        return linked();
      },
      keep,
      evaluate: async (record, request) => {
        for (const expression of request.expressions)
          if (!plain.definitions.has(expression)) throw new UnknownExpression(expression, plain.key);
        return this.#evaluate(plain, withTrace, record, request);
      },
      codeOf: (definition) => {
        const member = plain.definitions.get(definition);
        const name = member === undefined ? undefined : plain.code[member.position]?.name;
        return name === undefined ? null : functionsBelow(plain.text, name);
      },
    };
  }

  #evaluate(
    plain: RunnableLibrary,
    withTrace: () => RunnableLibrary,
    record: PatientRecord,
    request: EvaluationRequest,
  ): EvaluationResult {
    const trace = request.trace === true ? new Trace() : null;
    const cx = this.#evaluation(record, request, trace);
    const library = trace === null ? plain : withTrace();
    let current = '';
    try {
      const values = new Map<string, CqlValue>();
      for (const expression of request.expressions) {
        current = expression;
        values.set(expression, toCqlValue(definitionValue(library, expression, cx)));
      }
      return { values, clauses: trace?.clauses(this.#clausesOf(library)) ?? [], retrieves: trace?.retrieves ?? [] };
    } catch (error) {
      if (error instanceof BudgetExceeded)
        throw this.#whereStopped(error, current, trace, withTrace(), record, request);
      if (error instanceof CqlError && !(error instanceof CqlRuntimeError)) throw error;
      throw this.#located(error, current, trace, withTrace(), record, request);
    }
  }

  /** Of all definitions, so that a trace says of each clause that it was not reached, also where a definition was not asked for. */
  #clausesOf(traced: RunnableLibrary): readonly TracedClause[] {
    const known = this.#clauses.get(traced);
    if (known !== undefined) return known;
    const found = clausesOf([...traced.definitions.values()].flatMap(({ position }) => traced.code[position] ?? []));
    this.#clauses.set(traced, found);
    return found;
  }

  /** The error with the place that the evaluation does not leave: found by the traced variant, within a moment. */
  #whereStopped(
    { budgetMs, reason }: BudgetExceeded,
    expression: string,
    given: Trace | null,
    traced: RunnableLibrary,
    record: PatientRecord,
    request: EvaluationRequest,
  ): BudgetExceeded {
    const trace = given ?? new Trace();
    if (given === null)
      try {
        const moment = { ...request, budgetMs: Math.min(budgetMs, momentMs) };
        definitionValue(traced, expression, this.#evaluation(record, moment, trace));
      } catch {
        // Whatever stops it now: the trace has the place.
      }
    const place = trace.failed;
    return new BudgetExceeded(
      budgetMs,
      reason,
      place === null ? null : { library: place.library, expression: place.definition, locator: place.locator },
    );
  }

  /** The error with its place: plain code keeps none, so what failed is evaluated once more by the traced variant. */
  #located(
    error: unknown,
    expression: string,
    given: Trace | null,
    traced: RunnableLibrary,
    record: PatientRecord,
    request: EvaluationRequest,
  ): EvaluationFailed {
    const trace = given ?? new Trace();
    if (trace.failed === null)
      try {
        definitionValue(traced, expression, this.#evaluation(record, request, trace));
      } catch (again) {
        if (again instanceof CqlError && !(again instanceof CqlRuntimeError)) throw again;
      }
    const place = trace.failed;
    return new EvaluationFailed(
      place?.library ?? traced.key,
      place?.definition ?? expression,
      place?.locator ?? null,
      reasonOf(error),
    );
  }

  #evaluation(record: PatientRecord, request: EvaluationRequest, trace: Trace | null): Evaluation {
    const state = record.kept(this, RecordState.is, () => new RecordState(record, this.#shapes));
    const context = this.#contexts.of(request);
    const kept = trace === null ? state.evaluations.find((one) => one.context === context) : undefined;
    const evaluation = kept?.evaluation ?? new Evaluation(context, this.#reader, state.index, trace);
    if (trace === null && kept === undefined) {
      if (state.evaluations.length >= keptEvaluations) state.evaluations.shift();
      state.evaluations.push({ context, evaluation });
    }
    evaluation.begin(request.budgetMs ?? null);
    return evaluation;
  }
}

function definitionValue(library: RunnableLibrary, expression: string, cx: Evaluation): Value {
  const member = library.definitions.get(expression);
  if (member === undefined) throw new UnknownExpression(expression, library.key);
  return library.code[member.position]?.(cx) ?? null;
}

/** Parts of nodes that have a type of their own and are compiled with their node, and types. */
function isTypeOrClause(type: string): boolean {
  return clauses.has(type) || type.endsWith('TypeSpecifier');
}

const clauses = new Set([
  'AggregateClause',
  'AliasedQuerySource',
  'ByColumn',
  'ByDirection',
  'ByExpression',
  'CaseItem',
  'LetClause',
  'ReturnClause',
  'SortClause',
  'TupleElement',
  'TupleElementDefinition',
  'With',
  'Without',
]);

function checkValueSets(linked: LinkedLibrary, valueSets: ValueSetSource): void {
  const missing = dataRequirements(linked, null).valueSets.filter(
    ({ url, version }) => valueSets.find(url, version) === null,
  );
  if (missing.length > 0)
    throw new MissingValueSet(missing.map(({ url, version }) => (version === null ? url : `${url}|${version}`)));
}

/** What went wrong, without a word of the record. */
function reasonOf(error: unknown): string {
  if (error instanceof CqlRuntimeError) return error.message;
  const name = typeof error === 'object' && error !== null && 'name' in error ? String(error.name) : null;
  // By its name: a stack that overflows may throw the RangeError of another realm.
  if (name === 'RangeError') return 'the expression is nested too deeply or a number is out of range';
  return `the value could not be computed${error instanceof Error ? ` (${name})` : ''}`;
}
