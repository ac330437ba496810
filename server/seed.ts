import type { Measure, Resource } from '@medplum/fhirtypes';
import type { FhirResource } from '../cql/index.ts';
import { practice } from '../demo/index.ts';
import { ownMeasures } from '../measures/index.ts';
import { auditEvent } from './auth/audit.ts';
import { installCheck } from './content/install-check.ts';
import type { Actor } from './context.ts';
import type { Database, Sql } from './db/database.ts';
import type { StoredResource } from './db/stored-resource.ts';
import { setTarget } from './gaps/targets.ts';
import { applyEntries } from './store/apply-entries.ts';
import type { Applied, Entry } from './store/entry.ts';
import { isEmpty, readSetting, writeSetting } from './store/settings.ts';

export interface SeedSettings {
  readonly database: Database;
  readonly tenant: string;
  readonly actor: Actor;
  /** Size of the demo practice. */
  readonly patients: number;
  /** `YYYY-MM-DD`: the day on which the demo's records are taken. */
  readonly asOf: string;
  /** Stops between two transactions; what is loaded stays, and the next start goes on from there. */
  readonly signal: AbortSignal;
  onProgress(step: 'measures' | 'patients', done: number, total: number): void;
}

/** How far the demo practice is loaded: an interrupted first start goes on where it stopped, with the same practice. */
interface SeedState {
  readonly asOf: string;
  readonly patients: number;
  readonly loaded: number;
  readonly complete: boolean;
}

const stateName = 'demo-practice';
const demoSeed = 'gapless';
/** Patients per transaction: enough to make its commit cheap, few enough to show progress. */
const patientsAtOnce = 8;

/**
 * Fills an empty tenant with Gapless's own measures and the demo practice. Does nothing when the tenant has data of
 * its own, or when this was done before.
 *
 * @returns true when the tenant holds the demo practice
 */
export async function seed(settings: SeedSettings): Promise<boolean> {
  const { database, tenant } = settings;
  const known = await readSetting<SeedState>(database, tenant, stateName);
  if (known?.complete === true) return true;
  if (known === null && !(await isEmpty(database, tenant))) return false;
  const state = known ?? { asOf: settings.asOf, patients: settings.patients, loaded: 0, complete: false };
  // First of all, so that what stops half way is known to have begun.
  if (known === null) await writeSetting(database, tenant, stateName, state);
  if (state.loaded === 0) await installOwnMeasures(settings);
  if (state.patients > 0) {
    await setDemoTargets(settings);
    await loadPractice(settings, state);
  }
  await writeSetting(database, tenant, stateName, { ...state, loaded: state.patients, complete: true });
  return state.patients > 0;
}

async function installOwnMeasures(settings: SeedSettings): Promise<void> {
  const measures = ownMeasures();
  for (const [done, { bundle }] of measures.entries()) {
    settings.onProgress('measures', done, measures.length);
    await put(
      settings,
      (bundle.entry ?? []).flatMap(({ resource }) => resource ?? []),
      null,
    );
  }
  settings.onProgress('measures', measures.length, measures.length);
}

/** So that the page shows what a target looks like. The page changes them; they are nobody's benchmark. */
const demoTargets: Readonly<Record<string, number>> = {
  BreastCancerScreening: 0.75,
  ControllingHighBloodPressure: 0.7,
};

async function setDemoTargets({ database, tenant }: SeedSettings): Promise<void> {
  for (const { name, url, bundle } of ownMeasures()) {
    const target = demoTargets[name];
    const measure = bundle.entry?.find(({ resource }) => resource?.resourceType === 'Measure')?.resource as Measure;
    if (target === undefined) continue;
    for (const { id = null } of measure.group ?? []) {
      await setTarget(database, tenant, { measureUrl: url, groupId: id, target, source: 'Demo target' });
    }
  }
}

async function loadPractice(settings: SeedSettings, state: SeedState): Promise<void> {
  const { shared, patients, groups } = practice({ seed: demoSeed, patients: state.patients, asOf: state.asOf });
  if (state.loaded === 0) await put(settings, shared, null);
  let batch: Resource[] = [];
  let done = 0;
  for (const { resources } of patients) {
    settings.signal.throwIfAborted();
    done += 1;
    if (done <= state.loaded) continue;
    batch.push(...resources);
    if (done % patientsAtOnce !== 0 && done !== state.patients) continue;
    await put(settings, batch, { ...state, loaded: done });
    settings.onProgress('patients', done, state.patients);
    batch = [];
  }
  await put(settings, groups(), null);
}

async function put(settings: SeedSettings, resources: readonly Resource[], state: SeedState | null): Promise<void> {
  const { database, tenant, actor } = settings;
  await putResources(database, tenant, resources, {
    audit: (written) =>
      auditEvent(
        { tenant, actor, requestId: 'seed' },
        { action: 'E', interaction: 'transaction', resources: written, query: null },
        new Date(),
      ),
    beforeCommit: async (sql, written) => {
      await installCheck(sql, tenant, written);
      if (state !== null) await writeSetting(sql, tenant, stateName, state);
    },
  });
}

export interface PutSettings {
  readonly audit: (written: readonly StoredResource[]) => FhirResource;
  readonly beforeCommit: (sql: Sql, written: readonly StoredResource[]) => Promise<void>;
}

/** Stores resources under their own ids, in one transaction. */
export async function putResources(
  database: Database,
  tenant: string,
  resources: readonly Resource[],
  { audit, beforeCommit }: PutSettings,
): Promise<void> {
  const written = (applied: readonly Applied[]) => applied.flatMap(({ stored }) => stored ?? []);
  await applyEntries(database, tenant, resources.map(update), {
    transaction: true,
    audit: (applied) => audit(written(applied)),
    beforeCommit: (sql, applied) => beforeCommit(sql, written(applied)),
  });
}

function update(resource: Resource): Entry {
  return {
    method: 'PUT',
    type: resource.resourceType,
    id: resource.id ?? null,
    resource,
    criteria: null,
    fullUrl: `${resource.resourceType}/${resource.id}`,
    ifMatch: null,
    ifNoneMatch: null,
  };
}
