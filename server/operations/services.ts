import type { Resource } from '@medplum/fhirtypes';
import type { CqlValue, FhirResource } from '../../cql/index.ts';
import type {
  GapAnswer,
  GapStatus,
  HccTables,
  MeasureDefinition,
  MeasurementPeriod,
  SubjectResult,
} from '../../measures/index.ts';
import type { AuditTrail } from '../auth/audit.ts';
import type { EndpointRules } from '../connectors/endpoint-addresses.ts';
import type { Catalogue } from '../content/catalogue.ts';
import type { InstalledMeasure } from '../content/installed-measure.ts';
import type { Pins } from '../content/pinned-reader.ts';
import type { RequestContext } from '../context.ts';
import type { Database } from '../db/database.ts';
import type { LibraryEvaluator } from '../jobs/library-evaluator.ts';
import type { ImportSettings } from '../store/import-ndjson.ts';

/** What operations need of the rest of the server. The composition root puts it together. */
export interface OperationServices {
  readonly database: Database;
  readonly audit: AuditTrail;
  readonly catalogue: Catalogue;
  /** Tables of risk scores by payment year. */
  readonly hcc: HccTables;
  /**
   * Documents of rosters are kept as they were made, for whoever asks for them again of a program of the same edition:
   * this one. Without it, none is.
   */
  readonly keepDocuments?: string;
  /** Translates and evaluates CQL that a request brings, in threads of its own that can be stopped. */
  readonly libraries: LibraryEvaluator;
  /** What storing the lines of an import asks of the rest of the server; absent where nothing is imported. */
  readonly imports?: Pick<ImportSettings, 'check' | 'explain'> & {
    /** Which hosts may be asked for files. */
    readonly rules: EndpointRules;
  };
  /** Ids of the resources that a search finds, all of them, e.g. `general-practitioner=Practitioner/x`; '' finds all. */
  findIds(tenant: string, type: string, query: string): Promise<readonly string[]>;
  /**
   * Stores a transaction Bundle of exact trees as one that is posted to the base: one door for submissions.
   *
   * @param provenance header X-Provenance; null when there is none
   * @returns the transaction-response
   */
  submit(bundle: FhirResource, context: RequestContext, provenance: string | null): Promise<Resource>;
  /**
   * Evaluates measures for patients, each patient once, in any order. A patient that fails does not end the others.
   * A patient that is not there is left out.
   */
  evaluate(
    tenant: string,
    measures: readonly InstalledMeasure[],
    patients: readonly string[],
    options: EvaluateOptions,
  ): AsyncIterable<EvaluatedSubject>;
}

export interface EvaluateOptions {
  readonly period: MeasurementPeriod;
  /** ISO date-time with offset: what Now() returns, and the timezone of dates without one. */
  readonly now: string;
  /** Versions that libraries and value sets are to have; the newest unless told. */
  readonly pins?: Pins;
  /** CQL parameters beside "Measurement Period". */
  readonly parameters: { readonly [name: string]: CqlValue };
  /** Name the evaluated resources. */
  readonly detail: boolean;
  /** Answer the gaps of each group, too. */
  readonly gaps: boolean;
  /** The only statuses of gaps that the answer shows; of a measure without them, the gaps may be left out. Null: all. */
  readonly statuses: readonly GapStatus[] | null;
  readonly signal: AbortSignal;
}

export interface EvaluatedSubject {
  /** Logical id of the Patient. */
  readonly subject: string;
  /** The Patient; parsed when it is asked for, which summaries never do. */
  patient(): FhirResource;
  /** In the order of the measures that were asked for. */
  readonly measures: readonly MeasureOutcome[];
  /** A resource of the patient's record by `Type/id`; null when it is not there. */
  find(reference: string): FhirResource | null;
}

/** `error` when the measure could not be evaluated for this patient. */
export type MeasureOutcome =
  | {
      readonly definition: MeasureDefinition;
      readonly result: SubjectResult;
      readonly gaps: readonly GapAnswer[];
      /** Instant (UTC) of the evaluation that was stored; absent when it was evaluated for this answer. */
      readonly evaluatedAt?: string;
    }
  | { readonly definition: MeasureDefinition; readonly error: Error };
