import type { NextFunction, Request, Response } from 'express';
import type { Config } from '../config.ts';
import { outcomeOf } from '../outcomes.ts';
import { fhirResource } from './respond.ts';

const loopbackNames = new Set(['127.0.0.1', 'localhost', '[::1]']);

/**
 * The demo mode has no login, so whatever a browser on this machine opens could talk to it. Refused are names that are
 * not ours (a stranger's domain that resolves to loopback) and changes from pages of other origins than our own and
 * those of GAPLESS_CORS_ORIGINS.
 */
export function refuseForeignPages({ host, publicUrl, corsOrigins }: Config) {
  const checksNames = loopbackNames.has(host) && publicUrl === null;
  return (request: Request, response: Response, next: NextFunction): void => {
    const asked = request.get('host') ?? '';
    const from = request.get('origin');
    if (checksNames && !loopbackNames.has(asked.replace(/:\d+$/, ''))) {
      refuse(response, `This server is called 127.0.0.1 or localhost: set GAPLESS_PUBLIC_URL if it has another name`);
    } else if (
      from !== undefined &&
      !isRead(request) &&
      !corsOrigins.includes(from) &&
      !isOwn(from, asked, publicUrl)
    ) {
      refuse(response, 'A page of another origin may not change anything here: add its origin to GAPLESS_CORS_ORIGINS');
    } else next();
  };
}

function isRead({ method }: Request): boolean {
  return method === 'GET' || method === 'HEAD' || method === 'OPTIONS';
}

function isOwn(origin: string, host: string, publicUrl: string | null): boolean {
  if (!URL.canParse(origin)) return false;
  const { host: name } = new URL(origin);
  return name === host || (publicUrl !== null && name === new URL(publicUrl).host);
}

function refuse(response: Response, diagnostics: string): void {
  fhirResource(response.status(403), outcomeOf([{ severity: 'error', code: 'forbidden', diagnostics }]));
}
