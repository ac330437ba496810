/** NDJSON that is to be imported: a file, what a URL answers, standard input, a stream of another server. */
export interface NdjsonSource {
  /** By which messages and the error file name it, and by which its progress is found again: a path or a URL. */
  readonly name: string;
  /** Resource type that every line must have; null: any. */
  readonly resourceType: string | null;
  /** Bytes that `open` gives in all, as far as known, for the time that is left. */
  readonly size: number | null;
  /**
   * The bytes from the start, unpacked. Opened again when an import goes on after a stop: what was stored is read over,
   * not stored again.
   */
  open(signal: AbortSignal): AsyncIterable<Uint8Array> | Promise<AsyncIterable<Uint8Array>>;
}

/** What became of the lines so far. Every line that is not empty is counted in `lines` and in one of the others. */
export interface ImportCounts {
  readonly lines: number;
  readonly created: number;
  readonly updated: number;
  /** Lines whose resource is stored just so already: they made no version. */
  readonly unchanged: number;
  /** Lines that a later line of the same batch about the same resource replaced. */
  readonly replaced: number;
  /** Lines that were refused; each is kept with the reason. */
  readonly failed: number;
}

export interface ImportProgress extends ImportCounts {
  readonly source: string;
  /** Bytes that are done. */
  readonly offset: number;
  readonly size: number | null;
}

/** A line that was not stored, as it is kept. */
export interface RejectedLine {
  readonly source: string;
  readonly line: number;
  /** Bytes from the start of the source, unpacked, and length: where the whole of a cut text can be found. */
  readonly offset: number;
  readonly bytes: number;
  readonly severity: 'error' | 'warning';
  /** Code of http://hl7.org/fhir/issue-type. */
  readonly code: string;
  readonly diagnostics: string;
  readonly expression: readonly string[];
  /** What the line says it is; null where it says nothing that can be read. */
  readonly resourceType: string | null;
  readonly id: string | null;
  /** The line as it came; of one that is too long, the beginning. */
  readonly text: string;
}
