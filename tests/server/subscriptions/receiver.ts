import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Bundle, Parameters } from '@medplum/fhirtypes';

/** A notification as an endpoint got it. */
export interface Received {
  readonly headers: IncomingHttpHeaders;
  /** The body as it came. */
  readonly text: string;
  readonly bundle: Bundle;
  readonly type: string;
  readonly status: string;
  /** `events-since-subscription-start` */
  readonly total: number;
  readonly numbers: readonly number[];
  readonly focus: readonly string[];
  readonly at: number;
}

type Answering = (response: ServerResponse, received: Received, position: number) => void | Promise<void>;

/** A real endpoint of a subscriber. Accepts what it gets unless told to answer otherwise. */
export interface Receiver {
  readonly url: string;
  readonly received: readonly Received[];
  /** Numbers of the events that it accepted, in the order in which they came. */
  accepted(): number[];
  events(): Received[];
  answer: Answering;
  until(holds: (receiver: Receiver) => boolean, what: string, ms?: number): Promise<void>;
  close(): Promise<void>;
}

export const accept: Answering = (response) => {
  response.writeHead(200).end();
};

export async function openReceiver(): Promise<Receiver> {
  const received: Received[] = [];
  const accepted: number[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const one = read(Buffer.concat(chunks).toString(), request.headers);
    received.push(one);
    response.on('finish', () => {
      if (response.statusCode < 300) accepted.push(...one.numbers);
    });
    await receiver.answer(response, one, received.length);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const receiver: Receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    received,
    accepted: () => [...accepted],
    events: () => received.filter(({ type }) => type === 'event-notification'),
    answer: accept,
    async until(holds, what, ms = 15_000) {
      for (const end = Date.now() + ms; !holds(receiver); await sleep(20))
        if (Date.now() > end) throw new Error(`in vain waited for ${what}: got ${JSON.stringify(summary(received))}`);
    },
    async close() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
  return receiver;
}

function summary(received: readonly Received[]): unknown {
  return received.map(({ type, numbers }) => `${type} ${numbers.join(',')}`);
}

function read(text: string, headers: IncomingHttpHeaders): Received {
  const bundle = JSON.parse(text) as Bundle;
  const status = bundle.entry?.[0]?.resource as Parameters;
  const value = (name: string) => status.parameter?.find((parameter) => parameter.name === name);
  const events = (status.parameter ?? []).filter(({ name }) => name === 'notification-event');
  const parts = events.map(({ part = [] }) => new Map(part.map((each) => [each.name ?? '', each])));
  return {
    headers,
    text,
    bundle,
    type: value('type')?.valueCode ?? '',
    status: value('status')?.valueCode ?? '',
    total: Number(value('events-since-subscription-start')?.valueString),
    numbers: parts.map((part) => Number(part.get('event-number')?.valueString)),
    focus: parts.flatMap((part) => part.get('focus')?.valueReference?.reference ?? []),
    at: Date.now(),
  };
}
