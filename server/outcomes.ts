import type { OperationOutcome, OperationOutcomeIssue } from '@medplum/fhirtypes';
import { isDatabaseAway } from './db/away.ts';
import { TransactionFailed } from './store/errors.ts';

/** How an error reaches a client: HTTP status, and code of http://hl7.org/fhir/issue-type. */
interface Translation {
  readonly status: number;
  readonly code: OperationOutcomeIssue['code'];
  /** Seconds after which trying again makes sense. */
  readonly retryAfter?: number;
}

/** The one place where errors become HTTP: by the name of their class. What is not here is a defect of ours: 500. */
const translations: Readonly<Record<string, Translation>> = {
  // cql
  TranslationFailed: { status: 422, code: 'invalid' },
  MissingLibrary: { status: 422, code: 'not-found' },
  MissingModel: { status: 422, code: 'not-found' },
  MissingValueSet: { status: 422, code: 'not-found' },
  UnsupportedElm: { status: 422, code: 'not-supported' },
  UnknownExpression: { status: 422, code: 'not-found' },
  EvaluationFailed: { status: 422, code: 'processing' },
  BudgetExceeded: { status: 422, code: 'too-costly' },
  InvalidRecord: { status: 422, code: 'invalid' },
  // store and interactions
  ResourceNotFound: { status: 404, code: 'not-found' },
  ResourceDeleted: { status: 410, code: 'deleted' },
  VersionConflict: { status: 412, code: 'conflict' },
  PreconditionFailed: { status: 412, code: 'conflict' },
  MultipleMatches: { status: 412, code: 'multiple-matches' },
  InvalidResource: { status: 422, code: 'invalid' },
  UnknownResourceType: { status: 404, code: 'not-supported' },
  WrongResourceType: { status: 400, code: 'invalid' },
  InvalidId: { status: 400, code: 'value' },
  MalformedJson: { status: 400, code: 'structure' },
  InvalidReference: { status: 400, code: 'not-found' },
  MovedMeanwhile: { status: 409, code: 'conflict' },
  InvalidRequest: { status: 400, code: 'invalid' },
  DuplicateEntry: { status: 400, code: 'duplicate' },
  PatchFailed: { status: 422, code: 'processing' },
  PatchTooCostly: { status: 422, code: 'too-costly' },
  InvalidRemark: { status: 422, code: 'invalid' },
  ComputedReportChanged: { status: 422, code: 'business-rule' },
  UnsupportedUpdateType: { status: 400, code: 'not-supported' },
  UnsupportedSubscription: { status: 422, code: 'not-supported' },
  UnsupportedChannel: { status: 422, code: 'not-supported' },
  IdleSubscription: { status: 409, code: 'conflict' },
  ForbiddenByScope: { status: 403, code: 'forbidden' },
  UnsupportedInteraction: { status: 404, code: 'not-supported' },
  UnusableLine: { status: 400, code: 'structure' },
  ReplacedLine: { status: 400, code: 'duplicate' },
  // search
  UnknownSearchParameter: { status: 400, code: 'not-supported' },
  InvalidSearchValue: { status: 400, code: 'value' },
  UnsupportedSearch: { status: 400, code: 'not-supported' },
  InvalidCursor: { status: 400, code: 'value' },
  // measures and operations
  InvalidMeasure: { status: 422, code: 'invalid' },
  InvalidMeasureContent: { status: 422, code: 'invalid' },
  UnknownMeasure: { status: 404, code: 'not-found' },
  UnknownLibrary: { status: 404, code: 'not-found' },
  PinnedVersionAbsent: { status: 422, code: 'not-found' },
  UnsupportedRiskScore: { status: 422, code: 'not-supported' },
  InvalidPeriod: { status: 400, code: 'value' },
  InvalidLivePeriod: { status: 409, code: 'conflict' },
  WrongCriterionType: { status: 422, code: 'processing' },
  EvaluationCrashed: { status: 422, code: 'processing' },
  InvalidArguments: { status: 400, code: 'invalid' },
  UnsuitableSubject: { status: 422, code: 'business-rule' },
  TooManyRequests: { status: 429, code: 'throttled', retryAfter: 10 },
  TooManySubjects: { status: 422, code: 'too-costly' },
  UnkeepableResult: { status: 422, code: 'processing' },
  MethodNotAllowed: { status: 405, code: 'not-supported' },
  UnknownOperation: { status: 422, code: 'not-supported' },
  UnexpandableValueSet: { status: 422, code: 'not-found' },
  CyclicValueSet: { status: 422, code: 'invalid' },
  UnknownValueSet: { status: 404, code: 'not-found' },
  UnreadableContent: { status: 422, code: 'structure' },
  UnreadableAttachment: { status: 422, code: 'structure' },
  InvalidSchedule: { status: 400, code: 'value' },
  PullUnderWay: { status: 409, code: 'conflict' },
  PullFailed: { status: 502, code: 'processing' },
  TokenRefused: { status: 502, code: 'security' },
  RefusedAddress: { status: 403, code: 'forbidden' },
  UnusableAnswer: { status: 502, code: 'transient' },
  ForeignResource: { status: 409, code: 'duplicate' },
  UnknownJobKind: { status: 422, code: 'not-supported' },
  PoolClosed: { status: 503, code: 'transient', retryAfter: 2 },
  // attribution and matching
  UnreadableRoster: { status: 422, code: 'structure' },
  RosterPreviewChanged: { status: 409, code: 'conflict' },
  InvalidMerge: { status: 422, code: 'business-rule' },
  NotAnAttributionList: { status: 422, code: 'business-rule' },
  AttributionListFinal: { status: 422, code: 'business-rule' },
  NotAMember: { status: 404, code: 'not-found' },
  // database
  CommitUnconfirmed: { status: 503, code: 'incomplete', retryAfter: 2 },
  // http
  InvalidTimezone: { status: 400, code: 'value' },
  MalformedXml: { status: 400, code: 'structure' },
  NotAcceptable: { status: 406, code: 'not-supported' },
};

