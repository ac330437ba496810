import { once } from 'node:events';
import { createWriteStream, existsSync } from 'node:fs';
import { finished } from 'node:stream/promises';
import type { Bundle, Resource } from '@medplum/fhirtypes';
import { practice } from '../../../demo/index.ts';
import { readReferenceLines, referenceData } from '../../support/reference-data.ts';

const uuid = /[0-9a-f]{8}(?=-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})/g;

/** Transaction Bundles of Synthea; of the demo practice where the reference data is absent. */
export function sampleBundles(): { readonly name: string; readonly bundles: readonly Bundle[] } {
  if (existsSync(referenceData))
    return { name: 'Synthea', bundles: readReferenceLines<Bundle>('synthea', 'bundles.ndjson.gz') };
  const { shared, patients } = practice({ seed: 'ingest', patients: 100, asOf: '2026-01-01' });
  const groups: (readonly Resource[])[] = [shared];
  for (const { resources } of patients) groups.push(resources);
  return { name: 'demo practice', bundles: groups.map(asTransaction) };
}

function asTransaction(resources: readonly Resource[]): Bundle {
  return {
    resourceType: 'Bundle',
    type: 'transaction',
    entry: resources.map((resource) => ({
      resource,
      request: { method: 'PUT', url: `${resource.resourceType}/${resource.id}` },
    })),
  };
}

/** The Bundle as JSON with other ids in every round, so that nothing is stored twice. */
export function bundleText(bundle: Bundle, round: number): string {
  return inRound(JSON.stringify(bundle), round);
}

function inRound(text: string, round: number): string {
  const other = text.replaceAll(uuid, (part) =>
    (Number.parseInt(part, 16) ^ round).toString(16).slice(-8).padStart(8, '0'),
  );
  return round === 0 ? other : other.replaceAll(/"(?:demo-\d+|[A-Za-z]+\/demo-\d+)/g, (id) => `${id}-${round}`);
}

/** A resource as a line, with references between resources instead of those within a Bundle. */
export interface SampleLine {
  readonly type: string;
  readonly id: string;
  readonly patient: string;
  readonly text: string;
}

/** Each resource once, all Bundles of a round after another. */
export function sampleLines(bundles: readonly Bundle[], round: number): SampleLine[] {
  const found = new Map<string, SampleLine>();
  for (const { entry = [] } of bundles) {
    const ids = new Map(entry.map(({ fullUrl, resource }) => [fullUrl, `${resource?.resourceType}/${resource?.id}`]));
    const patient = entry.find(({ resource }) => resource?.resourceType === 'Patient')?.resource?.id ?? '';
    for (const { resource } of entry) {
      if (resource === undefined) continue;
      const text = JSON.stringify(resource).replaceAll(/urn:uuid:[0-9a-f-]{36}/g, (urn) => ids.get(urn) ?? urn);
      const key = `${resource.resourceType}/${resource.id}`;
      const line = {
        type: resource.resourceType,
        id: inRound(resource.id ?? '', round),
        patient: inRound(patient, round),
      };
      found.set(key, { ...line, text: inRound(text, round) });
    }
  }
  return [...found.values()];
}

/** Writes an NDJSON file of at least so many resources. @returns how many they are */
export async function writeSample(file: string, bundles: readonly Bundle[], atLeast: number): Promise<number> {
  const stream = createWriteStream(file);
  let count = 0;
  for (let round = 0; count < atLeast; round += 1) {
    const lines = sampleLines(bundles, round);
    count += lines.length;
    if (!stream.write(`${lines.map(({ text }) => text).join('\n')}\n`)) await once(stream, 'drain');
  }
  stream.end();
  await finished(stream);
  return count;
}
