import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { readConfig } from '../../../server/config.ts';
import { endpointRules, RefusedAddress } from '../../../server/connectors/endpoint-addresses.ts';
import { type Delivery, postNotification, readRetryAfter } from '../../../server/connectors/rest-hook.ts';
import { openReceiver } from './receiver.ts';
import { loopback } from './subscribers.ts';

const allowed = (rules: readonly string[], host: string, address: string): boolean => {
  try {
    endpointRules(rules).requireAllowed(host, address);
    return true;
  } catch (error) {
    if (error instanceof RefusedAddress) return false;
    throw error;
  }
};

describe('Where notifications may go', () => {
  it.each([
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '127.0.0.1',
    '127.255.0.3',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '198.18.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:127.0.0.1',
    '::ffff:a9fe:a9fe',
    '64:ff9b::a00:1',
    'fc00::1',
    'fd12::1',
    'fe80::1',
    'ff02::1',
    '2002:a00:1::',
    '2001:db8::1',
    '2001::1',
  ])('is not at %s, unless it is allowed', (address) => {
    expect(allowed([], 'example.org', address)).toBe(false);
    expect(allowed([address], 'example.org', address)).toBe(true);
    expect(allowed(['example.org'], 'Example.org.', address)).toBe(true);
    expect(allowed(['other.org'], 'example.org', address)).toBe(false);
  });

  it.each(['8.8.8.8', '172.15.0.1', '172.32.0.1', '192.167.0.1', '2606:4700::1', '::ffff:8.8.8.8'])(
    'is at the public %s',
    (address) => expect(allowed([], 'example.org', address)).toBe(true),
  );

  it('is in a range that is allowed, however the address is written', () => {
    fc.assert(
      fc.property(fc.nat(255), fc.nat(255), (a, b) => {
        expect(allowed(['10.1.0.0/16'], 'x', `10.1.${a}.${b}`)).toBe(true);
        expect(allowed(['10.1.0.0/16'], 'x', `::ffff:10.1.${a}.${b}`)).toBe(true);
        expect(allowed(['10.1.0.0/16'], 'x', `10.2.${a}.${b}`)).toBe(false);
      }),
    );
  });

  it.each<[Record<string, string>, readonly string[]]>([
    [{}, ['127.0.0.0/8', '::1']],
    [{ GAPLESS_ALLOWED_HOSTS: '' }, []],
    [{ GAPLESS_DEMO_EXPOSED: 'true', HOST: '0.0.0.0' }, []],
    [{ GAPLESS_ALLOWED_HOSTS: 'hooks.internal, 10.1.0.0/16' }, ['hooks.internal', '10.1.0.0/16']],
  ])('is set by %j', (env, hosts) => expect(readConfig(env).allowedHosts).toEqual(hosts));

  it.each(['http://x', '10.0.0.0/33', '10.0.0', '*', 'a b', '10.0.0.0/8/8'])('cannot be set to %s', (hosts) =>
    expect(() => readConfig({ GAPLESS_ALLOWED_HOSTS: hosts })).toThrow('GAPLESS_ALLOWED_HOSTS'),
  );
});

describe('A POST to an endpoint', () => {
  const post = (endpoint: string, rules = loopback, more: Partial<Delivery> = {}) =>
    postNotification(
      {
        endpoint,
        headers: [],
        body: '{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Parameters"}}]}',
        timeoutMs: 5_000,
        signal: new AbortController().signal,
        ...more,
      },
      rules,
    );

  it('is refused when the name resolves to an address that is not public, as the connection is made', async () => {
    const receiver = await openReceiver();
    const result = await post(receiver.url.replace('127.0.0.1', 'localhost'), endpointRules([]));
    expect(result).toMatchObject({ kind: 'failed', code: 'refused-address', retry: false });
    expect(receiver.received).toEqual([]);
    await receiver.close();
  });

  it('is refused when the endpoint is an address that is not public', async () => {
    expect(await post('http://127.0.0.1:9/', endpointRules([]))).toMatchObject({ code: 'refused-address' });
    expect(await post('http://[::1]:9/', endpointRules([]))).toMatchObject({ code: 'refused-address' });
  });

  it('fails when nobody is there, and says no more than the host', async () => {
    const result = await post('http://127.0.0.1:9/secret-path?token=abc');
    expect(result).toMatchObject({ kind: 'failed', code: 'no-response', retry: true });
    expect(JSON.stringify(result)).not.toMatch(/secret-path|abc/);
  });

  it.each<[string, (socket: import('node:net').Socket) => void]>([
    ['never answers', () => {}],
    [
      'answers byte by byte, for ever',
      (socket) => {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n');
        const drip = setInterval(() => socket.write('x'), 50);
        socket.on('close', () => clearInterval(drip)).on('error', () => {});
      },
    ],
  ])('ends in time when the endpoint %s', async (_, connected) => {
    const server = createServer().on('connection', connected);
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const began = Date.now();
    const result = await post(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, loopback, {
      timeoutMs: 400,
    });
    expect(result).toMatchObject({ kind: 'failed', code: 'timeout' });
    expect(Date.now() - began).toBeLessThan(2_000);
    server.closeAllConnections();
    server.close();
  });

  it('reads no more of an answer than it needs', async () => {
    let sent = 0;
    const server = createServer((_, response) => {
      response.writeHead(200);
      const flood = (): void => {
        while (!response.destroyed && sent < 50_000_000) {
          sent += 65_536;
          if (!response.write(Buffer.alloc(65_536))) {
            response.once('drain', flood);
            return;
          }
        }
        response.end();
      };
      flood();
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const result = await post(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    expect(result).toEqual({ kind: 'accepted' });
    expect(sent).toBeLessThan(20_000_000);
    server.closeAllConnections();
    server.close();
  });

  it('stops when it is told to', async () => {
    const stop = new AbortController();
    const receiver = await openReceiver();
    receiver.answer = () => stop.abort();
    expect(await post(receiver.url, loopback, { signal: stop.signal })).toEqual({ kind: 'stopped' });
    await receiver.close();
  });

  it.each<[string | undefined, number | null]>([
    [undefined, null],
    ['0', 0],
    ['2', 2_000],
    ['999999', 3_600_000],
    ['Sun, 22 Nov 2026 12:00:05 GMT', 5_000],
    ['Sun, 22 Nov 2026 11:00:00 GMT', 0],
    ['soon', null],
  ])('reads Retry-After %s', (value, wait) =>
    expect(readRetryAfter(value, Date.parse('2026-11-22T12:00:00Z'))).toBe(wait),
  );
});
