/** Errors of the XML format. server/outcomes.ts translates them once, by class name. */

/** A body that is not XML as FHIR has it. Says where, never what it holds: that may be patient data. */
export class MalformedXml extends Error {
  override readonly name = 'MalformedXml';
  /** FHIRPath of the element, as far as it was read. */
  readonly expression: readonly string[];
  constructor(reason: string, line: number, column: number, expression: string | null) {
    super(`The body is not FHIR XML: line ${line}, column ${column}: ${reason}`);
    this.expression = expression === null ? [] : [expression];
  }
}

/** An answer that the wanted format cannot carry, or a format that is not supported. */
export class NotAcceptable extends Error {
  override readonly name = 'NotAcceptable';
  readonly expression: readonly string[];
  constructor(message: string, expression: string | null = null) {
    super(message);
    this.expression = expression === null ? [] : [expression];
  }
}
