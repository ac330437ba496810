import { setTimeout as sleep } from 'node:timers/promises';
import type { FhirResource } from '../../cql/index.ts';
import { seededRandom } from '../../demo/random.ts';
import { measureOf, measures, valueSets } from '../server/gaps/live-practice.ts';
import { type Checked, check } from './kill-checks.ts';
import { KillDeployment, type Topology, type Victim } from './kill-deployment.ts';
import { KillLoad, type Write } from './kill-load.ts';
import { fhir } from './server-process.ts';

export interface KillSettings {
  readonly rounds: number;
  readonly seed: number;
  /** An empty folder for the data. */
  readonly folder: string;
  /** Ways to run the product, by turns: the next after each check. */
  readonly topologies: readonly [Topology, ...Topology[]];
  /** After so many rounds all comes to rest and is checked. */
  readonly checkEvery: number;
  readonly say: (line: string) => void;
}

export interface KillReport {
  readonly kills: Readonly<Partial<Record<Victim, number>>>;
  readonly acknowledged: number;
  readonly refused: number;
  readonly problems: readonly string[];
  readonly looked: Checked['looked'] | null;
}

const clients = 6;
const live = ['Any', 'Sugar', 'Dated', 'Drug', 'Person', 'Clock'] as const;

/** Kills servers, workers and the database at random points under load, and holds what is left to what is right. */
export async function killRounds(settings: KillSettings): Promise<KillReport> {
  const deployment = await KillDeployment.at(settings.folder);
  try {
    return await roundsOn(deployment, settings);
  } finally {
    deployment.abandon();
  }
}

async function roundsOn(
  deployment: KillDeployment,
  { rounds, seed, checkEvery, topologies, say }: KillSettings,
): Promise<KillReport> {
  const random = seededRandom(`kill ${seed}`);
  const kills: Partial<Record<Victim, number>> = {};
  const writes: Write[] = [];
  const problems: string[] = [];
  let [acknowledged, refused] = [0, 0];
  let looked: Checked['looked'] | null = null;
  for (let round = 0; round < rounds && problems.length === 0; ) {
    const topology = topologies[Math.floor(round / checkEvery) % topologies.length] ?? topologies[0];
    await deployment.start(topology);
    if (round === 0) await installMeasures(deployment.url);
    const load = new KillLoad(deployment.url, `r${round}x`, random);
    load.start(clients);
    for (const end = Math.min(rounds, round + checkEvery); round < end; round += 1) {
      // Now and then while it is still starting, or recovering, from the one before.
      if (random.chance(0.8) && !(await load.progress(random.integer(5, 80), 120_000))) {
        problems.push(`nothing is acknowledged any more:\n${deployment.output()}`);
        break;
      }
      await sleep(random.integer(0, 600));
      const victim = await deployment.kill(random);
      kills[victim] = (kills[victim] ?? 0) + 1;
      say(`${round + 1} ${victim} (${topology}), ${acknowledged + load.acknowledged} writes acknowledged`);
    }
    if (problems.length === 0 && !(await load.progress(5, 120_000)))
      problems.push(`nothing is acknowledged any more:\n${deployment.output()}`);
    await load.stop();
    writes.push(...load.writes);
    acknowledged += load.acknowledged;
    refused += load.writes.filter(({ outcome }) => outcome === 'unknown').length;
    problems.push(...load.unexpected.map((each) => `unexpected answer: ${each}`));
    if (problems.length === 0) {
      await deployment.ready();
      const checked = await check(deployment.socket(), writes, 120_000);
      looked = checked.looked;
      problems.push(...checked.problems);
      say(`checked ${JSON.stringify(checked.looked)}: ${checked.problems.length} problems`);
    }
    problems.push(...deployment.deaths, ...(await deployment.stop()));
  }
  return { kills, acknowledged, refused, problems, looked };
}

async function installMeasures(url: string): Promise<void> {
  const resources = [...valueSets, ...live.flatMap((name) => measureOf(name, measures[name]))].flatMap((entry) =>
    entry.method === 'PUT' ? [entry.resource as FhirResource] : [],
  );
  const byReference = new Map(resources.map((resource) => [`${resource.resourceType}/${resource.id}`, resource]));
  const entry = [...byReference].map(([reference, resource]) => ({
    resource,
    request: { method: 'PUT', url: reference },
  }));
  const { status, json } = await fhir(url, 'POST', '', { resourceType: 'Bundle', type: 'transaction', entry });
  if (status !== 200) throw new Error(`the measures are not installed: ${status} ${JSON.stringify(json)}`);
}
