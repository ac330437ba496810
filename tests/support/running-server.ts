import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readConfig } from '../../server/config.ts';
import { createApp } from '../../server/http/app.ts';
import { type Services, startServices } from '../../server/services.ts';
import { freshDatabaseUrl, silent } from './database.ts';

export interface RunningServer {
  /** `http://127.0.0.1:port` */
  readonly url: string;
  readonly services: Services;
  /** A request to the FHIR API with a JSON body (an object, or text that is sent as it is). */
  fhir(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<FhirAnswer>;
  stop(): Promise<void>;
}

export interface FhirAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever JSON the server sends
  readonly json: any;
}

/** The whole server in this process, on a port and a database of its own. */
export async function startServer(env: Record<string, string> = {}): Promise<RunningServer> {
  const config = readConfig({ DATABASE_URL: await freshDatabaseUrl(), GAPLESS_DEMO_PATIENTS: '0', PORT: '0', ...env });
  const services = await startServices(config, silent);
  const http = createServer(createApp(services));
  await new Promise<void>((done) => http.listen(0, '127.0.0.1', done));
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  return {
    url,
    services,
    async fhir(method, path, body, headers = {}) {
      const sent = body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) };
      const type = body === undefined ? {} : { 'content-type': 'application/fhir+json' };
      const response = await fetch(`${url}/fhir/${path}`, { method, headers: { ...type, ...headers }, ...sent });
      const text = await response.text();
      return { status: response.status, headers: response.headers, text, json: parsed(text) };
    },
    async stop() {
      http.closeAllConnections();
      await new Promise((done) => http.close(done));
      await services.close();
    },
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
