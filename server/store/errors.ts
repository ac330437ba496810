/** Errors of the store and of the interactions on it. server/outcomes.ts translates them once, by class name. */

/** One thing that is wrong with a resource. `expression` is a FHIRPath such as `Patient.name[0].given`. */
export interface Issue {
  readonly severity: 'error' | 'warning' | 'information';
  /** Code of http://hl7.org/fhir/issue-type. */
  readonly code: string;
  readonly diagnostics: string;
  readonly expression: readonly string[];
}

export class StoreError extends Error {
  override readonly name: string = 'StoreError';
  /** FHIRPath of what is at fault in the request, where there is such a place. */
  readonly expression: readonly string[];
  constructor(message: string, expression: readonly string[] = []) {
    super(message);
    this.expression = expression;
  }
}

export class ResourceNotFound extends StoreError {
  override readonly name = 'ResourceNotFound';
}

export class ResourceDeleted extends StoreError {
  override readonly name = 'ResourceDeleted';
  /** The version that is the deletion. */
  readonly version: number;
  constructor(reference: string, version: number) {
    super(`${reference} was deleted (version ${version}); its history is still there`);
    this.version = version;
  }
}

/** If-Match names a version that is not the current one. */
export class VersionConflict extends StoreError {
  override readonly name = 'VersionConflict';
  readonly current: number;
  constructor(reference: string, wanted: string, current: number) {
    super(`${reference} is at version ${current}, not ${wanted}: read it again, then repeat the change`);
    this.current = current;
  }
}

/** A precondition other than the version: If-None-Match: * on a resource that exists. */
export class PreconditionFailed extends StoreError {
  override readonly name = 'PreconditionFailed';
}

/** Criteria of a conditional interaction that fit more than one resource. */
export class MultipleMatches extends StoreError {
  override readonly name = 'MultipleMatches';
  constructor(criteria: string, expression: readonly string[] = []) {
    super(`${criteria} matches more than one resource: use criteria that match one at most`, expression);
  }
}

/** A resource that breaks the rules of its R4 definition. */
export class InvalidResource extends StoreError {
  override readonly name = 'InvalidResource';
  readonly issues: readonly Issue[];
  constructor(issues: readonly Issue[]) {
    super(
      issues.map((issue) => `${issue.expression.join(', ')}: ${issue.diagnostics}`).join('; '),
      issues.flatMap((issue) => issue.expression),
    );
    this.issues = issues;
  }
}

/** The body's resourceType is not that of the URL. */
export class WrongResourceType extends StoreError {
  override readonly name = 'WrongResourceType';
  constructor(wanted: string, actual: string, expression: readonly string[] = []) {
    super(`The URL says ${wanted} and the body's resourceType says ${actual.slice(0, 64)}`, expression);
  }
}

/** A body's id that is absent, differs from the URL's, or is not a FHIR id. */
export class InvalidId extends StoreError {
  override readonly name = 'InvalidId';
}

/** A body that is not JSON. Position, line and column count from the body's start; lines and columns from 1. */
export class MalformedJson extends StoreError {
  override readonly name = 'MalformedJson';
  readonly line: number;
  readonly column: number;
  constructor(reason: string, line: number, column: number) {
    super(`The body is not JSON: ${reason} at line ${line}, column ${column}`);
    this.line = line;
    this.column = column;
  }
}

/** A reference inside a Bundle that points to nothing, where the server is told to refuse those. */
export class InvalidReference extends StoreError {
  override readonly name = 'InvalidReference';
}

/** A request that cannot be understood: a transaction entry without a request, a patch without operations. */
export class InvalidRequest extends StoreError {
  override readonly name = 'InvalidRequest';
}

/** Two entries of one transaction that name the same resource (R4 http.html#trules). */
export class DuplicateEntry extends StoreError {
  override readonly name = 'DuplicateEntry';
}

/** A patch that does not fit the resource. */
export class PatchFailed extends StoreError {
  override readonly name = 'PatchFailed';
}

/** A patch whose path takes longer to evaluate than a path may. */
export class PatchTooCostly extends StoreError {
  override readonly name = 'PatchTooCostly';
}

/** The caller's scopes do not allow the interaction on the type. */
export class ForbiddenByScope extends StoreError {
  override readonly name = 'ForbiddenByScope';
  constructor(type: string, needed: string, expression: readonly string[] = []) {
    super(`No scope of this client allows ${needed} on ${type}`, expression);
  }
}

/** A method and path that no interaction answers. */
export class UnsupportedInteraction extends StoreError {
  override readonly name = 'UnsupportedInteraction';
}

/** One entry of a transaction failed, and with it the transaction. `cause` is the entry's own error. */
export class TransactionFailed extends StoreError {
  override readonly name = 'TransactionFailed';
  override readonly cause: Error;
  /** Position in Bundle.entry, from 0. */
  readonly entry: number;
  constructor(entry: number, cause: Error) {
    super(`Bundle.entry[${entry}]: ${cause.message}`, [`Bundle.entry[${entry}]`]);
    this.cause = cause;
    this.entry = entry;
  }
}
