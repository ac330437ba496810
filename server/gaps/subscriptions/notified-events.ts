import type { DetectedIssue, Resource } from '@medplum/fhirtypes';
import { gapHistoryBundle, type RecordedTransition } from '../../../bundles/index.ts';
import type { NotifiedEvent } from '../../connectors/notification.ts';
import type { PayloadContent } from '../../connectors/subscription-terms.ts';
import type { Sql } from '../../db/database.ts';
import { wholeContent } from '../../db/stored-resource.ts';
import { parseExact } from '../../store/exact-json.ts';
import { formatCanonical } from '../../terminology/canonical.ts';
import type { SubscriptionRow } from './subscription-row.ts';

type Of = Pick<SubscriptionRow, 'tenant' | 'id' | 'source' | 'baseUrl'>;

/**
 * Events of a subscription by their numbers, oldest first, with what the content may show of them.
 *
 * @param from first number
 * @param until last number
 */
export async function notifiedEvents(
  sql: Sql,
  of: Of,
  content: PayloadContent,
  from: number,
  until: number,
  limit: number,
): Promise<NotifiedEvent[]> {
  const events =
    of.source === 'gap' ? await ofGaps(sql, of, from, until, limit) : await ofGroups(sql, of, from, until, limit);
  if (content !== 'full-resource') return events;
  const references = events.flatMap(({ focus, context, change }) => [
    ...context,
    ...(of.source === 'group' && change !== 'deleted' ? [focus] : []),
  ]);
  const stored = await storedResources(sql, of.tenant, references);
  return events.map((event) => {
    const known = [event.focus, ...event.context].flatMap((reference): [string, Resource][] => {
      const resource = event.resources.get(reference) ?? stored.get(reference);
      return resource === undefined ? [] : [[reference, resource]];
    });
    return { ...event, resources: new Map(known) };
  });
}

interface GapEventRow {
  readonly number: number;
  readonly source_number: number;
  readonly at: Date;
  readonly patient: string;
  readonly measure_url: string;
  readonly measure_version: string;
  readonly group_id: string;
  readonly period_start: string;
  readonly period_end: string;
  readonly from_status: RecordedTransition['from'];
  readonly to_status: RecordedTransition['to'];
  readonly cause: { readonly kind: RecordedTransition['cause']['code'] };
  /** Of the change in the history of the gap, with its reasons; null when that is not kept any more. */
  readonly transition: number | null;
  readonly reasons: readonly string[] | null;
  /** Has the measure several groups? */
  readonly several: boolean;
}

async function ofGaps(
  sql: Sql,
  { tenant, id, baseUrl }: Of,
  from: number,
  until: number,
  limit: number,
): Promise<NotifiedEvent[]> {
  const { rows } = await sql.query<GapEventRow>(
    `SELECT e.number, e.source_number, e.at, g.patient, g.measure_url, g.measure_version, g.group_id,
            g.period_start::text, g.period_end::text, g.from_status, g.to_status, g.cause, h.id AS transition,
            h.cause -> 'reasons' AS reasons,
            (SELECT count(DISTINCT s.group_id) > 1 FROM gap_state AS s
             WHERE s.patient = g.patient AND s.tenant = g.tenant AND s.measure_url = g.measure_url
               AND s.measure_version = g.measure_version AND s.period_start = g.period_start) AS several
     FROM subscription_event AS e
     JOIN gap_event AS g ON g.tenant = e.tenant AND g.number = e.source_number
     LEFT JOIN LATERAL (
       SELECT h.id, h.cause FROM gap_history AS h
       WHERE h.patient = g.patient AND h.tenant = g.tenant AND h.measure_url = g.measure_url
         AND h.measure_version = g.measure_version AND h.group_id = g.group_id AND h.period_start = g.period_start
         AND h.at = g.at ORDER BY h.id LIMIT 1) AS h ON true
     WHERE e.tenant = $1 AND e.subscription = $2 AND e.number BETWEEN $3 AND $4 ORDER BY e.number LIMIT $5`,
    [tenant, id, from, until, limit],
  );
  return rows.map((row) => gapEvent(row, tenant, baseUrl));
}

function gapEvent(row: GapEventRow, tenant: string, baseUrl: string): NotifiedEvent {
  const { number, source_number, at, patient, measure_url, measure_version, transition } = row;
  const measure = formatCanonical({ url: measure_url, version: measure_version === '' ? null : measure_version });
  const issue = detectedIssue(
    {
      id: `${tenant} ${transition ?? `event ${source_number}`}`,
      previous: null,
      patient,
      measure,
      measureTitle: null,
      group: row.several && row.group_id !== '' ? row.group_id : null,
      period: { start: row.period_start, end: row.period_end },
      at: at.toISOString(),
      from: row.from_status,
      to: row.to_status,
      reasons: row.reasons ?? [],
      cause: { code: row.cause.kind, text: row.cause.kind },
      sources: [],
    },
    baseUrl,
  );
  const focus = `DetectedIssue/${issue.id}`;
  const report = issue.evidence?.[0]?.detail?.[0]?.reference;
  return {
    number,
    at: at.toISOString(),
    focus,
    context: [`Patient/${patient}`, ...(report === undefined ? [] : [report])],
    query: `Patient/${patient}/$gap-history?${new URLSearchParams({ measureUrl: measure, _since: at.toISOString() })}`,
    resources: new Map([[focus, issue]]),
    change: 'created',
  };
}

/** The gap as `Patient/$gap-history` tells of the change. */
function detectedIssue(transition: RecordedTransition, baseUrl: string): DetectedIssue {
  const { entry = [] } = gapHistoryBundle([transition], { version: 'uv-1.0.0', baseUrl, total: 1, links: [] });
  const issue = entry[0]?.resource;
  if (issue?.resourceType !== 'DetectedIssue') throw new TypeError('a change of a gap is told as a DetectedIssue');
  return issue;
}

async function ofGroups(
  sql: Sql,
  { tenant, id }: Of,
  from: number,
  until: number,
  limit: number,
): Promise<NotifiedEvent[]> {
  const { rows } = await sql.query<{ number: number; at: Date; group_id: string; change: NotifiedEvent['change'] }>(
    `SELECT e.number, e.at, g.group_id, g.change FROM subscription_event AS e
     JOIN group_event AS g ON g.tenant = e.tenant AND g.number = e.source_number
     WHERE e.tenant = $1 AND e.subscription = $2 AND e.number BETWEEN $3 AND $4 ORDER BY e.number LIMIT $5`,
    [tenant, id, from, until, limit],
  );
  return rows.map(({ number, at, group_id, change }) => ({
    number,
    at: at.toISOString(),
    focus: `Group/${group_id}`,
    context: [],
    query: null,
    resources: new Map(),
    change,
  }));
}

/** Those that are there, as they are now and digit by digit, by reference. */
async function storedResources(
  sql: Sql,
  tenant: string,
  references: readonly string[],
): Promise<ReadonlyMap<string, Resource>> {
  if (references.length === 0) return new Map();
  const keys = [...new Set(references)].map((reference) => reference.split('/', 2));
  const { rows } = await sql.query<{ type: string; id: string; content: string }>(
    `SELECT r.type, r.id, ${wholeContent('r')} AS content FROM unnest($2::text[], $3::text[]) AS k (type, id)
     JOIN resource AS r ON r.tenant = $1 AND r.type = k.type AND r.id = k.id AND r.content IS NOT NULL`,
    [tenant, keys.map(([type]) => type), keys.map(([, id]) => id)],
  );
  return new Map(rows.map(({ type, id, content }) => [`${type}/${id}`, parseExact(content) as Resource]));
}
