import { randomUUID } from 'node:crypto';
import type { Request, Response } from 'express';
import type { Config } from '../config.ts';
import type { RequestContext } from '../context.ts';
import type { Logger } from '../log.ts';

export class InvalidTimezone extends Error {
  override readonly name = 'InvalidTimezone';
}

/** The one tenant and actor of the demo mode. Real identities replace this function, and nothing else. */
export const demoIdentity = {
  tenant: 'demo',
  actor: { reference: 'Device/gapless', display: 'Gapless demo mode (no login)' },
  scopes: ['system/*.cruds'],
} as const;

/** Header `X-Request-Id` of the client when it is harmless, or a new one. */
export function requestId(request: Request): string {
  const given = request.get('x-request-id');
  return given !== undefined && /^[\w.-]{1,64}$/.test(given) ? given : randomUUID();
}

/**
 * @throws InvalidTimezone when the header `Timezone` (DEQM guidance, Timezone Support) names no zone
 */
export function requestContext(request: Request, response: Response, config: Config, log: Logger): RequestContext {
  const id = String(response.locals['requestId']);
  const gone = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) gone.abort();
  });
  return {
    ...demoIdentity,
    requestId: id,
    now: new Date(),
    timezone: timezoneOf(request, config),
    log: log.child({ requestId: id }),
    signal: gone.signal,
    baseUrl: `${origin(request, config)}/fhir`,
  };
}

function timezoneOf(request: Request, config: Config): string {
  const zone = request.get('timezone') ?? config.timezone;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone;
  } catch {
    throw new InvalidTimezone(
      `Timezone: "${zone}" is not an IANA time zone or an offset: use e.g. America/New_York or -05:00`,
    );
  }
}

function origin(request: Request, config: Config): string {
  if (config.publicUrl !== null) return config.publicUrl;
  const host = request.get('host') ?? '';
  const harmless = /^[\w.-]+(:\d+)?$|^\[[\da-f:]+\](:\d+)?$/i.test(host);
  return `${request.protocol}://${harmless ? host : `${config.host}:${config.port}`}`;
}
