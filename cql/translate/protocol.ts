/** What the translator's thread is asked and what it answers: plain data, cloned from thread to thread. */

export interface SourceLibrary {
  readonly name: string;
  readonly version: string | null;
  readonly cql: string;
}

/** A model info (https://cql.hl7.org/07-physicalrepresentation.html) as XML. */
export interface ModelInfoSource {
  readonly name: string;
  readonly version: string;
  readonly xml: string;
}

export interface WorkerQuestion {
  readonly cql: string;
  readonly libraries: readonly SourceLibrary[];
  readonly models: readonly ModelInfoSource[];
}

export interface WorkerAnswer {
  /** ELM as JSON text; null when the translator threw. */
  readonly main: string | null;
  readonly includes: readonly string[];
  /** `name|version` of what was asked for and not given. */
  readonly missingModels: readonly string[];
  readonly missingLibraries: readonly string[];
  readonly failure: string | null;
}
