import type { Observation } from '@medplum/fhirtypes';
import fc from 'fast-check';
import type { Database } from '../../../server/db/database.ts';
import { dateRange } from '../../../server/search/dates.ts';
import { freshDatabase } from '../../support/database.ts';
import { findIds, put } from './practice.ts';

const systems = ['http://a', 'http://b', undefined];
const codes = ['1', '2', 'x,y', 'p|q'];
const dates = [
  '2025',
  '2026',
  '2026-01',
  '2026-01-15',
  '2026-01-15T10:00:00Z',
  '2026-01-15T10:00:00.500+02:00',
  '2026-02',
];
const words = ['Alpha', 'alphabet', 'Álpha beta', 'beta', 'b%ta', 'x_y'];

const coding = fc.record({ system: fc.constantFrom(...systems), code: fc.constantFrom(...codes) });
const records = fc.array(
  fc.record({
    codings: fc.array(coding, { maxLength: 3 }),
    date: fc.option(fc.constantFrom(...dates), { nil: undefined }),
    text: fc.option(fc.constantFrom(...words), { nil: undefined }),
  }),
  { minLength: 1, maxLength: 12 },
);
type Record = { codings: { system?: string; code: string }[]; date: string | undefined; text: string | undefined };

const plain = (text: string): string => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
const escaped = (text: string): string => text.replace(/[,|$\\]/g, '\\$&');

/** The rules of FHIR, read once more and without an index. */
const dateRules: { [prefix: string]: (low: number, high: number, from: number, until: number) => boolean } = {
  eq: (low, high, from, until) => low >= from && high <= until,
  ne: (low, high, from, until) => !(low >= from && high <= until),
  gt: (_, high, __, until) => high > until,
  lt: (low, _, from) => low < from,
  ge: (low, high, from, until) => high > until || (low >= from && high <= until),
  le: (low, high, from, until) => low < from || (low >= from && high <= until),
  sa: (low, _, __, until) => low >= until,
  eb: (_, high, from) => high <= from,
};

const criteria = fc.oneof(
  coding.map(({ system, code }) => ({
    query: `code=${encodeURIComponent(`${system ?? ''}|${escaped(code)}`)}`,
    accepts: ({ codings }: Record) => codings.some((one) => one.system === system && one.code === code),
  })),
  fc.constantFrom(...codes).map((code) => ({
    query: `code:not=${encodeURIComponent(escaped(code))}`,
    accepts: ({ codings }: Record) => codings.every((one) => one.code !== code),
  })),
  fc.tuple(fc.constantFrom(...Object.keys(dateRules)), fc.constantFrom(...dates)).map(([prefix, date]) => ({
    query: `date=${encodeURIComponent(prefix + date)}`,
    accepts: (record: Record) => {
      const target = record.date === undefined ? null : dateRange(record.date);
      const wanted = dateRange(date);
      if (target === null || wanted === null) return false;
      return dateRules[prefix]?.(target.low, target.high, wanted.low, wanted.high) === true;
    },
  })),
  fc.tuple(fc.constantFrom('', ':contains', ':exact'), fc.constantFrom(...words)).map(([modifier, word]) => ({
    query: `value-string${modifier}=${encodeURIComponent(escaped(word))}`,
    accepts: ({ text }: Record) => {
      if (text === undefined) return false;
      if (modifier === ':exact') return text === word;
      return modifier === '' ? plain(text).startsWith(plain(word)) : plain(text).includes(plain(word));
    },
  })),
  fc.constantFrom('code', 'date', 'value-string').map((code) => ({
    query: `${code}:missing=true`,
    accepts: ({ codings, date, text }: Record) =>
      ({ code: codings.length === 0, date: date === undefined, 'value-string': text === undefined })[code] === true,
  })),
);

function observation({ codings, date, text }: Record, i: number): Observation {
  return {
    resourceType: 'Observation',
    id: `o${i}`,
    status: 'final',
    code: { ...(codings.length > 0 && { coding: codings }) },
    ...(date !== undefined && { effectiveDateTime: date }),
    ...(text !== undefined && { valueString: text }),
  };
}

let database: Database;
beforeAll(async () => {
  database = await freshDatabase();
});
afterAll(() => database.close());

it('A search finds what a reader of all resources would find', async () => {
  let run = 0;
  await fc.assert(
    fc.asyncProperty(records, fc.array(criteria, { minLength: 1, maxLength: 3 }), async (all, wanted) => {
      const tenant = `run-${++run}`;
      await put(database, tenant, ...all.map(observation));
      const url = `Observation?${wanted.map(({ query }) => query).join('&')}`;
      const expected = all.flatMap((record, i) => (wanted.every(({ accepts }) => accepts(record)) ? [`o${i}`] : []));
      expect((await findIds(database, url, { tenant })).sort()).toEqual(expected.sort());
    }),
    { numRuns: 60 },
  );
});
