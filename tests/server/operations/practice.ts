import type { OperationOutcome } from '@medplum/fhirtypes';
import type { FhirResource } from '../../../cql/index.ts';
import { ownMeasures } from '../../../measures/content/own-measures.ts';
import { openHccTables } from '../../../measures/index.ts';
import { AuditTrail } from '../../../server/auth/audit.ts';
import { createCatalogue } from '../../../server/content/catalogue.ts';
import type { RequestContext } from '../../../server/context.ts';
import type { Database } from '../../../server/db/database.ts';
import type { FhirRequest, FhirResponse } from '../../../server/interactions/interaction.ts';
import { createEvaluationPool } from '../../../server/jobs/evaluation-pool.ts';
import { type Jobs, startJobs } from '../../../server/jobs/jobs.ts';
import { createLibraryEvaluator } from '../../../server/jobs/library-evaluator.ts';
import { operationHandler } from '../../../server/operations/answer.ts';
import { operationJob, operationJobHandler } from '../../../server/operations/async.ts';
import { operations } from '../../../server/operations/operations.ts';
import { poolEvaluation } from '../../../server/operations/pool-evaluation.ts';
import type { OperationServices } from '../../../server/operations/services.ts';
import { toOutcome } from '../../../server/outcomes.ts';
import { applyEntries } from '../../../server/store/apply-entries.ts';
import { findIds } from '../../../server/store/find-ids.ts';
import { freshDatabase, silent } from '../../support/database.ts';

export const tenant = 'practice';
export const baseUrl = 'http://localhost:8080/fhir';
export const breast = 'http://gapless.health/Measure/BreastCancerScreening';
export const pressure = 'http://gapless.health/Measure/ControllingHighBloodPressure';
export const year = { periodStart: '2026', periodEnd: '2026' };

type Query = Readonly<Record<string, string | readonly string[]>>;
export type Answer = Omit<FhirResponse, 'body'> & { readonly body: FhirResource };

/** A small practice with its own measures, and the operations on it as a client reaches them. */
export interface Practice {
  readonly database: Database;
  readonly services: OperationServices;
  get(path: string, query?: Query, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  post(
    path: string,
    body: unknown,
    headers?: Readonly<Record<string, string>>,
    as?: Partial<RequestContext>,
  ): Promise<Answer>;
  send(method: string, path: string, as?: Partial<RequestContext>): Promise<Answer>;
  store(...resources: readonly FhirResource[]): Promise<void>;
  restartJobs(): Promise<void>;
  close(): Promise<void>;
}

export async function openPractice(): Promise<Practice> {
  const database = await freshDatabase();
  const pool = createEvaluationPool({ log: silent, threads: 1 });
  const catalogue = createCatalogue(database);
  const audit = new AuditTrail(database, silent);
  const libraries = createLibraryEvaluator({ budgetMs: 2_000 });
  const services: OperationServices = {
    database,
    audit,
    catalogue,
    hcc: openHccTables(),
    libraries,
    findIds: (of, type, query) => findIds(database, of, type, query),
    submit: () => Promise.reject(new TypeError('a practice without interactions stores nothing')),
    evaluate: poolEvaluation(database, catalogue, pool),
  };
  const handlers = { [operationJob]: operationJobHandler(operations, services, silent) };
  let jobs: Jobs = await startJobs({ database, log: silent, handlers, work: true });
  const ask = async (request: FhirRequest, as: Partial<RequestContext> = {}): Promise<Answer> => {
    try {
      const answer = operationHandler({ operations, services, jobs })(request, { ...context(), ...as });
      if (answer === null) throw new TypeError(`nothing answers ${request.path.join('/')}`);
      return (await answer) as Answer;
    } catch (error) {
      const { status, outcome, unexpected } = toOutcome(error);
      if (unexpected) throw error;
      return { status, headers: {}, body: outcome as unknown as FhirResource };
    }
  };
  const store = async (...resources: readonly FhirResource[]): Promise<void> => {
    const entries = resources.map((resource) => ({
      method: 'PUT' as const,
      type: resource.resourceType,
      id: resource.id ?? null,
      criteria: null,
      ifMatch: null,
      ifNoneMatch: null,
      fullUrl: null,
      resource,
    }));
    await applyEntries(database, tenant, entries, { dangling: 'keep' });
  };
  const content = ownMeasures().flatMap(({ bundle }) => (bundle.entry ?? []).flatMap(({ resource }) => resource ?? []));
  const unique = new Map(content.map((resource) => [`${resource.resourceType}/${resource.id}`, resource]));
  await store(...([...unique.values()] as unknown as FhirResource[]), ...people);
  return {
    database,
    services,
    get: (path, query = {}, headers = {}) => ask(request('GET', path, query, null, headers)),
    post: (path, body, headers = {}, as = {}) => ask(request('POST', path, {}, JSON.stringify(body), headers), as),
    send: (method, path, as) => ask(request(method, path, {}, null, {}), as),
    store,
    async restartJobs() {
      await jobs.close();
      jobs = await startJobs({ database, log: silent, handlers, work: true });
    },
    async close() {
      await jobs.close();
      await pool.close();
      await libraries.close();
      await audit.close();
      await database.close();
    },
  };
}

export function issuesOf({ body }: Answer): string[] {
  return (body as unknown as OperationOutcome).issue.map(({ diagnostics }) => diagnostics ?? '');
}

export function parameters(values: readonly object[]): object {
  return { resourceType: 'Parameters', parameter: values };
}

function request(
  method: string,
  path: string,
  query: Query,
  body: string | null,
  headers: Readonly<Record<string, string>>,
): FhirRequest {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    [value].flat().map((one): [string, string] => [name, one]),
  );
  return { method, path: path.split('/'), query: new URLSearchParams(pairs), headers, body };
}

