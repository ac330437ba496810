/** Errors of operations. server/outcomes.ts translates them once, by class name. */

export interface ArgumentIssue {
  /** Code of http://hl7.org/fhir/issue-type. */
  readonly code: 'required' | 'value' | 'invalid' | 'not-supported' | 'too-many' | 'structure';
  readonly diagnostics: string;
  readonly expression: readonly string[];
}

/** Arguments that are missing or wrong: all of them, each by name. */
export class InvalidArguments extends Error {
  override readonly name = 'InvalidArguments';
  readonly issues: readonly ArgumentIssue[];
  constructor(issues: readonly ArgumentIssue[]) {
    super(issues.map(({ diagnostics }) => diagnostics).join('; '));
    this.issues = issues;
  }
}

/** One argument that is wrong for a reason that only its operation knows. */
export function invalidArgument(name: string, reason: string, code: ArgumentIssue['code'] = 'value'): InvalidArguments {
  return new InvalidArguments([{ code, diagnostics: `${name}: ${reason}`, expression: [argumentPath(name)] }]);
}

export function argumentPath(name: string): string {
  return `Parameters.parameter.where(name='${name}')`;
}

/** A subject that is there and cannot be evaluated: a Group without members, of devices, within itself. */
export class UnsuitableSubject extends Error {
  override readonly name = 'UnsuitableSubject';
}

/** An operation that a job was to run and that this version of the server does not have. */
export class UnknownOperation extends Error {
  override readonly name = 'UnknownOperation';
}

/** A method that does not answer here. */
export class MethodNotAllowed extends Error {
  override readonly name = 'MethodNotAllowed';
  /** What does; goes into the header Allow (RFC 9110, 15.5.6). */
  readonly allow: readonly string[];
  constructor(message: string, allow: readonly string[]) {
    super(message);
    this.allow = allow;
  }
}

/** More subjects than an answer holds that is given whole. */
export class TooManySubjects extends Error {
  override readonly name = 'TooManySubjects';
}

/** Somebody asks too often. */
export class TooManyRequests extends Error {
  override readonly name = 'TooManyRequests';
  /** Seconds; goes into the header Retry-After. */
  readonly retryAfter: number;
  constructor(message: string, retryAfter: number) {
    super(message);
    this.retryAfter = retryAfter;
  }
}
