import { AuditTrail } from '../../../server/auth/audit.ts';
import type { RequestContext } from '../../../server/context.ts';
import type { Database } from '../../../server/db/database.ts';
import { interact } from '../../../server/interactions/index.ts';
import type { InteractionServices } from '../../../server/interactions/interaction.ts';
import { silent } from '../../support/database.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Exact text of the body; '' for none. */
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into JSON of any shape
  readonly json: any;
}

export interface Api {
  readonly audit: AuditTrail;
  readonly services: InteractionServices;
  /** Sends what a client would; rejects with the error's own class. */
  send(method: string, url: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
}

export const baseUrl = 'http://gapless.test/fhir';

/** The interactions without HTTP, as one client of the tenant `practice` sees them. */
export function openApi(
  database: Database,
  scopes: readonly string[] = ['system/*.cruds'],
  dangling: 'keep' | 'refuse' = 'keep',
): Api {
  const context: RequestContext = {
    tenant: 'practice',
    actor: { reference: 'Practitioner/tester', display: 'Tester' },
    scopes,
    requestId: 'request-1',
    now: new Date('2026-03-01T12:00:00Z'),
    timezone: 'UTC',
    log: silent,
    signal: new AbortController().signal,
    baseUrl,
  };
  const audit = new AuditTrail(database, silent);
  const services: InteractionServices = {
    database,
    audit,
    dispatch: interact,
    translate: (error) => ({
      status: 400,
      unexpected: false,
      outcome: {
        resourceType: 'OperationOutcome',
        issue: [{ severity: 'error', code: 'invalid', diagnostics: error instanceof Error ? error.name : 'unknown' }],
      },
    }),
    terminology: null,
    check: async () => {},
    measures: async () => [],
    collect: null,
    dangling,
  };
  return {
    audit,
    services,
    async send(method, url, body, headers = {}) {
      const [path = '', query = ''] = url.split('?');
      const text = body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body);
      const request = {
        method,
        path: path.split('/').filter(Boolean),
        query: new URLSearchParams(query),
        headers,
        body: text,
      };
      const answer = await interact(request, context, services);
      const sent = typeof answer.body === 'object' && answer.body !== null ? JSON.stringify(answer.body) : answer.body;
      return { ...answer, text: sent ?? '', json: sent === null ? null : JSON.parse(sent) };
    },
  };
}

/** A transaction Bundle of requests: `['PUT', 'Patient/1', {...}]`, with more of `request` or a fullUrl if wanted. */
export function bundleOf(
  type: 'transaction' | 'batch',
  ...entries: readonly (readonly [method: string, url: string, resource?: object, more?: Record<string, string>])[]
): object {
  return {
    resourceType: 'Bundle',
    type,
    entry: entries.map(([method, url, resource, { fullUrl, ...request } = {}]) => ({
      ...(fullUrl === undefined ? {} : { fullUrl }),
      ...(resource === undefined ? {} : { resource }),
      request: { method, url, ...request },
    })),
  };
}
