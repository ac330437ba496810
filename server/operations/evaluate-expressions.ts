import type { OperationOutcomeIssue, Parameters, ParametersParameter } from '@medplum/fhirtypes';
import type { CqlValue } from '../../cql/index.ts';
import type { LoadedLibrary } from '../content/load-library.ts';
import { resultParameters } from './cql-result.ts';
import { resultType } from './cql-types.ts';
import { instantIn } from './instant.ts';
import { libraryRecord, type RecordArguments } from './library-record.ts';
import type { OperationContext } from './operation.ts';
import type { OperationServices } from './services.ts';

export interface ExpressionRequest {
  /** Code of the operation, for the AuditEvent. */
  readonly operation: string;
  readonly loaded: LoadedLibrary;
  /** Definitions of the library, with the name under which the answer has each. */
  readonly expressions: readonly { readonly definition: string; readonly name: string }[];
  readonly parameters: { readonly [name: string]: CqlValue };
  readonly record: RecordArguments;
}

/** Errors of the CQL, which are the answer to the request: any other is thrown on. */
const ofCql = new Set([
  'TranslationFailed',
  'MissingLibrary',
  'MissingModel',
  'MissingValueSet',
  'UnsupportedElm',
  'UnknownExpression',
  'CyclicInclude',
  'InvalidMeasureContent',
  'EvaluationFailed',
  'EvaluationCrashed',
  'BudgetExceeded',
]);

/** Evaluates definitions and gives their values as Parameters; what fails is told in `evaluation error`. */
export async function evaluateExpressions(
  { operation, loaded, expressions, parameters, record }: ExpressionRequest,
  context: OperationContext,
  services: OperationServices,
): Promise<Parameters> {
  const definitions = expressions.map(({ definition }) => definition);
  const { resourceTypes } = loaded.requirements(definitions);
  const { patient, resources } = await libraryRecord(record, resourceTypes, context, services);
  if (patient !== null)
    await services.audit.record(context, {
      action: 'E',
      interaction: `$${operation}`,
      resources: [{ type: 'Patient', id: patient, version: null, patient }],
      query: null,
    });
  const now = instantIn(context.now, context.timezone);
  const answers = await services.libraries.evaluate({
    library: loaded.packed,
    resources,
    expressions: definitions,
    parameters,
    now,
  });
  const types = new Map(
    (loaded.linked.main.library.statements?.def ?? []).map((def) => [def.name, resultType(def)] as const),
  );
  const values = answers.flatMap((answer, index): ParametersParameter[] =>
    answer.ok
      ? resultParameters(
          expressions[index]?.name ?? answer.expression,
          answer.value,
          types.get(answer.expression) ?? null,
        )
      : [],
  );
  const issues = answers.flatMap((answer) => (answer.ok ? [] : [issueOf(answer.error.message)]));
  return {
    resourceType: 'Parameters',
    parameter: [...values, ...(issues.length > 0 ? [evaluationError(issues)] : [])],
  };
}

/**
 * Runs a request about CQL: what is wrong with the CQL comes back as an answer, with its lines.
 * @param describe changes each message, for example so that its lines are those of the client's text
 */
export async function answerCql(
  work: () => Promise<Parameters>,
  describe: (diagnostics: string) => string = (text) => text,
): Promise<Parameters> {
  let answer: Parameters;
  try {
    answer = await work();
  } catch (error) {
    if (!(error instanceof Error) || !ofCql.has(error.name)) throw error;
    const { issues } = error as { issues?: readonly { readonly diagnostics: string }[] };
    const texts = issues === undefined ? [error.message] : issues.map(({ diagnostics }) => diagnostics);
    answer = { resourceType: 'Parameters', parameter: [evaluationError(texts.map(issueOf))] };
  }
  for (const { resource } of answer.parameter ?? [])
    if (resource?.resourceType === 'OperationOutcome')
      for (const issue of resource.issue) issue.diagnostics = describe(issue.diagnostics ?? '');
  return answer;
}

function evaluationError(issue: OperationOutcomeIssue[]): ParametersParameter {
  return { name: 'evaluation error', resource: { resourceType: 'OperationOutcome', issue } };
}

function issueOf(diagnostics: string): OperationOutcomeIssue {
  return { severity: 'error', code: 'exception', diagnostics };
}
