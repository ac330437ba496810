import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, request as overHttp, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose';

/** What becomes of a request instead of its answer; null: it is answered. */
export type Fault =
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: object }
  /** So many bytes of the body, and then the connection breaks, or ends as if that were all. */
  | { readonly bytes: number; readonly end: 'broken' | 'silent' }
  | null;

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly authorization: string | null;
}

/**
 * What stands before an EHR: an authorization server for SMART backend services, which verifies assertions, and a proxy
 * that lets nobody through without a token of it. Things can go wrong on demand.
 */
export interface Gate {
  readonly url: string;
  /** Everything that was asked, tokens included. */
  readonly asked: Asked[];
  /** Assertions that were refused, with the reasons. */
  readonly refused: string[];
  /** How long tokens live. */
  tokenSeconds: number;
  /** How many requests a token is good for. */
  tokenUses: number;
  /** Changes the manifests that pass. */
  manifest: (manifest: Record<string, unknown>) => object;
  fault: (asked: Asked) => Fault;
  /** Lets requests through to a server. */
  open(upstream: string, client: { readonly id: string; readonly keys: () => Promise<JSONWebKeySet> }): void;
  close(): Promise<void>;
}

export async function startGate(): Promise<Gate> {
  const tokens = new Map<string, { until: number; uses: number }>();
  const used = new Set<string>();
  let upstream = '';
  let client: { readonly id: string; readonly keys: () => Promise<JSONWebKeySet> } | null = null;

  const server = createServer((request, response) => {
    answer(request, response).catch((error: Error) => {
      response.statusCode = 500;
      response.end(error.message);
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const gate: Gate = {
    url,
    asked: [],
    refused: [],
    tokenSeconds: 300,
    tokenUses: Number.POSITIVE_INFINITY,
    manifest: (manifest) => ({ ...manifest, requiresAccessToken: true }),
    fault: () => null,
    open(to, by) {
      upstream = to;
      client = by;
    },
    close: () => stop(server),
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url: path = '', headers } = request;
    const body = await textOf(request);
    const asked = { method, path, authorization: headers.authorization ?? null };
    gate.asked.push(asked);
    const fault = gate.fault(asked);
    if (fault !== null && 'status' in fault) {
      response.writeHead(fault.status, { 'content-type': 'application/fhir+json', ...fault.headers });
      response.end(JSON.stringify(fault.body ?? {}));
      return;
    }
    if (path === '/fhir/.well-known/smart-configuration')
      return json(response, 200, { token_endpoint: `${url}/token` });
    if (path === '/token') return token(new URLSearchParams(body), response);
    const given = tokens.get(/^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1] ?? '');
    if (given === undefined || given.until < Date.now() || given.uses <= 0) return json(response, 401, {});
    given.uses -= 1;
    pass(request, body, response, fault);
  }

  async function token(form: URLSearchParams, response: ServerResponse): Promise<void> {
    try {
      if (client === null) throw new Error('the gate is closed');
      const keys = createLocalJWKSet(await client.keys());
      const { payload, protectedHeader } = await jwtVerify(form.get('client_assertion') ?? '', keys, {
        issuer: client.id,
        subject: client.id,
        audience: `${url}/token`,
        algorithms: ['RS384', 'ES384'],
        typ: 'JWT',
        requiredClaims: ['jti', 'exp'],
      });
      if ((payload.exp ?? 0) - Date.now() / 1000 > 300) throw new Error('it lives longer than five minutes');
      if (used.has(payload.jti ?? '')) throw new Error('it was used before');
      if (protectedHeader.kid === undefined) throw new Error('it names no key');
      if (form.get('grant_type') !== 'client_credentials') throw new Error('the grant is another one');
      used.add(payload.jti ?? '');
    } catch (error) {
      gate.refused.push((error as Error).message);
      return json(response, 400, { error: 'invalid_client', error_description: (error as Error).message });
    }
    const value = randomUUID();
    tokens.set(value, { until: Date.now() + gate.tokenSeconds * 1000, uses: gate.tokenUses });
    json(response, 200, {
      access_token: value,
      token_type: 'bearer',
      expires_in: gate.tokenSeconds,
      scope: form.get('scope'),
    });
  }

  function pass(request: IncomingMessage, body: string, response: ServerResponse, fault: Fault): void {
    const target = new URL(request.url ?? '', upstream);
    const { authorization: _, host: __, ...given } = request.headers;
    // Unpacked, a text that is cut still looks like one.
    const isSilent = fault !== null && 'end' in fault && fault.end === 'silent';
    const headers = isSilent ? { ...given, 'accept-encoding': 'identity' } : given;
    const onward = overHttp(
      target,
      { method: request.method, headers: { ...headers, host: new URL(url).host } },
      (answered) => {
        const chunks: Buffer[] = [];
        answered.on('data', (chunk: Buffer) => chunks.push(chunk));
        answered.on('end', () => {
          let content = Buffer.concat(chunks);
          const isManifest =
            answered.statusCode === 200 && answered.headers['content-type']?.startsWith('application/json') === true;
          if (isManifest) content = Buffer.from(JSON.stringify(gate.manifest(JSON.parse(content.toString()))));
          const {
            'content-length': _length,
            'transfer-encoding': _encoding,
            connection: _connection,
            'retry-after': _wait, // who pulls decides, so that tests are quick
            ...kept
          } = answered.headers;
          if (fault !== null && 'bytes' in fault) {
            // Without a length, a connection that closes looks like the end.
            response.writeHead(200, {
              ...kept,
              ...(isSilent ? { connection: 'close' } : { 'content-length': content.length }),
            });
            response.write(content.subarray(0, fault.bytes), () => (isSilent ? response.end() : response.destroy()));
            return;
          }
          response.writeHead(answered.statusCode ?? 500, { ...kept, 'content-length': content.length });
          response.end(content);
        });
      },
    );
    onward.on('error', () => response.destroy());
    onward.end(body);
  }

  return gate;
}

function json(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += chunk;
  return text;
}

function stop(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((done) => server.close(() => done()));
}
