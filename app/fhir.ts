import type {
  Bundle,
  MeasureSummary,
  NewRemark,
  OperationOutcome,
  Patient,
  PatientGaps,
  Practitioner,
  RiskView,
  ServerStatus,
  Worklist,
  WorklistRequest,
} from './api.ts';

/** The one file that fetches. Every answer is JSON; every failure becomes a RequestFailed that says what to do. */

const timeoutMs = 30_000;
/** Tells a FHIRPath Patch from a JSON Patch. */
const fhirJson = 'application/fhir+json';

/** A request that gave no answer, or one that is an error. */
export class RequestFailed extends Error {
  override readonly name = 'RequestFailed';
  /** HTTP status; 0 when the server could not be reached. */
  readonly status: number;
  /** By which the server's log names the request; null when none arrived. */
  readonly requestId: string | null;

  constructor(message: string, status: number, requestId: string | null) {
    super(message);
    this.status = status;
    this.requestId = requestId;
  }

  /** Whether trying again, unchanged, may succeed. */
  get passing(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

async function request<T>(path: string, signal?: AbortSignal, method = 'GET', body?: unknown): Promise<T> {
  const response = await send(path, signal, method, body);
  const requestId = response.headers.get('x-request-id');
  const text = await response.text();
  const json = parsed(text);
  if (!response.ok) throw new RequestFailed(sentence(json, response.status), response.status, requestId);
  if (json === undefined) {
    throw new RequestFailed(
      'The answer is not from Gapless. Check the address of this page.',
      response.status,
      requestId,
    );
  }
  return json as T;
}

async function send(path: string, signal: AbortSignal | undefined, method: string, body: unknown): Promise<Response> {
  const isForm = body instanceof URLSearchParams;
  const limit = AbortSignal.timeout(timeoutMs);
  try {
    return await fetch(path, {
      method,
      signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
      // A form names its own type.
      headers: {
        accept: 'application/json',
        ...(body === undefined || isForm ? {} : { 'content-type': method === 'PATCH' ? fhirJson : 'application/json' }),
      },
      body: body === undefined ? null : isForm ? body : JSON.stringify(body),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new RequestFailed(
      limit.aborted
        ? 'Gapless did not answer within 30 seconds. It may be busy: try again in a moment.'
        : 'Gapless cannot be reached. Check that the server is running, then try again.',
      0,
      null,
    );
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const advice: Readonly<Record<number, string>> = {
  401: 'You are not signed in. Sign in, then try again.',
  403: 'You are not allowed to see this. Ask whoever manages access to Gapless.',
  404: 'This does not exist, or no longer does. Go back to the overview.',
  410: 'This has been deleted.',
  429: 'Too many requests. Wait a moment, then try again.',
  503: 'Gapless is starting or its database is away. Try again in a moment.',
};

/** What the OperationOutcome says, otherwise what the status means for a person. */
function sentence(json: unknown, status: number): string {
  const said = isOutcome(json)
    ? json.issue.flatMap(({ diagnostics, details }) => diagnostics ?? details?.text ?? []).join('. ')
    : '';
  if (said !== '') return said;
  return (
    advice[status] ?? `Gapless answered with an error (${status}). Try again; if it stays, tell your administrator.`
  );
}

function isOutcome(json: unknown): json is OperationOutcome {
  return typeof json === 'object' && json !== null && 'issue' in json && Array.isArray(json.issue);
}

const segment = encodeURIComponent;
const deqm = 'http://hl7.org/fhir/uv/deqm';

export function readStatus(signal: AbortSignal): Promise<ServerStatus> {
  return request('/api/status', signal);
}

export async function readMeasures(signal: AbortSignal): Promise<readonly MeasureSummary[]> {
  const { measures } = await request<{ measures: readonly MeasureSummary[] }>('/api/measures', signal);
  return measures;
}

export function searchWorklist(measure: string, search: WorklistRequest, signal?: AbortSignal): Promise<Worklist> {
  return request(`/api/measures/${segment(measure)}/patients/_search`, signal, 'POST', search);
}

export function readRisk(patient: string, signal: AbortSignal): Promise<RiskView> {
  return request(`/api/patients/${segment(patient)}/risk/_search`, signal, 'POST', {});
}

/** Patients with all of the words in their names, by POST, so that no name is in an address or a log. */
export function searchPatients(text: string, count: number, signal: AbortSignal): Promise<Bundle<Patient>> {
  const search = new URLSearchParams({ _count: String(count), _sort: 'family,given', _total: 'accurate' });
  for (const word of text.split(/\s+/).filter((part) => part !== '')) search.append('name', word);
  return request('/fhir/Patient/_search', signal, 'POST', search);
}

export function readPractitioners(signal: AbortSignal): Promise<Bundle<Practitioner>> {
  return request('/fhir/Practitioner?_count=500&_sort=family&_elements=name', signal);
}

export function readPatient(id: string, signal: AbortSignal): Promise<PatientGaps> {
  return request(`/api/patients/${segment(id)}`, signal);
}

/** @param target between 0 and 1; null removes it */
export function setTarget(measure: string, groupId: string | null, target: number | null): Promise<unknown> {
  return request(`/api/measures/${segment(measure)}/target`, undefined, 'PUT', { groupId, target });
}

/** @param direction null: what the Measure says holds again */
export function setDirection(
  measure: string,
  groupId: string | null,
  direction: { readonly improvementNotation: 'increase' | 'decrease'; readonly reason: string } | null,
): Promise<unknown> {
  const body = { groupId, improvementNotation: null, ...direction };
  return request(`/api/measures/${segment(measure)}/direction`, undefined, 'PUT', body);
}

/** Adds a remark to a gap, by FHIRPath Patch of its report (DEQM deqm-caregapremarkpatchparameters). */
export function addRemark({ reportId, groupId, author, code, text }: NewRemark): Promise<unknown> {
  const part = (url: string, value: object) => ({
    name: 'extension',
    part: [
      { name: 'url', valueUri: url },
      { name: 'value', ...value },
    ],
  });
  const coding = { system: `${deqm}/CodeSystem/deqm-care-gap-remark`, code };
  const group = groupId === null ? '' : `.where(id='${groupId.replace(/[\\']/g, '\\$&')}')`;
  const remark = [
    { name: 'url', valueUri: `${deqm}/StructureDefinition/deqm-careGapRemark` },
    part('author', { valueString: author }),
    part('authorDatetime', { valueDateTime: new Date().toISOString() }),
    ...(code === null ? [] : [part('code', { valueCodeableConcept: { coding: [coding] } })]),
    ...(text === '' ? [] : [part('text', { valueString: text })]),
  ];
  const operation = [
    { name: 'type', valueCode: 'add' },
    { name: 'path', valueString: `MeasureReport.group${group}` },
    { name: 'name', valueString: 'extension' },
    { name: 'value', part: remark },
  ];
  const body = { resourceType: 'Parameters', parameter: [{ name: 'operation', part: operation }] };
  return request(`/fhir/MeasureReport/${segment(reportId)}`, undefined, 'PATCH', body);
}

/** @param reference `Type/id` or `Type/id/_history/version` */
export function readResource(reference: string, signal: AbortSignal): Promise<object> {
  return request(`/fhir/${reference.split('/').map(segment).join('/')}`, signal);
}