export function context(): RequestContext {
  return {
    tenant,
    actor: { reference: 'Device/gapless', display: 'test' },
    scopes: ['system/*.cruds'],
    requestId: 'test',
    now: new Date('2026-11-22T10:00:00Z'),
    timezone: 'UTC',
    log: silent,
    signal: new AbortController().signal,
    baseUrl,
  };
}

function woman(id: string, changes: object = {}): FhirResource {
  return {
    resourceType: 'Patient',
    id,
    gender: 'female',
    birthDate: '1965-05-05',
    name: [{ family: 'Test', given: [id] }],
    ...changes,
  };
}

function visit(patient: string): FhirResource {
  return {
    resourceType: 'Encounter',
    id: `visit-${patient}`,
    status: 'finished',
    class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'AMB' },
    type: [{ coding: [{ system: 'http://www.ama-assn.org/go/cpt', code: '99213' }] }],
    subject: { reference: `Patient/${patient}` },
    period: { start: '2026-03-10T09:00:00Z', end: '2026-03-10T09:30:00Z' },
  };
}

const doctor = { reference: 'Practitioner/doctor' };
const people: readonly FhirResource[] = [
  { resourceType: 'Organization', id: 'clinic', name: 'A clinic' },
  { resourceType: 'Practitioner', id: 'doctor', name: [{ family: 'Doctor' }] },
  { resourceType: 'Practitioner', id: 'other', name: [{ family: 'Other' }] },
  { resourceType: 'PractitionerRole', id: 'role', practitioner: doctor },
  woman('open', { generalPractitioner: [doctor], managingOrganization: { reference: 'Organization/clinic' } }),
  woman('closed', { generalPractitioner: [{ reference: 'PractitionerRole/role' }] }),
  woman('man', { gender: 'male', generalPractitioner: [{ reference: 'Practitioner/other' }] }),
  visit('open'),
  visit('closed'),
  visit('man'),
  {
    resourceType: 'Procedure',
    id: 'mammogram',
    status: 'completed',
    code: { coding: [{ system: 'http://www.ama-assn.org/go/cpt', code: '77067' }] },
    subject: { reference: 'Patient/closed' },
    performedDateTime: '2026-02-02',
  },
  {
    resourceType: 'Group',
    id: 'roster',
    type: 'person',
    actual: true,
    member: [
      { entity: { reference: 'Patient/open' } },
      { entity: { reference: 'Patient/closed' } },
      { entity: { reference: 'Patient/man' } },
    ],
  },
];
