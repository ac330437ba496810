import winston from 'winston';

export type Logger = winston.Logger;

export interface LogSettings {
  readonly logLevel: string;
  readonly logFormat: 'auto' | 'json' | 'text';
}

/**
 * Structured logs. What goes in: ids of requests and jobs, resource types, counts, durations. What never goes in:
 * resource bodies, names, search values, tokens. JSON unless a person watches a terminal.
 */
export function createLogger({ logLevel, logFormat }: LogSettings): Logger {
  const text = logFormat === 'text' || (logFormat === 'auto' && process.stderr.isTTY === true);
  const { combine, timestamp, json, errors, printf } = winston.format;
  const line = printf(({ timestamp: at, level, message, stack, ...fields }) => {
    const rest = Object.entries(fields).map(([key, value]) => ` ${key}=${JSON.stringify(value)}`);
    return `${at} ${level} ${message}${rest.join('')}${typeof stack === 'string' ? `\n${stack}` : ''}`;
  });
  return winston.createLogger({
    level: logLevel,
    format: combine(errors({ stack: true }), described(), timestamp(), text ? line : json()),
    transports: [new winston.transports.Stream({ stream: process.stderr })],
  });
}

/** Errors among the fields: by class, code and place. Their messages stay out, since they can quote what was sent. */
const described = winston.format((info) => {
  for (const [key, value] of Object.entries(info)) {
    if (value instanceof Error) info[key] = describe(value);
  }
  return info;
});

function describe(error: Error): object {
  const { code } = error as { code?: unknown };
  const at = (error.stack ?? '').split('\n').filter((frame) => /^ {4}at /.test(frame));
  return {
    name: error.name,
    ...(code === undefined ? {} : { code }),
    at: at.map((frame) => frame.trim()),
    ...(error.cause instanceof Error ? { cause: describe(error.cause) } : {}),
  };
}
