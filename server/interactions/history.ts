import type { RequestContext } from '../context.ts';
import { InvalidRequest, ResourceNotFound } from '../store/errors.ts';
import { countHistory, type HistoryPosition, type HistoryVersion, readHistory } from '../store/history.ts';
import { bundleText, type TextEntry } from './bundle-text.ts';
import type { AddressedRequest, FhirResponse, Interaction, InteractionServices } from './interaction.ts';

/** R4 http.html#history, of one resource. */
export const instanceHistory: Interaction = {
  codes: ['history-instance'],
  level: 'instance',
  method: 'GET',
  path: [':type', ':id', '_history'],
  conditional: false,
  scope: 'r',
  run: history,
};

export const typeHistory: Interaction = {
  codes: ['history-type'],
  level: 'type',
  method: 'GET',
  path: [':type', '_history'],
  conditional: false,
  scope: 'r',
  run: history,
};

export const systemHistory: Interaction = {
  codes: ['history-system'],
  level: 'system',
  method: 'GET',
  path: ['_history'],
  conditional: false,
  scope: 'r',
  run: history,
};

const defaultCount = 100;
const maxCount = 1_000;

async function history(
  request: AddressedRequest,
  context: RequestContext,
  { database, audit }: InteractionServices,
): Promise<FhirResponse> {
  const { query, type, id } = request;
  const count = readCount(query.get('_count'));
  const wanted = {
    type: type || null,
    id: id || null,
    since: readSince(query.get('_since')),
    at: readAt(query.get('_at')),
    count,
    after: readCursor(query.get('_cursor')),
  };
  const found = count === 0 ? [] : await readHistory(database, context.tenant, wanted);
  const total = await countHistory(database, context.tenant, wanted);
  if (id !== '' && total === 0 && wanted.since === null && wanted.at === null) {
    throw new ResourceNotFound(`${type}/${id} does not exist`);
  }
  const page = found.slice(0, count);
  const last = found.length > count ? page.at(-1) : undefined;
  const interaction = id !== '' ? 'history-instance' : type !== '' ? 'history-type' : 'history-system';
  await audit.record(context, {
    action: 'R',
    interaction,
    resources: page,
    query: `${request.path.join('/')}?${query}`,
  });
  const url = (changes: Record<string, string>): string => {
    const parameters = new URLSearchParams({ ...Object.fromEntries(query), ...changes }).toString();
    return `${context.baseUrl}/${request.path.join('/')}${parameters === '' ? '' : `?${parameters}`}`;
  };
  const link = [{ relation: 'self', url: url({}) }];
  if (last !== undefined) link.push({ relation: 'next', url: url({ _cursor: cursorOf(last) }) });
  const entry = page.map((version) => entryOf(version, context.baseUrl));
  return { status: 200, headers: {}, body: bundleText({ type: 'history', total, link, entry }) };
}

/** R4 bundle.html#history: the request that made the version, and the answer that it could have had. */
function entryOf({ type, id, version, lastUpdated, method, content }: HistoryVersion, baseUrl: string): TextEntry {
  return {
    fullUrl: `${baseUrl}/${type}/${id}`,
    resource: content,
    request: { method, url: method === 'POST' ? type : `${type}/${id}` },
    response: {
      status: method === 'DELETE' ? '204' : version === 1 ? '201' : '200',
      etag: `W/"${version}"`,
      lastModified: lastUpdated,
    },
  };
}

function readCount(text: string | null): number {
  if (text === null) return defaultCount;
  if (!/^\d{1,9}$/.test(text)) throw new InvalidRequest('_count must be a whole number, 0 or more');
  return Math.min(Number(text), maxCount);
}

function readSince(text: string | null): string | null {
  if (text === null) return null;
  const instant = new Date(text);
  if (!/^(?!0000)\d{4}-\d{2}-\d{2}T/.test(text) || Number.isNaN(instant.getTime())) {
    throw new InvalidRequest('_since must be an instant such as 2026-01-31T10:00:00Z');
  }
  return instant.toISOString();
}

/** A date of any precision stands for the whole period that it names. */
function readAt(text: string | null): { start: string; end: string } | null {
  if (text === null) return null;
  const start = new Date(text);
  const [, year, month, day, time] = /^(?!0000)(\d{4})(-\d{2})?(-\d{2})?(T.+)?$/.exec(text) ?? [];
  if (year === undefined || Number.isNaN(start.getTime())) {
    throw new InvalidRequest('_at must be a date or instant such as 2026-01-31 or 2026-01-31T10:00:00Z');
  }
  const end = new Date(start);
  if (time !== undefined) end.setTime(start.getTime());
  else if (day !== undefined) end.setUTCDate(end.getUTCDate() + 1);
  else if (month !== undefined) end.setUTCMonth(end.getUTCMonth() + 1);
  else end.setUTCFullYear(end.getUTCFullYear() + 1);
  if (time === undefined) end.setTime(end.getTime() - 1);
  return { start: start.toISOString(), end: end.toISOString() };
}

function cursorOf({ lastUpdated, type, id, version }: HistoryPosition): string {
  return Buffer.from(JSON.stringify([lastUpdated, type, id, version])).toString('base64url');
}

/** As cursorOf writes it: Date.parse takes more than PostgreSQL does. */
const isoInstant = /^(?!0000)\d{4}-\d{2}-\d{2}T[\d:.]+Z$/;

function readCursor(text: string | null): HistoryPosition | null {
  if (text === null) return null;
  try {
    const [lastUpdated, type, id, version]: unknown[] = JSON.parse(Buffer.from(text, 'base64url').toString());
    if (
      typeof lastUpdated === 'string' &&
      isoInstant.test(lastUpdated) &&
      !Number.isNaN(Date.parse(lastUpdated)) &&
      typeof type === 'string' &&
      typeof id === 'string' &&
      Number.isSafeInteger(version)
    ) {
      return { lastUpdated, type, id, version: Number(version) };
    }
  } catch {
    // not one of ours: said below
  }
  throw new InvalidRequest('_cursor is not one that this server gave: start again from the first page');
}
