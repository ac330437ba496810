import { openHccTables } from '../../../measures/index.ts';
import { careGaps } from '../../../server/operations/care-gaps.ts';
import { ResourceText } from '../../../server/operations/operation.ts';
import { poolEvaluation } from '../../../server/operations/pool-evaluation.ts';
import type { OperationServices } from '../../../server/operations/services.ts';
import type { Services } from '../../../server/services.ts';
import { findIds } from '../../../server/store/find-ids.ts';
import { measureUrls, requestContext, tenant } from './live-practice.ts';
import { millisecondsSince, processorTime } from './processor-time.ts';

export interface Reading {
  readonly seconds: number;
  /** Processor time of server and database, for each patient. */
  readonly processorMs: number;
  readonly patients: number;
  readonly documents: number;
  readonly megabytes: number;
  /** Patients that had to be evaluated. */
  readonly evaluated: number;
  readonly patientsPerSecond: number;
}

/** All gaps of a roster as NDJSON, a document a line, as the nightly job writes them; the lines are counted and dropped. */
export async function readRoster(
  services: Services,
  patients: readonly string[],
  { state, status, folder }: { readonly state: boolean; readonly status: readonly string[]; readonly folder: string },
): Promise<Reading> {
  const year = new Date().getUTCFullYear();
  const member = patients.map((id) => ({ entity: { reference: `Patient/${id}` } }));
  const given = [
    ...(await measureUrls(services)).map((valueCanonical) => ({ name: 'measureUrl', valueCanonical })),
    { name: 'periodStart', valueDate: `${year}-01-01` },
    { name: 'periodEnd', valueDate: `${year}-12-31` },
    { name: 'subjectGroup', resource: { resourceType: 'Group', type: 'person', actual: true, member } },
    ...status.map((valueCode) => ({ name: 'status', valueCode })),
  ];
  let documents = 0;
  let bytes = 0;
  let evaluated = 0;
  const { database, catalogue, pool } = services;
  const counted = {
    ...pool,
    evaluate: (work: Parameters<typeof pool.evaluate>[0]) => {
      evaluated += 1;
      return pool.evaluate(work);
    },
  };
  const operationServices = {
    ...operationServicesOf(services),
    ...(state && { keepDocuments: 'bench' }),
    evaluate: poolEvaluation(database, catalogue, counted, { state }),
  };
  const deliver = async (resource: object): Promise<void> => {
    documents += 1;
    const text = resource instanceof ResourceText ? resource.text : JSON.stringify(resource);
    bytes += Buffer.byteLength(text) + 1;
  };
  const used = processorTime(folder);
  const began = performance.now();
  const called = { ...requestContext(), resourceType: 'Measure', resourceId: null, progress: async () => {}, deliver };
  await careGaps.invoke(given, called, operationServices);
  const seconds = (performance.now() - began) / 1000;
  return {
    seconds,
    processorMs: millisecondsSince(used, processorTime(folder)) / patients.length,
    patients: patients.length,
    documents,
    megabytes: bytes / 1e6,
    evaluated,
    patientsPerSecond: patients.length / seconds,
  };
}

function operationServicesOf({ database, catalogue, pool, interactionServices }: Services): OperationServices {
  const nobody = async (): Promise<never> => {
    throw new Error('$care-gaps asks this of nobody');
  };
  return {
    database,
    audit: interactionServices.audit,
    catalogue,
    hcc: openHccTables(),
    findIds: (of, type, query) => findIds(database, of, type, query),
    submit: nobody,
    evaluate: poolEvaluation(database, catalogue, pool),
    libraries: { evaluate: nobody, translate: nobody, close: nobody },
  };
}

/** Ids of all patients of the practice. */
export function allPatientIds({ database }: Services): Promise<readonly string[]> {
  return findIds(database, tenant, 'Patient', '');
}
