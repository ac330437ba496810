import { Writable } from 'node:stream';
import winston from 'winston';
import { createLogger } from '../../server/log.ts';

/** What a logger of ours writes for one call. */
async function written(error: Error, logFormat: 'json' | 'text'): Promise<string> {
  const lines: string[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  const log = createLogger({ logLevel: 'info', logFormat });
  log.clear().add(new winston.transports.Stream({ stream }));
  const finished = new Promise((resolve) => log.on('finish', resolve));
  log.error('unexpected error', { requestId: 'r1', error });
  log.end();
  await finished;
  return lines.join('');
}

describe.each(['json', 'text'] as const)('An unexpected error in a log of %s', (format) => {
  const cause = Object.assign(new Error('invalid input syntax: "Mary Miller"'), { code: '22P02' });
  const error = new TypeError('Mary Miller has no address', { cause });

  it('tells its class, its code and where it happened', async () => {
    const line = await written(error, format);
    expect(line).toContain('TypeError');
    expect(line).toContain('22P02');
    expect(line).toMatch(/log\.test\.ts:\d+/);
    expect(line).toContain('r1');
  });

  it('does not tell its message, which may quote patient data', async () => {
    expect(await written(error, format)).not.toContain('Mary');
  });
});
