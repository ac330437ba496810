import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { MeasureSummary, PatientGaps, ServerStatus, WorklistItem, WorklistRequest } from '../../app/api.ts';
import { chart, measures, patients, practitioners, risk, status, visit, visitVersion } from './answers.ts';

const page = fileURLToPath(new URL('../../app/dist/', import.meta.url));

/** As the server sends it: nothing inline may run. */
const policy =
  "default-src 'self';base-uri 'self';font-src 'self' https: data:;form-action 'self';frame-ancestors 'self';" +
  "img-src 'self' data:;object-src 'none';script-src 'self';script-src-attr 'none';style-src 'self' 'unsafe-inline'";

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
};

/** Plays the server: the built page, and answers that a test may change while it runs. */
export class ApiStage {
  measures: readonly MeasureSummary[] = measures;
  status: ServerStatus = status;
  /** What charts say beside what they always say. */
  changes: Partial<PatientGaps> = {};
  /** Answers everything below /api and /fhir with this status and an OperationOutcome; null: as usual. */
  failing: { readonly status: number; readonly diagnostics: string } | null = null;
  /** What was asked, with its body. */
  readonly requests: { readonly method: string; readonly path: string; readonly body: string }[] = [];
  readonly #http: Server = createServer((request, response) => void this.#answer(request, response));

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#http.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
  }

  reset(): void {
    Object.assign(this, { measures, status, changes: {}, failing: null });
    this.requests.length = 0;
  }

  async stop(): Promise<void> {
    this.#http.closeAllConnections();
    await new Promise((resolve) => this.#http.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://localhost');
    if (!/^\/(api|fhir)\//.test(url.pathname)) return sendPage(url.pathname, response);
    const body = (await request.toArray()).join('');
    this.requests.push({ method: request.method ?? '', path: `${url.pathname}${url.search}`, body });
    const [code, answer] = this.failing
      ? [this.failing.status, outcome(this.failing.diagnostics)]
      : this.#api(request.method ?? '', url.pathname, body);
    response.writeHead(code, { 'content-type': 'application/fhir+json', 'x-request-id': 'request-1' });
    response.end(JSON.stringify(answer));
  }

  #api(method: string, path: string, body: string): readonly [number, unknown] {
    const [, id = ''] = /^\/api\/patients\/([^/]+)$/.exec(path) ?? [];
    if (path === '/api/status') return [200, this.status];
    if (path === '/api/measures') return [200, { measures: this.measures }];
    if (method === 'PUT' && path.endsWith('/target')) return [200, this.#setTarget(JSON.parse(body))];
    if (method === 'PUT' && path.endsWith('/direction')) return [200, this.#setDirection(JSON.parse(body))];
    if (path.startsWith('/api/measures/')) return [200, worklist(JSON.parse(body))];
    if (path === '/fhir/Patient/_search') return [200, patientsNamed(new URLSearchParams(body))];
    if (path === '/fhir/Practitioner') return [200, practitioners];
    if (path === '/fhir/Encounter/visit-1') return [200, visit];
    if (path === '/fhir/Encounter/visit-1/_history/2') return [200, visitVersion];
    if (path === '/api/patients/patient-3/risk/_search') return [200, risk];
    if (method === 'PATCH') return [200, outcome('The remark is kept')];
    const found = id === '' ? null : chart(id);
    return found === null ? [404, outcome('There is no patient with this id')] : [200, { ...found, ...this.changes }];
  }

  #setDirection(given: {
    groupId: string | null;
    improvementNotation: 'increase' | 'decrease' | null;
    reason: string;
  }) {
    const { groupId, improvementNotation, reason } = given;
    this.measures = this.measures.map((summary) => {
      if (summary.group.id !== groupId) return summary;
      const published = summary.direction === null ? summary.improvementNotation : summary.direction.published;
      return improvementNotation === null
        ? { ...summary, improvementNotation: published, direction: null }
        : { ...summary, improvementNotation, direction: { published, reason, givenBy: 'the operator' } };
    });
    return given;
  }

  #setTarget({ groupId, target }: { groupId: string | null; target: number | null }): unknown {
    this.measures = this.measures.map((summary) =>
      summary.group.id === groupId
        ? { ...summary, target: target === null ? null : { rate: target, source: 'Set on this page' } }
        : summary,
    );
    return {};
  }
}

async function sendPage(path: string, response: ServerResponse): Promise<void> {
  const file = path.startsWith('/assets/') ? path : 'index.html';
  const content = await readFile(join(page, file)).catch(() => null);
  response.writeHead(content === null ? 404 : 200, {
    'content-type': types[extname(file)] ?? 'application/octet-stream',
    'content-security-policy': policy,
  });
  response.end(content ?? '');
}

function worklist({ status: wanted, population, text, provider, sort, descending, offset, count }: WorklistRequest) {
  const items = patients
    .filter((item) => wanted.length === 0 || (item.status !== null && wanted.includes(item.status)))
    .filter(
      (item) => population === null || item.populations.some(({ code, count: n }) => code === population && n > 0),
    )
    .filter(({ patient }) => text === null || patient.name.toLowerCase().includes(text.toLowerCase()))
    .filter(({ patient }) => provider === null || patient.provider?.reference === provider)
    .toSorted((a, b) => key(a, sort).localeCompare(key(b, sort)) * (descending ? -1 : 1));
  return { total: items.length, items: items.slice(offset, offset + count) };
}

function key({ patient, dueBy, since, status: code }: WorklistItem, sort: WorklistRequest['sort']): string {
  return { name: patient.name, birthDate: patient.birthDate ?? '', dueBy: dueBy ?? '', since, status: code ?? '' }[
    sort
  ];
}

function patientsNamed(query: URLSearchParams): unknown {
  const words = query.getAll('name').map((word) => word.toLowerCase());
  const found = patients.filter(({ patient }) => words.every((word) => patient.name.toLowerCase().includes(word)));
  const entry = found.slice(0, Number(query.get('_count'))).map(({ patient: { id, name, birthDate, gender } }) => ({
    resource: { resourceType: 'Patient', id, name: [{ text: name }], birthDate, gender },
  }));
  return { resourceType: 'Bundle', type: 'searchset', total: found.length, entry };
}

function outcome(diagnostics: string): unknown {
  return { resourceType: 'OperationOutcome', issue: [{ severity: 'error', code: 'processing', diagnostics }] };
}
