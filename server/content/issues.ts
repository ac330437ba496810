import type { ContentIssue } from './errors.ts';

/** What is known of an error by its class name; anything else is a defect and is thrown on. */
const codes: Readonly<Record<string, ContentIssue['code']>> = {
  InvalidMeasure: 'invalid',
  TranslationFailed: 'invalid',
  UnreadableAttachment: 'invalid',
  MissingLibrary: 'not-found',
  MissingModel: 'not-found',
  MissingValueSet: 'not-found',
  CyclicInclude: 'invalid',
  CyclicValueSet: 'invalid',
  UnexpandableValueSet: 'incomplete',
  UnsupportedElm: 'not-supported',
  UnknownExpression: 'not-found',
  BudgetExceeded: 'too-costly',
};

interface Messages {
  readonly messages?: readonly {
    readonly library: string;
    readonly severity: string;
    readonly message: string;
    readonly startLine: number | null;
    readonly startColumn: number | null;
  }[];
  readonly problems?: readonly { readonly expression: string; readonly message: string }[];
}

/**
 * The issues that an error stands for: one per CQL message with line and column, one per problem of a Measure.
 * @param about the resource that was being checked, e.g. `Measure http://x|1`
 * @throws the error itself when it is not about content
 */
export function issuesOf(error: unknown, about: string, expression: readonly string[] = []): ContentIssue[] {
  const code = error instanceof Error ? codes[error.name] : undefined;
  if (!(error instanceof Error) || code === undefined) throw error;
  const { messages, problems } = error as Messages;
  if (problems !== undefined)
    return problems.map((problem) => ({
      severity: 'error',
      code,
      diagnostics: `${about}: ${problem.expression} ${problem.message}`,
      expression: [problem.expression],
    }));
  if (messages?.some(({ severity }) => severity === 'error'))
    return messages
      .filter(({ severity }) => severity === 'error')
      .map(({ library, startLine, startColumn, message }) => ({
        severity: 'error',
        code,
        diagnostics: `CQL of ${library}${startLine === null ? '' : `, line ${startLine}, column ${startColumn ?? 1}`}: ${message} (in ${about})`,
        expression: ['Library.content'],
      }));
  return [{ severity: 'error', code, diagnostics: `${about}: ${error.message}`, expression }];
}
