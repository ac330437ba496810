import { setTimeout as sleep } from 'node:timers/promises';
import type { FhirAnswer, RunningServer } from '../../support/running-server.ts';

export const later = { prefer: 'respond-async' };

/** Asks for an export, waits as it is told to, and gives the manifest. */
export async function exported(server: RunningServer, path: string, body?: object): Promise<FhirAnswer> {
  const accepted = await server.fhir(body === undefined ? 'GET' : 'POST', path, body, later);
  if (accepted.status !== 202) throw new Error(`${accepted.status} ${accepted.text}`);
  return finished(server, pathOf(server, accepted));
}

/** Path of the export below the base. */
export function pathOf({ url }: RunningServer, { headers }: FhirAnswer): string {
  return (headers.get('content-location') ?? '').slice(`${url}/fhir/`.length);
}

export async function finished(server: RunningServer, path: string): Promise<FhirAnswer> {
  for (let i = 0; i < 40; i += 1) {
    const answer = await server.fhir('GET', path);
    if (answer.status !== 202) return answer;
    await sleep(600);
  }
  throw new Error('the export does not end');
}

/** All lines of the files of a kind, parsed, in their order. */
export async function linesOf(
  server: RunningServer,
  manifest: FhirAnswer,
  kind: 'output' | 'deleted' | 'error' = 'output',
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever JSON the server sends
): Promise<any[]> {
  // biome-ignore lint/suspicious/noExplicitAny: as above
  const lines: any[] = [];
  for (const { url, count } of manifest.json[kind]) {
    const { text } = await server.fhir('GET', url.slice(`${server.url}/fhir/`.length));
    const own = text.trimEnd().split('\n');
    expect(own).toHaveLength(count);
    lines.push(...own.map((line) => JSON.parse(line)));
  }
  return lines;
}

/** `Type/id` of each, sorted. */
export function names(resources: readonly { resourceType: string; id: string }[]): string[] {
  return resources.map(({ resourceType, id }) => `${resourceType}/${id}`).sort();
}

/** Two patients with their own doctors; one is in the Group. */
export const practice = [
  { resourceType: 'Organization', id: 'clinic', name: 'Clinic' },
  { resourceType: 'Practitioner', id: 'dr-a', name: [{ family: 'A' }] },
  { resourceType: 'Practitioner', id: 'dr-b', name: [{ family: 'B' }] },
  {
    resourceType: 'Patient',
    id: 'ann',
    gender: 'female',
    birthDate: '1960-01-01',
    name: [{ family: 'Ann' }],
    generalPractitioner: [{ reference: 'Practitioner/dr-a' }],
    managingOrganization: { reference: 'Organization/clinic' },
  },
  {
    resourceType: 'Patient',
    id: 'bob',
    gender: 'male',
    birthDate: '1970-01-01',
    generalPractitioner: [{ reference: 'Practitioner/dr-b' }],
  },
  observation('ann-hb', 'ann', '718-7', 12.0),
  observation('ann-wt', 'ann', '29463-7', 61.5),
  observation('bob-wt', 'bob', '29463-7', 88.25),
  {
    resourceType: 'Group',
    id: 'roster',
    type: 'person',
    actual: true,
    member: [{ entity: { reference: 'Patient/ann' } }],
  },
];

export function observation(id: string, patient: string, code: string, value: number) {
  return {
    resourceType: 'Observation',
    id,
    status: 'final',
    code: { coding: [{ system: 'http://loinc.org', code }] },
    subject: { reference: `Patient/${patient}` },
    effectiveDateTime: '2026-01-01',
    valueQuantity: { value },
  };
}

export async function store(server: RunningServer, resources: readonly { resourceType: string; id: string }[]) {
  const entry = resources.map((resource) => ({
    fullUrl: `${server.url}/fhir/${resource.resourceType}/${resource.id}`,
    resource,
    request: { method: 'PUT', url: `${resource.resourceType}/${resource.id}` },
  }));
  const answer = await server.fhir('POST', '', { resourceType: 'Bundle', type: 'transaction', entry });
  if (answer.status !== 200) throw new Error(answer.text);
}
