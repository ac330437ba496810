import { isIP } from 'node:net';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

/** The one file that reads the environment. */
const environment = z.object({
  PORT: z.coerce.number().int().min(0).max(65535).default(8080),
  HOST: z.string().default('127.0.0.1'),
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'must start with postgres:// or postgresql://')
    .refine((url) => URL.canParse(url), 'is not a URL')
    .optional(),
  GAPLESS_DATA_DIR: z.string().optional(),
  GAPLESS_ROLE: z.enum(['all', 'api', 'worker']).default('all'),
  GAPLESS_LOG_LEVEL: z.enum(['error', 'warn', 'info', 'debug']).default('info'),
  GAPLESS_LOG_FORMAT: z.enum(['auto', 'json', 'text']).default('auto'),
  GAPLESS_DEMO_PATIENTS: z.coerce.number().int().min(0).default(200),
  GAPLESS_TIMEZONE: z.string().refine(isTimezone, 'is an IANA time zone, such as America/New_York').default('UTC'),
  GAPLESS_MAX_BODY: z
    .string()
    .regex(/^\d+(kb|mb|gb)?$/i, 'is a size like 50mb')
    .default('100mb'),
  GAPLESS_PUBLIC_URL: z.url().optional(),
  GAPLESS_DEMO_EXPOSED: z.enum(['true', 'false']).default('false'),
  GAPLESS_CORS_ORIGINS: z.string().default(''),
  GAPLESS_ALLOWED_HOSTS: z
    .string()
    .refine(
      (list) => hostsOf(list).every(isHost),
      'is a list of host names, addresses and ranges: hooks.internal,10.1.0.0/16',
    )
    .optional(),
});

function hostsOf(list: string): string[] {
  return list
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}

/** A name, an IP address, or a range of addresses. */
function isHost(entry: string): boolean {
  const [address = '', bits, ...more] = entry.split('/');
  const family = isIP(address);
  if (bits === undefined) return family !== 0 || /^(?=.*[a-z])[a-z\d]([a-z\d.-]*[a-z\d])?$/i.test(entry);
  return more.length === 0 && family !== 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128);
}

function isTimezone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

const loopback = new Set(['127.0.0.1', '::1', 'localhost']);

export interface Config {
  readonly port: number;
  readonly host: string;
  /** Null: run the embedded PostgreSQL. */
  readonly databaseUrl: string | null;
  /** Null: `.gapless` in the project, or a folder that the unprivileged database account can enter. */
  readonly dataDir: string | null;
  readonly role: 'all' | 'api' | 'worker';
  readonly logLevel: 'error' | 'warn' | 'info' | 'debug';
  readonly logFormat: 'auto' | 'json' | 'text';
  /** Size of the demo practice that an empty database is filled with; 0 for none. */
  readonly demoPatients: number;
  /** IANA zone of the practice's days, and of dates without an offset where a request names none. */
  readonly timezone: string;
  readonly maxBody: string;
  /** Where clients reach the server, when a proxy stands before it. */
  readonly publicUrl: string | null;
  /** Hosts beyond public ones to which notifications may be sent: names, addresses, ranges. */
  readonly allowedHosts: readonly string[];
  /** Origins that browsers may call the API from, beside our own. */
  readonly corsOrigins: readonly string[];
  /** Folder of the project. */
  readonly root: string;
}

export class InvalidConfig extends Error {
  override readonly name = 'InvalidConfig';
}

/** @throws InvalidConfig with every setting that is wrong and why */
export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const parsed = environment.safeParse(env);
  if (!parsed.success) {
    throw new InvalidConfig(parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('\n'));
  }
  const e = parsed.data;
  if (!loopback.has(e.HOST) && e.GAPLESS_DEMO_EXPOSED !== 'true') {
    throw new InvalidConfig(
      `HOST: the demo mode has no login, so it listens on loopback only, not on ${e.HOST}. ` +
        'Where something else keeps strangers out (a container whose port is published on 127.0.0.1), set GAPLESS_DEMO_EXPOSED=true',
    );
  }
  return {
    port: e.PORT,
    host: e.HOST,
    databaseUrl: e.DATABASE_URL ?? null,
    dataDir: e.GAPLESS_DATA_DIR ?? null,
    role: e.GAPLESS_ROLE,
    logLevel: e.GAPLESS_LOG_LEVEL,
    logFormat: e.GAPLESS_LOG_FORMAT,
    demoPatients: e.GAPLESS_DEMO_PATIENTS,
    timezone: e.GAPLESS_TIMEZONE,
    maxBody: e.GAPLESS_MAX_BODY,
    publicUrl: e.GAPLESS_PUBLIC_URL?.replace(/\/$/, '') ?? null,
    allowedHosts: allowedHosts(e.GAPLESS_ALLOWED_HOSTS, e.GAPLESS_DEMO_EXPOSED === 'true'),
    corsOrigins: e.GAPLESS_CORS_ORIGINS.split(',')
      .map((origin) => origin.trim())
      .filter((origin) => origin !== ''),
    root: fileURLToPath(new URL('..', import.meta.url)),
  };
}

/** In the demo mode, who may ask is on this machine already, so that a receiver on it may be tried. */
function allowedHosts(told: string | undefined, exposed: boolean): string[] {
  if (told !== undefined) return hostsOf(told);
  return exposed ? [] : ['127.0.0.0/8', '::1'];
}
