import {
  type CqlValue,
  EvaluationFailed,
  type EvaluationResult,
  type FhirResource,
  type PatientRecord,
} from '../../cql/index.ts';
import { inPeriodType, type PreparedMeasure } from '../prepare.ts';
import { combineComponents } from './composite.ts';
import { CriteriaValues, expressionsOf, isInitial } from './criteria.ts';
import { evaluateGroup } from './group.ts';
import { MemberIdentity } from './members.ts';
import { offsetOf, periodParameter } from './period.ts';
import type { MeasurementPeriod, SubjectResult } from './result.ts';

export interface SubjectRequest {
  readonly period: MeasurementPeriod;
  /** ISO date-time with offset: what Now() returns, and the timezone in which the period is meant. */
  readonly now: string;
  /** CQL parameters beside "Measurement Period", by name. */
  readonly parameters?: { readonly [name: string]: CqlValue };
  /** Collect what gap reasons, evaluated resources and highlighting need. */
  readonly trace?: boolean;
  /** Evaluate supplemental data and risk adjustment factors, too; true unless said otherwise. */
  readonly supplementalData?: boolean;
  readonly budgetMs?: number;
  /** Evaluate all criteria, also of subjects outside every initial population: to compare engines, to highlight. */
  readonly complete?: boolean;
}

/**
 * Evaluates a measure for one patient. Pure: reads no clock, no database, no global.
 * @throws WrongCriterionType when a criterion's result is not of the population basis
 * @throws EvaluationFailed, BudgetExceeded as the engine does
 */
export async function evaluateSubject(
  prepared: PreparedMeasure,
  record: PatientRecord,
  request: SubjectRequest,
): Promise<SubjectResult> {
  const { definition, library } = prepared;
  if (library === null || definition.scoring === 'composite') {
    const components = [];
    for (const component of prepared.components) components.push(await evaluateSubject(component, record, request));
    return combineComponents(prepared, components);
  }
  const withSupplementalData = request.supplementalData ?? true;
  const parameters = parametersOf(prepared, request);
  const evaluate = (expressions: readonly string[], trace: boolean): Promise<EvaluationResult> =>
    library.evaluate(record, {
      expressions,
      parameters,
      now: request.now,
      trace,
      ...(request.budgetMs === undefined ? {} : { budgetMs: request.budgetMs }),
    });
  const evaluated = await evaluateNeeded(prepared, { ...request, supplementalData: withSupplementalData }, evaluate);
  const values = new CriteriaValues(prepared, evaluated.values, new MemberIdentity());
  return {
    subject: record.patient.id ?? '',
    groups: definition.groups.map((group) => evaluateGroup(group, values)),
    supplementalData: withSupplementalData
      ? definition.supplementalData.map(({ expression }) => ({ expression, value: values.value(expression) }))
      : [],
    evaluatedResources: request.trace === true ? evaluatedResources(prepared, evaluated, record) : [],
    components: [],
    trace:
      request.trace === true
        ? {
            clauses: evaluated.clauses,
            retrieves: evaluated.retrieves,
            bounds: Object.fromEntries(prepared.bounds.map((name) => [name, evaluated.values.get(name) ?? null])),
          }
        : null,
  };
}

/**
 * Evaluates what decides: for a subject outside every initial population that is the initial population, and nothing else
 * (save supplemental data, where it is wanted). Its other criteria are not evaluated, so they can't fail either.
 */
async function evaluateNeeded(
  prepared: PreparedMeasure,
  { trace = false, supplementalData, complete = false }: SubjectRequest,
  evaluate: (expressions: readonly string[], trace: boolean) => Promise<EvaluationResult>,
): Promise<EvaluationResult> {
  const { initial, further, supplemental } = expressionsOf(prepared);
  const reported = supplementalData === true ? supplemental : [];
  const first = complete ? null : await evaluate(initial, false);
  if (first !== null && !isInitial(prepared, first.values))
    return !trace && reported.length === 0 ? first : evaluate([...initial, ...reported], trace);
  const expressions = [...initial, ...further, ...reported];
  if (!trace || prepared.bounds.length === 0) return evaluate(expressions, trace);
  // What only explains must not fail what decides: bounds are evaluated for rows that the measure itself may never see.
  return evaluate([...expressions, ...prepared.bounds], trace).catch((error: unknown) => {
    if (error instanceof EvaluationFailed) return evaluate(expressions, trace);
    throw error;
  });
}

interface LastParameters {
  readonly period: MeasurementPeriod;
  readonly offset: string;
  readonly parameters: { readonly [name: string]: CqlValue };
}

/** Of the last evaluation of a measure: most requests of a population run are the same, and the engine knows them again. */
const last = new WeakMap<PreparedMeasure, LastParameters>();

function parametersOf(
  prepared: PreparedMeasure,
  { period, now, parameters: given }: SubjectRequest,
): { readonly [name: string]: CqlValue } {
  if (prepared.periodType === null) return given ?? {};
  const offset = offsetOf(now);
  const known = last.get(prepared);
  const isSame =
    known !== undefined &&
    known.offset === offset &&
    known.period.start === period.start &&
    known.period.end === period.end;
  if (isSame && given === undefined) return known.parameters;
  const value = inPeriodType(prepared.periodType, periodParameter(period, offset));
  const parameters = { ...given, 'Measurement Period': value };
  if (given === undefined) last.set(prepared, { period, offset, parameters });
  return parameters;
}

/** Resources that the retrieves of each criterion found, with the criteria that reach those retrieves. */
function evaluatedResources(
  { definition, requirements }: PreparedMeasure,
  { retrieves }: EvaluationResult,
  record: PatientRecord,
): { resource: FhirResource; criteria: string[] }[] {
  const named = [...definition.groups.flatMap(({ populations }) => populations), ...definition.supplementalData];
  const usedBy = new Map<string, Set<string>>();
  for (const criterion of named) {
    const name = criterion.linkId ?? criterion.id ?? ('code' in criterion ? criterion.expression : '');
    for (const retrieve of requirements.get(criterion.expression)?.retrieves ?? []) {
      const key = `${retrieve.library} ${retrieve.localId}`;
      const users = usedBy.get(key);
      if (users === undefined) usedBy.set(key, new Set([name]));
      else users.add(name);
    }
  }
  const used = new Map<FhirResource, Set<string>>();
  const byId = new Map<string, ReadonlyMap<string | undefined, FhirResource>>();
  const find = (resourceType: string, id: string | undefined): FhirResource | undefined => {
    const known = byId.get(resourceType);
    if (known !== undefined) return known.get(id);
    // Of several with one id, the first: a record may have tens of thousands, so they are looked up and not searched.
    const found = new Map(
      record
        .ofType(resourceType)
        .toReversed()
        .map((resource) => [resource.id, resource]),
    );
    byId.set(resourceType, found);
    return found.get(id);
  };
  for (const { library, localId, resources } of retrieves) {
    const criteria = usedBy.get(`${library} ${localId}`) ?? [];
    for (const { resourceType, id } of resources) {
      const resource = find(resourceType, id);
      if (resource === undefined) continue;
      const so = used.get(resource) ?? new Set();
      for (const criterion of criteria) so.add(criterion);
      used.set(resource, so);
    }
  }
  return [...used].map(([resource, criteria]) => ({ resource, criteria: [...criteria] }));
}
