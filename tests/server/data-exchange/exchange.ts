import type { FhirResource } from '../../../cql/index.ts';
import { ownMeasures } from '../../../measures/content/own-measures.ts';
import { type FhirAnswer, type RunningServer, startServer } from '../../support/running-server.ts';

export const breast = 'http://gapless.health/Measure/BreastCancerScreening';
export const pressure = 'http://gapless.health/Measure/ControllingHighBloodPressure';

/** The whole server with our own measures, two women and their data; reached by HTTP. */
export async function openExchange(): Promise<RunningServer> {
  const server = await startServer();
  for (const { bundle } of ownMeasures()) await must(server.fhir('POST', '', bundle));
  await must(server.fhir('POST', '', transaction(...people)));
  return server;
}

/** The answer, if it is a success. */
export async function must(answer: Promise<FhirAnswer>): Promise<FhirAnswer> {
  const { status, text } = await answer;
  if (status >= 300) throw new Error(`${status}: ${text}`);
  return answer;
}

/** A transaction that puts each resource under its id, or creates it where it has none. */
export function transaction(...resources: readonly FhirResource[]): object {
  return bundle('transaction', ...resources);
}

export function bundle(type: 'transaction' | 'batch', ...resources: readonly FhirResource[]): object {
  const entry = resources.map((resource) => ({
    resource,
    request:
      resource.id === undefined
        ? { method: 'POST', url: resource.resourceType }
        : { method: 'PUT', url: `${resource.resourceType}/${resource.id}` },
  }));
  return { resourceType: 'Bundle', type, entry };
}

export function diagnostics({ json }: FhirAnswer): string {
  return (json.issue ?? []).map((issue: { diagnostics?: string }) => issue.diagnostics).join(' ');
}

/** Resources of a type in all Bundles of a Parameters resource. */
export function returned({ json }: FhirAnswer, type: string): FhirResource[] {
  return bundlesIn(json).flatMap(({ entry = [] }) =>
    entry.flatMap(({ resource }) => (resource?.resourceType === type ? resource : [])),
  );
}

interface AnyBundle {
  readonly type: string;
  readonly entry?: readonly { readonly resource?: FhirResource; readonly request?: { method: string; url: string } }[];
}

export function bundlesIn(parameters: {
  readonly parameter?: readonly { readonly name: string; readonly resource: unknown }[];
}): AnyBundle[] {
  return (parameters.parameter ?? []).flatMap(({ name, resource }) =>
    name === 'return' ? (resource as AnyBundle) : [],
  );
}

export function visit(id: string, patient: string): FhirResource {
  return {
    resourceType: 'Encounter',
    id,
    status: 'finished',
    class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'AMB' },
    type: [{ coding: [{ system: 'http://www.ama-assn.org/go/cpt', code: '99213' }] }],
    subject: { reference: `Patient/${patient}` },
    period: { start: '2026-03-10T09:00:00Z', end: '2026-03-10T09:30:00Z' },
  };
}

export function mammogram(id: string | undefined, patient: string, changes: object = {}): FhirResource {
  return {
    resourceType: 'Procedure',
    ...(id !== undefined && { id }),
    status: 'completed',
    code: { coding: [{ system: 'http://www.ama-assn.org/go/cpt', code: '77067' }] },
    subject: { reference: `Patient/${patient}` },
    performedDateTime: '2026-02-02',
    ...changes,
  };
}

export function woman(id: string): FhirResource {
  return { resourceType: 'Patient', id, gender: 'female', birthDate: '1965-05-05', name: [{ family: 'Test' }] };
}

const people: readonly FhirResource[] = [
  { resourceType: 'Organization', id: 'clinic', name: 'A clinic' },
  woman('ann'),
  woman('bea'),
  visit('visit-ann', 'ann'),
  visit('visit-bea', 'bea'),
];
