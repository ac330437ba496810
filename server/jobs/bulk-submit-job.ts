import { setTimeout as sleep } from 'node:timers/promises';
import { BulkClient } from '../connectors/bulk-client.ts';
import { endpointRules } from '../connectors/endpoint-addresses.ts';
import { broughtBy } from '../store/bulk-origins.ts';
import type { PullServices } from './bulk-pull.ts';
import { aloneWith, endPull, openPull, type Pull, PullUnderWay, savePull } from './bulk-pulls.ts';
import { type ManifestSettings, pullSourceOf, type SubmissionKey, sourceOf } from './bulk-submissions.ts';
import { deleteBrought, takeFiles } from './bulk-take.ts';
import type { JobHandler, JobRun } from './jobs.ts';

/** Kind of the jobs that take, and discard, what was submitted. */
export const submitJob = 'bulk-submit';

/** JSON. What `discards` names is discarded first. */
export interface SubmitJobInput extends Omit<SubmissionKey, 'tenant'> {
  readonly discards: readonly string[];
  readonly takes: { readonly url: string; readonly settings: ManifestSettings } | null;
}

const discardedAtOnce = 500;
const waitMs = 500;

/** Takes a submitted manifest, as a pull does, and discards what a manifest brought that holds no more. */
export function submitJobHandler(services: PullServices): JobHandler {
  return async (run) => {
    const input = run.input as SubmitJobInput;
    for (const url of input.discards) await discard(input, url, run, services);
    if (input.takes === null) return null;
    const { report } = await take(input, input.takes, run, services);
    return report;
  };
}

async function take(
  input: SubmitJobInput,
  { url, settings }: NonNullable<SubmitJobInput['takes']>,
  { tenant, id: job, signal, progress }: JobRun,
  services: PullServices,
): Promise<Pull> {
  const { database, pace, log, allowedHosts } = services;
  const source = pullSourceOf(input, url);
  return aloneWith(database, tenant, source, async () => {
    let pull = await openPull(database, tenant, source, { since: null, manifest: null });
    try {
      const client = new BulkClient({
        base: settings.fhirBaseUrl,
        authorization: { type: 'none' },
        tokenHosts: [],
        headers: settings.headers,
        rules: endpointRules(allowedHosts), // a client chose where it leads: nothing private unless an operator says so
        sign: (assertion) => services.sign(tenant, assertion),
        pace,
        signal,
        log,
      });
      if (pull.state.manifest === null) {
        pull = { ...pull, state: { ...pull.state, manifest: await client.manifestAt(url) } };
        await savePull(database, tenant, pull);
      }
      const taken = await takeFiles(
        pull,
        {
          tenant,
          client,
          signal,
          mapping: { mode: 'keep', source: sourceOf(input), base: settings.fhirBaseUrl },
          origin: { source: sourceOf(input), manifest: url, adopts: false, ownIds: false },
          progress,
          attempts: pace.attempts,
        },
        services,
      );
      await endPull(database, tenant, pull.id, 'completed', null);
      return taken;
    } catch (error) {
      const { rows } = await database.query<{ status: string }>(
        'SELECT status FROM job WHERE tenant = $1 AND id = $2',
        [tenant, job],
      );
      if (rows[0]?.status === 'cancelled') await endPull(database, tenant, pull.id, 'stopped', 'It was stopped');
      else if (!signal.aborted) await endPull(database, tenant, pull.id, 'failed', (error as Error).message);
      throw error;
    }
  });
}

/** Deletes what the manifest brought, once nobody takes it any more. */
async function discard(input: SubmitJobInput, url: string, run: JobRun, services: PullServices): Promise<void> {
  const { tenant, signal } = run;
  const { database } = services;
  const source = sourceOf(input);
  for (;;) {
    signal.throwIfAborted();
    try {
      await aloneWith(database, tenant, pullSourceOf(input, url), async () => {
        for (;;) {
          signal.throwIfAborted();
          const some = await broughtBy(database, tenant, source, [url], discardedAtOnce);
          if (some.length === 0) return;
          await deleteBrought(some, tenant, source, services);
        }
      });
      return;
    } catch (error) {
      if (!(error instanceof PullUnderWay)) throw error;
      await sleep(waitMs, undefined, { signal });
    }
  }
}
