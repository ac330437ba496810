import { isSupported } from './compiler/compile.ts';
import { Evaluation } from './compiler/evaluation.ts';
import { readFhirModel } from './compiler/fhir/model.ts';
import { FhirReader } from './compiler/fhir/read.ts';
import { type CompiledLibrary, compileLibrary } from './compiler/library.ts';
import { RecordIndex, Retrievals } from './compiler/record-index.ts';
import { type RequestContext, RequestContexts } from './compiler/request-context.ts';
import { toCqlValue } from './compiler/results.ts';
import { expansionOf, Terminology, ValueSets } from './compiler/terminology.ts';
import { Trace } from './compiler/trace.ts';
import type { ElmLibrary } from './elm.ts';
import { CqlError, EvaluationFailed, MissingValueSet, UnknownExpression, UnsupportedElm } from './errors.ts';
import type { EvaluationRequest, EvaluationResult, Evaluator, PreparedLibrary } from './evaluator.ts';
import { includedBy, type LinkedLibrary, libraryKey } from './link.ts';
import { reachableDefinitions, reachableNodes } from './reachable.ts';
import type { PatientRecord } from './record.ts';
import { dataRequirements } from './requirements.ts';
import { CqlRuntimeError, type Value } from './runtime/index.ts';
import type { ExpandedValueSet, ValueSetSource } from './value-sets.ts';
import type { CqlValue } from './values.ts';

/**
 * The evaluator that compiles ELM to JavaScript. A library is compiled once, however many measures include it; a record is
 * indexed once; values of definitions are kept with the record, for the last requests' times and parameters, so that what
 * measures have in common is evaluated once.
 */
export function createCompiler(): Evaluator {
  const engine = new Engine();
  return { name: 'compiled', prepare: (linked, valueSets) => engine.prepare(linked, valueSets) };
}

/** A compiled library, with what it was compiled from. */
interface Build {
  readonly library: CompiledLibrary;
  readonly identifier: string;
  readonly includes: readonly CompiledLibrary[];
  readonly expansions: readonly (ExpandedValueSet | null)[];
}

/** What is kept with a record: its index, and evaluations by their request, the latest last. */
class RecordState {
  readonly index: RecordIndex;
  readonly evaluations: { readonly context: RequestContext; readonly evaluation: Evaluation }[] = [];

  constructor(record: PatientRecord) {
    this.index = new RecordIndex(record);
  }

  static is(kept: object): kept is RecordState {
    return kept instanceof RecordState;
  }
}

/** How many different requests (times, parameters) a record keeps values for. */
const keptEvaluations = 4;

class Engine {
  readonly #model = readFhirModel();
  readonly #reader = new FhirReader(this.#model);
  readonly #valueSets = new ValueSets();
  readonly #retrievals = new Retrievals();
  readonly #contexts = new RequestContexts();
  readonly #builds = { plain: new WeakMap<object, Build[]>(), traced: new WeakMap<object, Build[]>() };
  #slots = 0;

  prepare(linked: LinkedLibrary, valueSets: ValueSetSource): PreparedLibrary {
    for (const { library, node } of reachableNodes(linked, null))
      if (!isSupported(node.type ?? '') && !isTypeOrClause(node.type ?? ''))
        throw new UnsupportedElm(node.type ?? '', libraryKey(library.library.identifier), node.locator ?? null);
    checkValueSets(linked, valueSets);
    const plain = this.#compile(linked, valueSets, false);
    let traced: CompiledLibrary | null = null;
    const withTrace = (): CompiledLibrary => {
      traced ??= this.#compile(linked, valueSets, true);
      return traced;
    };
    return {
      linked,
      evaluate: async (record, request) => {
        for (const expression of request.expressions)
          if (!plain.definitions.has(expression)) throw new UnknownExpression(expression, plain.key);
        return this.#evaluate(plain, withTrace, record, request);
      },
      codeOf: (definition) => {
        const member = plain.definitions.get(definition);
        return member === undefined ? null : (plain.code[member.position]?.toString() ?? null);
      },
    };
  }

  #evaluate(
    plain: CompiledLibrary,
    withTrace: () => CompiledLibrary,
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
      return { values, clauses: trace?.clauses() ?? [], retrieves: trace?.retrieves ?? [] };
    } catch (error) {
      if (error instanceof CqlError && !(error instanceof CqlRuntimeError)) throw error;
      throw this.#located(error, current, trace, withTrace(), record, request);
    }
  }

  /** The error with its place: plain code keeps none, so what failed is evaluated once more by the traced variant. */
  #located(
    error: unknown,
    expression: string,
    given: Trace | null,
    traced: CompiledLibrary,
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
    const state = record.kept(this, RecordState.is, () => new RecordState(record));
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

  /** Compiles a library and what it includes, or finds it compiled. @throws the error of what it can reach */
  #compile(linked: LinkedLibrary, valueSets: ValueSetSource, tracing: boolean): CompiledLibrary {
    const made = new Map<ElmLibrary, CompiledLibrary>();
    const compile = (elm: ElmLibrary): CompiledLibrary => {
      const known = made.get(elm);
      if (known !== undefined) return known;
      const includes = new Map<string, CompiledLibrary>();
      for (const { localIdentifier } of elm.library.includes?.def ?? []) {
        const included = includedBy(linked, elm, localIdentifier);
        if (included !== null) includes.set(localIdentifier, compile(included));
      }
      const library = this.#build(elm, includes, valueSets, tracing);
      made.set(elm, library);
      return library;
    };
    const main = compile(linked.main);
    for (const { library, definition } of reachableDefinitions(linked, null)) {
      const error = made.get(library)?.errors.get(definition);
      if (error !== undefined) throw error;
    }
    return main;
  }

  #build(
    elm: ElmLibrary,
    includes: ReadonlyMap<string, CompiledLibrary>,
    source: ValueSetSource,
    tracing: boolean,
  ): CompiledLibrary {
    const builds = tracing ? this.#builds.traced : this.#builds.plain;
    const content: object = elm.library.statements?.def ?? elm;
    const identifier = libraryKey(elm.library.identifier);
    const expansions = (elm.library.valueSets?.def ?? []).map((definition) => expansionOf(definition, source));
    const candidates = builds.get(content) ?? [];
    const included = [...includes.values()];
    const found = candidates.find(
      (build) =>
        build.identifier === identifier && same(build.includes, included) && same(build.expansions, expansions),
    );
    if (found !== undefined) return found.library;
    const library = compileLibrary({
      elm,
      includes,
      terminology: new Terminology(elm, includes, source, this.#valueSets),
      retrievals: this.#retrievals,
      model: this.#model,
      tracing,
      nextSlot: () => {
        this.#slots += 1;
        return this.#slots;
      },
    });
    builds.set(content, [...candidates, { library, identifier, includes: included, expansions }]);
    return library;
  }
}

function definitionValue(library: CompiledLibrary, expression: string, cx: Evaluation): Value {
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

function same(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((item, i) => item === b[i]);
}

/** What went wrong, without a word of the record. */
function reasonOf(error: unknown): string {
  if (error instanceof CqlRuntimeError) return error.message;
  if (error instanceof RangeError) return 'the expression is nested too deeply or a number is out of range';
  return `the value could not be computed${error instanceof Error ? ` (${error.constructor.name})` : ''}`;
}
