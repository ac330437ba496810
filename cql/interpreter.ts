import cql from 'cql-execution';
import { MissingValueSet, UnknownExpression } from './errors.ts';
import type { ClauseResult, EvaluationRequest, EvaluationResult, Evaluator } from './evaluator.ts';
import { Evaluation, LibraryContext } from './interpreter/contexts.ts';
import { dateTime, fromEngine, toEngine } from './interpreter/cql-values.ts';
import { failure } from './interpreter/failures.ts';
import { type FhirModel, type FhirType, fhirModel } from './interpreter/fhir-model.ts';
import type { FhirObject } from './interpreter/fhir-object.ts';
import { RecordView } from './interpreter/record-view.ts';
import { inOffset, repairCqlExecution } from './interpreter/repairs.ts';
import { checkSupported } from './interpreter/supported.ts';
import { CodeService, type HashedValueSet } from './interpreter/value-set-codes.ts';
import { type LinkedLibrary, libraryKey } from './link.ts';
import type { PatientRecord } from './record.ts';
import { dataRequirements } from './requirements.ts';
import type { ExpandedValueSet, ValueSetSource } from './value-sets.ts';
import type { CqlValue } from './values.ts';

/**
 * The evaluator on cql-execution: slow beside a compiled engine, and the one to compare with. Between it and the record
 * stands our own layer (interpreter/record-view.ts); its known defects are repaired in interpreter/repairs.ts.
 * Records are wrapped once and kept as long as the record itself lives, for all measures that are evaluated on it.
 */
export function createInterpreter(): Evaluator {
  repairCqlExecution();
  const model = fhirModel();
  const classes = new Map<FhirType, typeof FhirObject>();
  const views = new WeakMap<PatientRecord, Map<number, RecordView>>();
  const hashed = new WeakMap<ExpandedValueSet, HashedValueSet>();
  return {
    name: 'interpreted',
    prepare(linked, valueSets) {
      checkSupported(linked);
      checkValueSets(linked, valueSets);
      const library = libraryOf(linked);
      const codeService = new CodeService(valueSets, hashed);
      return {
        linked,
        evaluate: (record, request) => {
          const offset = offsetOf(request.now);
          return inOffset(offset, () => {
            const view = viewOf(views, record, model, offset, classes);
            return evaluate(library, codeService, view, request, offset);
          });
        },
      };
    },
  };
}

/** Libraries of cql-execution, each built once, however many include it. */
function libraryOf({ main, includes }: LinkedLibrary): InstanceType<typeof cql.Library> {
  const built = new Map<string, InstanceType<typeof cql.Library>>();
  const sources = new Map(includes.map((library) => [libraryKey(library.library.identifier), library]));
  const manager = {
    resolve(id: string, version?: string): InstanceType<typeof cql.Library> | undefined {
      const key = libraryKey(version === undefined ? { id } : { id, version });
      const known = built.get(key);
      if (known !== undefined) return known;
      const source = sources.get(key);
      if (source === undefined) return undefined;
      const made = new cql.Library(source, manager);
      built.set(key, made);
      return made;
    },
  };
  return new cql.Library(main, manager);
}

function checkValueSets(linked: LinkedLibrary, valueSets: ValueSetSource): void {
  const missing = dataRequirements(linked, null).valueSets.filter(
    ({ url, version }) => valueSets.find(url, version) === null,
  );
  if (missing.length > 0)
    throw new MissingValueSet(missing.map(({ url, version }) => (version === null ? url : `${url}|${version}`)));
}

function viewOf(
  views: WeakMap<PatientRecord, Map<number, RecordView>>,
  record: PatientRecord,
  model: FhirModel,
  offset: number,
  classes: Map<FhirType, typeof FhirObject>,
): RecordView {
  const ofRecord = views.get(record) ?? new Map<number, RecordView>();
  views.set(record, ofRecord);
  const view = ofRecord.get(offset) ?? new RecordView(record, model, offset, classes);
  ofRecord.set(offset, view);
  return view;
}

async function evaluate(
  library: InstanceType<typeof cql.Library>,
  codeService: CodeService,
  view: RecordView,
  request: EvaluationRequest,
  offset: number,
): Promise<EvaluationResult> {
  const evaluation = new Evaluation(request.trace === true, request.budgetMs ?? null);
  const now = dateTime(request.now, offset);
  if (now === null) throw new RangeError(`now is not an ISO date-time: ${request.now}`);
  const values = new Map<string, CqlValue>();
  const key = libraryKey(library.source.library.identifier);
  let current = '';
  try {
    const parameters = Object.fromEntries(
      Object.entries(request.parameters).map(([name, value]) => [name, toEngine(value, offset)]),
    );
    const context = new LibraryContext(library, view, codeService, parameters, now, evaluation);
    for (const expression of request.expressions) {
      current = expression;
      const definition = library.expressions[expression];
      if (definition === undefined) throw new UnknownExpression(expression, key);
      const known: unknown = context.context_values[expression];
      values.set(expression, fromEngine(known === undefined ? await definition.execute(context) : known));
    }
  } catch (error) {
    throw failure(error, key, current);
  }
  return { values, clauses: evaluation.traced ? clausesOf(evaluation) : [], retrieves: evaluation.retrieves };
}

/** What each clause gave, all contexts of a library together: true wins over false. */
function clausesOf(evaluation: Evaluation): ClauseResult[] {
  return [...evaluation.contexts.values()].flatMap(({ key, localId_context }) =>
    Object.entries(localId_context).map(
      ([localId, value]): ClauseResult => ({
        library: key,
        localId,
        value: isTruthy(value) ? 'true' : 'false',
      }),
    ),
  );
}

function isTruthy(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : value != null && value !== false;
}

/** Hours from UTC of an ISO date-time; UTC when it has none. */
function offsetOf(now: string): number {
  const [, sign, hours, minutes] = /([+-])(\d{2}):?(\d{2})$/.exec(now) ?? [];
  if (!now.includes('T') || sign === undefined) return 0;
  const offset = Number(hours) + Number(minutes) / 60;
  return sign === '-' ? -offset : offset;
}