/** An issue as an error may carry it; what it leaves out comes from the error's row above. */
interface CarriedIssue {
  readonly severity?: OperationOutcomeIssue['severity'];
  readonly code?: OperationOutcomeIssue['code'];
  readonly diagnostics?: string;
  readonly expression?: readonly string[];
}

export interface Outcome {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly outcome: OperationOutcome;
  /** True when the error is ours and belongs in the log. */
  readonly unexpected: boolean;
}

/**
 * Translates any thrown value to an OperationOutcome. An error may carry `issues` (one OperationOutcome issue each);
 * otherwise its message becomes the only one. The message of an unexpected error stays in the log: it may hold PHI.
 */
export function toOutcome(error: unknown): Outcome {
  if (error instanceof TransactionFailed) return atEntry(error);
  const translation = find(error);
  if (translation === null) {
    const issue: OperationOutcomeIssue = {
      severity: 'fatal',
      code: 'exception',
      diagnostics: 'An error of the server, not of the request. It is in the server log under this request id',
    };
    return { status: 500, headers: {}, outcome: outcomeOf([issue]), unexpected: true };
  }
  const { status, code, retryAfter } = translation;
  const { allow, retryAfter: own } = error as { allow?: unknown; retryAfter?: unknown };
  const headers: Record<string, string> = {
    ...(retryAfter !== undefined && { 'retry-after': String(typeof own === 'number' ? own : retryAfter) }),
    ...(Array.isArray(allow) && { allow: allow.join(', ') }),
  };
  return { status, headers, outcome: outcomeOf(issuesOf(error as Error, code)), unexpected: false };
}

/** The outcome of the entry that failed, with its place in the Bundle. */
function atEntry({ entry, cause }: TransactionFailed): Outcome {
  const { outcome, ...rest } = toOutcome(cause);
  const place = `Bundle.entry[${entry}]`;
  const issues = outcome.issue.map((issue) => ({
    ...issue,
    diagnostics: `${place}: ${issue.diagnostics ?? issue.code}`,
    expression: (issue.expression ?? []).length === 0 ? [place] : issue.expression?.map((path) => within(place, path)),
  }));
  return { ...rest, outcome: outcomeOf(issues as OperationOutcomeIssue[]) };
}

/** `Patient.name` of the resource in an entry is `Bundle.entry[3].resource.name` of the Bundle. */
function within(place: string, path: string): string {
  if (path.startsWith('Bundle.')) return path;
  const [, rest = ''] = /^[A-Za-z]+(?:\.(.*))?$/s.exec(path) ?? [null, path];
  return rest === '' ? `${place}.resource` : `${place}.resource.${rest}`;
}

export function outcomeOf(issues: readonly OperationOutcomeIssue[]): OperationOutcome {
  return { resourceType: 'OperationOutcome', issue: [...issues] };
}

function find(error: unknown): Translation | null {
  if (!(error instanceof Error)) return null;
  const named = Object.hasOwn(translations, error.name) ? translations[error.name] : undefined;
  return named ?? databaseTranslation(error);
}

/** What the database says of a request. When it is away, the client should come back: nothing was kept. */
function databaseTranslation(error: Error): Translation | null {
  if (isDatabaseAway(error)) return { status: 503, code: 'transient', retryAfter: 2 };
  return holdsNull(error) ? { status: 400, code: 'value' } : null;
}

/** SQLSTATE character_not_in_repertoire: PostgreSQL's texts cannot hold U+0000, and only a request can bring it. */
function holdsNull(error: Error): boolean {
  return (error as { code?: unknown }).code === '22021';
}

function issuesOf(error: Error, code: OperationOutcomeIssue['code']): OperationOutcomeIssue[] {
  const carried = (error as { issues?: readonly CarriedIssue[] }).issues;
  if (Array.isArray(carried) && carried.length > 0) {
    return (carried as readonly CarriedIssue[]).map((issue) => ({
      severity: issue.severity ?? 'error',
      code: issue.code ?? code,
      ...(issue.diagnostics === undefined ? {} : { diagnostics: issue.diagnostics }),
      ...(issue.expression === undefined ? {} : { expression: [...issue.expression] }),
    }));
  }
  const diagnostics =
    code === 'transient' && !Object.hasOwn(translations, error.name)
      ? 'The database is not reachable at the moment; nothing was changed'
      : holdsNull(error)
        ? 'The request holds the character U+0000, which no text of FHIR has'
        : error.message;
  const { expression } = error as { expression?: readonly string[] };
  const place = Array.isArray(expression) && expression.length > 0 ? { expression: [...(expression as string[])] } : {};
  return [{ severity: 'error', code, diagnostics, ...place }];
}
