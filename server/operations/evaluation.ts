import type { CqlValue } from '../../cql/index.ts';
import type { GapStatus, MeasurementPeriod } from '../../measures/index.ts';
import type { InstalledMeasure } from '../content/installed-measure.ts';
import type { Pins } from '../content/pinned-reader.ts';
import { deletedPatients } from '../store/absent-patients.ts';
import { ResourceNotFound } from '../store/errors.ts';
import { instantIn } from './instant.ts';
import type { OperationContext } from './operation.ts';
import type { EvaluatedSubject, OperationServices } from './services.ts';

export interface Evaluation {
  /** Code of the operation, for the AuditEvent. */
  readonly operation: string;
  readonly measures: readonly InstalledMeasure[];
  readonly patients: readonly string[];
  readonly period: MeasurementPeriod;
  readonly parameters: { readonly [name: string]: CqlValue };
  readonly detail: boolean;
  readonly gaps: boolean;
  readonly statuses?: readonly GapStatus[] | null;
  /** Versions that libraries and value sets are to have; the newest unless told. */
  readonly pins?: Pins | undefined;
}

const progressEveryMs = 500;
/** As many as one AuditEvent names. */
const patientsPerAudit = 200;

/**
 * Patients that were meant and are not there, such as members of a Group that were deleted: they must not just vanish.
 */
export async function absentPatients(
  patients: readonly string[],
  seen: ReadonlySet<string>,
  { tenant }: OperationContext,
  { database }: OperationServices,
): Promise<ReadonlyMap<string, Error>> {
  const absent = patients.filter((patient) => !seen.has(patient));
  const deleted = await deletedPatients(database, tenant, absent);
  return new Map(
    absent.map((patient) => [
      patient,
      new ResourceNotFound(`Patient/${patient} ${deleted.has(patient) ? 'was deleted' : 'does not exist'}`),
    ]),
  );
}

/** Evaluates, tells how far it is, and leaves AuditEvents that name the patients. */
export async function* evaluatePatients(
  { operation, measures, patients, period, parameters, detail, gaps, statuses = null, pins = new Map() }: Evaluation,
  context: OperationContext,
  services: OperationServices,
): AsyncGenerator<EvaluatedSubject> {
  const { tenant, now, timezone, signal } = context;
  let done = 0;
  let unaudited: string[] = [];
  let told = 0;
  const audit = async (): Promise<void> => {
    const seen = unaudited;
    unaudited = [];
    await services.audit.record(context, {
      action: 'E',
      interaction: `$${operation}`,
      resources: seen.map((id) => ({ type: 'Patient', id, version: null, patient: id })),
      query: null,
    });
  };
  const options = { pins, period, now: instantIn(now, timezone), parameters, detail, gaps, statuses, signal };
  try {
    for await (const evaluated of services.evaluate(tenant, measures, patients, options)) {
      signal.throwIfAborted();
      done += 1;
      unaudited.push(evaluated.subject);
      if (unaudited.length === patientsPerAudit) await audit();
      yield evaluated;
      if (performance.now() - told < progressEveryMs) continue;
      told = performance.now();
      await context.progress(done / patients.length, `${done} of ${patients.length} patients`);
    }
  } finally {
    if (unaudited.length > 0 || done === 0) await audit();
  }
}
