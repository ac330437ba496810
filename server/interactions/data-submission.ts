import type { MeasureReport } from '@medplum/fhirtypes';
import { type DataExchange, readDataExchange, updateTypes } from '../../bundles/index.ts';
import { auditEvent } from '../auth/audit.ts';
import { requireScope } from '../auth/scopes.ts';
import type { RequestContext } from '../context.ts';
import type { Transaction } from '../db/database.ts';
import type { StoredResource } from '../db/stored-resource.ts';
import { applyEntries } from '../store/apply-entries.ts';
import { listSubmitted, type MissingResource, missingFromSnapshot, rememberSubmitted } from '../store/submissions.ts';
import { UnsupportedUpdateType } from './errors.ts';

/** What became of a submission beside what its entries say, by the logical id of the MeasureReport. */
export type SubmissionNotes = ReadonlyMap<string, string>;

/** @throws UnsupportedUpdateType for a data-exchange MeasureReport with another type than incremental or snapshot */
export function checkUpdateType(resource: unknown): void {
  const exchange = isReport(resource) ? readDataExchange(resource) : null;
  const given = exchange?.updateType ?? null;
  if (given === null || updateTypes.some((type) => type === given)) return;
  throw new UnsupportedUpdateType(
    `The update type "${given}" is not supported: submitDataUpdateType is ${updateTypes.join(' or ')}`,
  );
}

/**
 * Accepts what a Bundle wrote as DEQM data submissions, one for each data-exchange MeasureReport in it, in the
 * transaction that wrote it. A submission lists what its report names as evaluated, and what the Bundle brought of the
 * subject and no report names. A snapshot replaces what the same reporter sent before about the subject, measure and
 * period: what it lists no more is deleted when submissions alone brought it (versions stay in the history), and is
 * kept, and said to be, when anything else speaks for it.
 *
 * @param complete false when entries of a batch failed: then nothing is removed
 * @throws UnsupportedUpdateType; ForbiddenByScope when the client may not delete what a snapshot would
 */
export async function acceptSubmissions(
  sql: Transaction,
  context: RequestContext,
  written: readonly StoredResource[],
  complete: boolean,
): Promise<SubmissionNotes> {
  const reports = written.flatMap(({ type, id, content }) => {
    if (type !== 'MeasureReport' || content === null) return [];
    const report = JSON.parse(content) as MeasureReport;
    checkUpdateType(report);
    const exchange = readDataExchange(report);
    return exchange === null ? [] : [{ id, exchange }];
  });
  const notes = new Map<string, string>();
  if (reports.length === 0) return notes;
  await rememberSubmitted(sql, context.tenant, written);
  const named = new Set(reports.flatMap(({ exchange }) => exchange.evaluated));
  for (const { id, exchange } of reports) {
    const { patient } = exchange;
    if (patient === null) continue;
    const unnamed = written.filter((each) => each.patient === patient && isData(each)).map(referenceTo);
    const listed = [...exchange.evaluated, ...unnamed.filter((reference) => !named.has(reference))];
    const key = { ...exchange, patient, reporter: exchange.reporter ?? context.actor.reference };
    await listSubmitted(sql, context.tenant, key, listed);
    if (exchange.updateType !== 'snapshot') continue;
    if (!complete) notes.set(id, 'Entries failed, so this snapshot replaced nothing: what was sent before is kept');
    else {
      const brought = written.map(referenceTo);
      const missing = await missingFromSnapshot(sql, context.tenant, key, [...listed, ...brought]);
      await remove(sql, context, missing);
      if (missing.length > 0) notes.set(id, noteOf(missing, exchange));
    }
  }
  return notes;
}

async function remove(sql: Transaction, context: RequestContext, missing: readonly MissingResource[]): Promise<void> {
  const gone = missing.filter(({ kept }) => kept === null);
  if (gone.length === 0) return;
  for (const type of new Set(gone.map((each) => each.type))) requireScope(context.scopes, type, 'd');
  const entries = gone.map(({ type, id }) => ({ method: 'DELETE' as const, type, id, criteria: null, ifMatch: null }));
  await applyEntries({ transaction: (work) => work(sql) }, context.tenant, entries, {
    audit: (applied) =>
      auditEvent(
        context,
        {
          action: 'D',
          interaction: 'delete',
          resources: applied.flatMap(({ stored }) => stored ?? []),
          query: null,
        },
        new Date(),
      ),
  });
}

const namedInNote = 50;

function noteOf(missing: readonly MissingResource[], { measureUrl }: DataExchange): string {
  const [gone, kept] = [missing.filter((each) => each.kept === null), missing.filter((each) => each.kept !== null)];
  const list = (of: readonly MissingResource[], text: (each: MissingResource) => string): string =>
    of.slice(0, namedInNote).map(text).join(', ') + (of.length > namedInNote ? ', …' : '');
  return [
    `Snapshot for ${measureUrl}: ${missing.length} resource(s) of the last submission are not in this one.`,
    ...(gone.length === 0 ? [] : [`Deleted (versions stay in the history): ${list(gone, referenceTo)}.`]),
    ...(kept.length === 0 ? [] : [`Kept: ${list(kept, (each) => `${referenceTo(each)} (${each.kept})`)}.`]),
  ].join(' ');
}

const notData = new Set(['Patient', 'MeasureReport', 'AuditEvent', 'Provenance']);

function isData({ type, deleted }: StoredResource): boolean {
  return !deleted && !notData.has(type);
}

function referenceTo({ type, id }: { readonly type: string; readonly id: string }): string {
  return `${type}/${id}`;
}

function isReport(resource: unknown): resource is MeasureReport {
  return (
    typeof resource === 'object' &&
    resource !== null &&
    'resourceType' in resource &&
    resource.resourceType === 'MeasureReport'
  );
}
