import { setTimeout as sleep } from 'node:timers/promises';
import type { FhirResponse } from '../../../server/interactions/interaction.ts';
import type { Services } from '../../../server/services.ts';
import { spread } from '../statistics.ts';
import { requestContext } from './live-practice.ts';

export interface Latencies {
  readonly count: number;
  readonly medianMs: number;
  readonly p99Ms: number;
}

export function latenciesOf(milliseconds: readonly number[]): Latencies {
  const sorted = milliseconds.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  return { count: sorted.length, medianMs: at(0.5), p99Ms: at(0.99) };
}

let written = 0;

/** One blood pressure of today, for one patient: PUT as an EHR sends it. @returns its id */
export async function writeOne({ dispatch }: Services, patient: string): Promise<string> {
  written += 1;
  const id = `bench-${process.pid}-${Date.now().toString(36)}-${written}`;
  const component = (code: string, value: number): object => ({
    code: { coding: [{ system: 'http://loinc.org', code }] },
    valueQuantity: { value, unit: 'mm[Hg]', system: 'http://unitsofmeasure.org', code: 'mm[Hg]' },
  });
  const body = JSON.stringify({
    resourceType: 'Observation',
    id,
    status: 'final',
    category: [
      {
        coding: [{ system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: 'vital-signs' }],
      },
    ],
    code: { coding: [{ system: 'http://loinc.org', code: '85354-9' }] },
    subject: { reference: `Patient/${patient}` },
    effectiveDateTime: new Date().toISOString(),
    component: [component('8480-6', 110 + (written % 60)), component('8462-4', 70 + (written % 30))],
  });
  const request = { method: 'PUT', path: ['Observation', id], query: new URLSearchParams(), headers: {}, body };
  const { status } = await dispatch(requestContext(), request);
  if (status !== 201) throw new Error(`a write was answered with ${status}`);
  return id;
}

/** Asks for all gaps of one patient, as a page or a payer does. */
export async function askGaps({ dispatch }: Services, patient: string, urls: readonly string[]): Promise<FhirResponse> {
  const year = String(new Date().getUTCFullYear());
  const query = new URLSearchParams({ periodStart: year, periodEnd: year, subject: `Patient/${patient}` });
  for (const url of urls) query.append('measureUrl', url);
  for (const status of ['open-gap', 'closed-gap', 'prospective-gap', 'not-applicable']) query.append('status', status);
  const request = { method: 'GET', path: ['Measure', '$care-gaps'], query, headers: {}, body: null };
  return dispatch(requestContext(), request);
}

/** Writes at a steady rate, whatever the answers take. @returns latency of each write */
export async function writeSteadily(
  services: Services,
  patients: readonly string[],
  { perSecond, seconds }: { readonly perSecond: number; readonly seconds: number },
): Promise<number[]> {
  const latencies: number[] = [];
  const open: Promise<void>[] = [];
  const began = performance.now();
  for (let n = 0; n < perSecond * seconds; n += 1) {
    const due = began + (n * 1000) / perSecond;
    const early = due - performance.now();
    if (early > 0) await sleep(early);
    const patient = patients[(n * 7919) % patients.length] ?? '';
    // Counted from when it was due: a writer that is late because the server is slow is not let off.
    open.push(writeOne(services, patient).then(() => void latencies.push(performance.now() - due)));
  }
  await Promise.all(open);
  return latencies;
}

/** As many writes as go through, a few at a time. @returns writes per second */
export async function writeFast(
  services: Services,
  patients: readonly string[],
  { seconds, writers }: { readonly seconds: number; readonly writers: number },
): Promise<number> {
  const began = performance.now();
  let count = 0;
  const write = async (lane: number): Promise<void> => {
    for (let n = lane; performance.now() - began < seconds * 1000; n += writers) {
      await writeOne(services, patients[(n * 7919) % patients.length] ?? '');
      count += 1;
    }
  };
  await Promise.all(Array.from({ length: writers }, (_, lane) => write(lane)));
  return count / ((performance.now() - began) / 1000);
}

/**
 * Patients of whom a blood pressure is shown: one whose writing changes an answer. Others would only tell that nothing
 * changes. Looks at so many, and leaves a reading with each.
 */
export async function patientsThatShow(
  services: Services,
  patients: readonly string[],
  urls: readonly string[],
  { looked, wanted }: { readonly looked: number; readonly wanted: number },
): Promise<string[]> {
  const found: string[] = [];
  for (const patient of spread(patients, looked)) {
    if (found.length === wanted) break;
    const id = await writeOne(services, patient);
    if (await isVisible(services, patient, urls, id)) found.push(patient);
  }
  return found;
}

/** A write that changes an answer, and no answer that shows it. */
export class WriteNotShown extends Error {
  override readonly name = 'WriteNotShown';
}

/**
 * While writes come in at a steady rate for all patients: from before a write is sent until $care-gaps shows its effect,
 * for one write after another, each of which changes an answer.
 *
 * @param shown of whom blood pressures are shown (`patientsThatShow`)
 * @throws WriteNotShown
 */
export async function timeToVisible(
  services: Services,
  { patients, shown, urls }: Readonly<Record<'patients' | 'shown' | 'urls', readonly string[]>>,
  load: { readonly perSecond: number; readonly seconds: number },
): Promise<{ readonly visible: number[]; readonly writes: number[] }> {
  const visible: number[] = [];
  const ended = new AbortController();
  const writing = writeSteadily(services, patients, load).finally(() => ended.abort());
  for (let n = 0; !ended.signal.aborted; n += 1) {
    const patient = shown[n % shown.length] ?? '';
    const before = performance.now();
    const id = await writeOne(services, patient);
    while (!(await isVisible(services, patient, urls, id)))
      if (performance.now() - before > 30_000) throw new WriteNotShown(`Observation/${id} of Patient/${patient}`);
    visible.push(performance.now() - before);
    await sleep(50);
  }
  return { visible, writes: await writing };
}

/** Whether an answer names the reading. */
async function isVisible(services: Services, patient: string, urls: readonly string[], id: string): Promise<boolean> {
  const { body } = await askGaps(services, patient, urls);
  return JSON.stringify(body).includes(`Observation/${id}`);
}
