import { existsSync } from 'node:fs';
import { join } from 'node:path';
import express, {
  type ErrorRequestHandler,
  type Express,
  type NextFunction,
  type Request,
  type Response,
} from 'express';
import helmet from 'helmet';
import type { Config } from '../config.ts';
import type { RequestContext } from '../context.ts';
import type { FhirRequest, FhirResponse } from '../interactions/interaction.ts';
import type { Logger } from '../log.ts';
import { outcomeOf, toOutcome } from '../outcomes.ts';
import { InvalidRequest } from '../store/errors.ts';
import { refuseForeignPages } from './foreign-pages.ts';
import { isXml, rememberFormat } from './format.ts';
import { requestContext, requestId } from './request-context.ts';
import { fhirResource, respond } from './respond.ts';
import { readXml } from './xml/read-xml.ts';

/** What the HTTP layer needs of the rest. */
export interface HttpServices {
  readonly config: Config;
  readonly log: Logger;
  /** Answers a FHIR request: an interaction or an operation. Throws named errors. */
  dispatch(context: RequestContext, request: FhirRequest): Promise<FhirResponse>;
  /** Answers a request of the page, below /api. */
  api(context: RequestContext, request: FhirRequest): Promise<FhirResponse>;
  /** Our public keys as a JWK Set, for the authorization servers of others. */
  clientKeys(): Promise<object>;
  /** Resolves when the server can answer; rejects with the reason when it can't (the database is away). */
  health(): Promise<Readonly<Record<string, unknown>>>;
}

/** The Express application: /fhir, /api, /health, and the page. */
export function createApp(services: HttpServices): Express {
  const { config, log } = services;
  const app = express();
  app.disable('x-powered-by');
  app.set('etag', false); // FHIR's ETag is the version of the resource
  app.use(identify(log));
  app.use(
    helmet({
      contentSecurityPolicy: {
        directives: { 'style-src': ["'self'", "'unsafe-inline'"], 'upgrade-insecure-requests': null },
      },
      strictTransportSecurity: false, // TLS ends at the proxy, which sets it
    }),
  );
  app.use(refuseForeignPages(config));
  app.use(cors(config));
  app.get('/health', async (_request, response) => {
    try {
      response.json({ status: 'ok', ...(await services.health()) });
    } catch (error) {
      response.status(503).json({ status: 'unavailable', reason: toOutcome(error).outcome.issue[0]?.diagnostics });
    }
  });
  app.get('/.well-known/jwks.json', async (_request, response) => {
    response.set('cache-control', 'public, max-age=3600').json(await services.clientKeys());
  });
  const text = express.text({ type: () => true, limit: config.maxBody });
  app.use('/fhir', negotiate, text, entry(services, services.dispatch));
  app.use('/api', text, entry(services, services.api));
  const page = join(config.root, 'app', 'dist');
  if (existsSync(page)) {
    app.use(express.static(page, { index: false, maxAge: '1h', setHeaders: immutableAssets }));
    app.get(/^\/(?!fhir|api).*/, (_request, response) => response.sendFile(join(page, 'index.html')));
  }
  app.use((request, response) => {
    const diagnostics = `There is nothing at ${request.path}: the FHIR API is at /fhir, the page at /`;
    fhirResource(response.status(404), outcomeOf([{ severity: 'error', code: 'not-found', diagnostics }]));
  });
  app.use(failed(log));
  return app;
}

/** Decides what format the answer has, before anything can go wrong. */
function negotiate(request: Request, response: Response, next: NextFunction): void {
  rememberFormat(request, response);
  next();
}

type Answer = (context: RequestContext, request: FhirRequest) => Promise<FhirResponse>;

function entry({ config, log }: HttpServices, answer: Answer) {
  return async (request: Request, response: Response): Promise<void> => {
    const context = requestContext(request, response, config, log);
    respond(response, await answer(context, fhirRequest(request)));
  };
}

function fhirRequest(request: Request): FhirRequest {
  const url = new URL(request.url, 'http://localhost');
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  const body = typeof request.body === 'string' && request.body !== '' ? request.body : null;
  const readsXml = body !== null && isXml(headers['content-type']);
  if (readsXml) headers['content-type'] = 'application/fhir+json';
  return {
    method: request.method,
    path: url.pathname
      .split('/')
      .filter((segment) => segment !== '')
      .map(decoded),
    query: url.searchParams,
    headers,
    body: readsXml ? readXml(body) : body,
  };
}

/** @throws InvalidRequest for a path that is not percent-encoded UTF-8 */
function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new InvalidRequest('The path is not percent-encoded UTF-8');
  }
}

function identify(log: Logger) {
  return (request: Request, response: Response, next: NextFunction): void => {
    const id = requestId(request);
    const started = performance.now();
    response.locals['requestId'] = id;
    response.set('x-request-id', id);
    response.once('close', () => {
      // Method and route alone: paths and queries may hold identifiers and names of patients.
      const route = request.originalUrl.split(/[/?]/, 3)[1] ?? '';
      const ms = Math.round(performance.now() - started);
      log.debug('request', {
        requestId: id,
        method: request.method,
        route: `/${route}`,
        status: response.statusCode,
        ms,
      });
    });
    next();
  };
}

function cors({ corsOrigins }: Config) {
  return (request: Request, response: Response, next: NextFunction): void => {
    const from = request.get('origin');
    if (from !== undefined && corsOrigins.includes(from)) {
      response.set({
        'access-control-allow-origin': from,
        vary: 'Origin',
        'access-control-expose-headers': 'ETag, Location, Content-Location, Last-Modified, X-Progress, X-Request-Id',
      });
      if (request.method === 'OPTIONS') {
        response.set({
          'access-control-allow-methods': 'GET, POST, PUT, PATCH, DELETE, OPTIONS',
          'access-control-allow-headers':
            'Content-Type, Accept, Authorization, Prefer, If-Match, If-None-Match, If-None-Exist, If-Modified-Since, Timezone',
          'access-control-max-age': '600',
        });
        response.status(204).end();
        return;
      }
    }
    next();
  };
}

function immutableAssets(response: Response, path: string): void {
  if (path.includes('/assets/')) response.set('cache-control', 'public, max-age=31536000, immutable');
}

function failed(log: Logger): ErrorRequestHandler {
  return (error, _request, response, next) => {
    if (response.headersSent) {
      next(error);
      return;
    }
    const { status, headers, outcome, unexpected } = bodyError(error) ?? toOutcome(error);
    if (unexpected) log.error('unexpected error', { requestId: response.locals['requestId'], error });
    fhirResource(response.status(status).set(headers), outcome);
  };
}

/** Errors of the body parser, which come before any code of ours. */
function bodyError(error: unknown): ReturnType<typeof toOutcome> | null {
  const { type, limit } = error as { type?: string; limit?: number };
  if (type === 'entity.too.large') {
    const diagnostics = `The request is larger than ${limit} bytes: send less at once, or raise GAPLESS_MAX_BODY`;
    return {
      status: 413,
      headers: {},
      outcome: outcomeOf([{ severity: 'error', code: 'too-long', diagnostics }]),
      unexpected: false,
    };
  }
  if (type === 'charset.unsupported' || type === 'encoding.unsupported') {
    const diagnostics = 'The body is in an encoding that is not supported: use UTF-8, plain or gzip';
    return {
      status: 415,
      headers: {},
      outcome: outcomeOf([{ severity: 'error', code: 'not-supported', diagnostics }]),
      unexpected: false,
    };
  }
  return null;
}
