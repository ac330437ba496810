/** Errors of the CQL layer. Each is named where it happens; the server translates them once, in server/outcomes.ts. */

/** A message of the CQL-to-ELM translator. Lines and columns count from 1; null when the translator gives none. */
export interface TranslationMessage {
  readonly library: string;
  readonly severity: 'error' | 'warning' | 'information';
  readonly kind: 'syntax' | 'semantic' | 'include' | 'internal';
  readonly message: string;
  readonly startLine: number | null;
  readonly startColumn: number | null;
  readonly endLine: number | null;
  readonly endColumn: number | null;
}

export class CqlError extends Error {
  override readonly name: string = 'CqlError';
}

/** CQL text that does not translate: at least one of `messages` is an error. */
export class TranslationFailed extends CqlError {
  override readonly name = 'TranslationFailed';
  readonly messages: readonly TranslationMessage[];
  constructor(messages: readonly TranslationMessage[]) {
    const errors = messages.filter((message) => message.severity === 'error');
    super(
      errors
        .map((e) => `${e.library}${e.startLine === null ? '' : ` ${e.startLine}:${e.startColumn}`}: ${e.message}`)
        .join('\n') || 'The CQL could not be translated',
    );
    this.messages = messages;
  }
}

/** A library that another one includes and that was not supplied. */
export class MissingLibrary extends CqlError {
  override readonly name = 'MissingLibrary';
  readonly identifier: string;
  readonly version: string | null;
  readonly includedBy: string | null;
  constructor(identifier: string, version: string | null, includedBy: string | null) {
    super(
      `Library ${identifier}${version === null ? '' : `|${version}`} is missing${includedBy === null ? '' : ` (included by ${includedBy})`}`,
    );
    this.identifier = identifier;
    this.version = version;
    this.includedBy = includedBy;
  }
}

/** A model (QICore, USCore, ...) that a library uses and for which no model info is installed. */
export class MissingModel extends CqlError {
  override readonly name = 'MissingModel';
  readonly model: string;
  readonly version: string | null;
  constructor(model: string, version: string | null) {
    super(
      `Model ${model}${version === null ? '' : ` ${version}`} is not installed: POST a Library of type model-definition that carries its model info`,
    );
    this.model = model;
    this.version = version;
  }
}

/** Value sets that a library names and that are not there, or have no codes that could be used. */
export class MissingValueSet extends CqlError {
  override readonly name = 'MissingValueSet';
  readonly urls: readonly string[];
  constructor(urls: readonly string[]) {
    super(`No usable expansion of value set ${urls.join(', ')}`);
    this.urls = urls;
  }
}

/** An ELM node that the engine does not know: an error when a library is prepared, never a silent null. */
export class UnsupportedElm extends CqlError {
  override readonly name = 'UnsupportedElm';
  readonly node: string;
  readonly library: string;
  readonly locator: string | null;
  constructor(node: string, library: string, locator: string | null) {
    super(`ELM node ${node} is not supported (${library}${locator === null ? '' : ` at ${locator}`})`);
    this.node = node;
    this.library = library;
    this.locator = locator;
  }
}

/** A definition that was asked for and that the library does not have. */
export class UnknownExpression extends CqlError {
  override readonly name = 'UnknownExpression';
  readonly expression: string;
  readonly library: string;
  constructor(expression: string, library: string) {
    super(`Library ${library} has no definition "${expression}"`);
    this.expression = expression;
    this.library = library;
  }
}

/** An expression that failed for one patient. The message never quotes patient data. */
export class EvaluationFailed extends CqlError {
  override readonly name = 'EvaluationFailed';
  readonly library: string;
  readonly expression: string;
  readonly locator: string | null;
  constructor(library: string, expression: string, locator: string | null, reason: string, cause?: unknown) {
    super(`${library}."${expression}"${locator === null ? '' : ` at ${locator}`}: ${reason}`, { cause });
    this.library = library;
    this.expression = expression;
    this.locator = locator;
  }
}

/** An evaluation that used more time or steps than it was given. */
export class BudgetExceeded extends CqlError {
  override readonly name = 'BudgetExceeded';
  readonly budgetMs: number;
  /** Where it was at the time, as EvaluationFailed has it; null when that is not known. */
  readonly place: { readonly library: string; readonly expression: string; readonly locator: string | null } | null;
  /** Why, when it was not the time. */
  readonly reason: string | null;
  constructor(budgetMs: number, reason: string | null = null, place: BudgetExceeded['place'] = null) {
    const where =
      place === null
        ? ''
        : ` in ${place.library}."${place.expression}"${place.locator === null ? '' : ` at ${place.locator}`}`;
    super(`The evaluation was stopped ${reason ?? `after ${budgetMs} ms`}${where}`);
    this.budgetMs = budgetMs;
    this.reason = reason;
    this.place = place;
  }
}

/** A patient record that cannot be evaluated: no Patient, two Patients, a resource without a type. */
export class InvalidRecord extends CqlError {
  override readonly name = 'InvalidRecord';
  readonly path: string;
  constructor(path: string, reason: string) {
    super(`${path}: ${reason}`);
    this.path = path;
  }
}
