import v8 from 'node:v8';
import vm from 'node:vm';
import type { ValueSet } from '@medplum/fhirtypes';
import { type Evaluator, PatientRecord } from '../../cql/index.ts';
import type { PreparedMeasure } from '../../measures/index.ts';
import { loadContent } from '../conformance/content.ts';
import { readReferenceLines } from '../support/reference-data.ts';
import { parse } from './engine.ts';
import { evaluateOwn, prepareOwn } from './engines/own.ts';
import type { StoredPatient } from './patients.ts';

/** What it takes to have all measures ready. Processor time in ms, memory in bytes. */
export interface Preparation {
  readonly measures: number;
  readonly valueSets: number;
  /** Expanding the value sets, once for all measures. */
  readonly valueSetsMs: number;
  /** From the base64 ELM of the Library resources to measures that evaluate. */
  readonly prepareMs: number;
  /** What stays on the heap, and beside it, when only the prepared measures are kept. */
  readonly bytes: number;
}

/** The time from stored text to gap results of all measures, against parsing the same text. Processor ms. */
export interface WholeRecord {
  readonly resources: number;
  readonly parseMs: number;
  readonly allMeasuresMs: number;
  readonly failures: number;
}

/** All measures on one of our own engines, as a worker of the server has them. */
export class Product {
  readonly #prepared: ReadonlyMap<string, PreparedMeasure>;
  readonly preparation: Preparation;

  constructor(evaluator: Evaluator, names: readonly string[]) {
    const before = usedMemory();
    const { prepared, ...times } = prepareAll(evaluator, names);
    this.#prepared = prepared;
    this.preparation = { ...times, measures: prepared.size, bytes: usedMemory() - before };
  }

  async wholeRecord(patient: StoredPatient, minMs: number): Promise<WholeRecord> {
    let failures = 0;
    const parseMs = await cpuPerPass(minMs, async () => {
      parse(patient);
    });
    const allMeasuresMs = await cpuPerPass(minMs, async () => {
      const parsed = parse(patient);
      const record = new PatientRecord(parsed.resources);
      failures = 0;
      for (const measure of this.#prepared.values())
        if ((await evaluateOwn(measure, record, parsed, true)) === null) failures += 1;
    });
    return { resources: patient.texts.length, parseMs, allMeasuresMs, failures };
  }

  /** Every measure over every patient, from stored text. */
  async population(patients: readonly StoredPatient[]): Promise<void> {
    for (const patient of patients) {
      const parsed = parse(patient);
      const record = new PatientRecord(parsed.resources);
      for (const measure of this.#prepared.values()) await evaluateOwn(measure, record, parsed, true);
    }
  }
}

function prepareAll(
  evaluator: Evaluator,
  names: readonly string[],
): Omit<Preparation, 'bytes' | 'measures'> & { readonly prepared: ReadonlyMap<string, PreparedMeasure> } {
  const content = loadContent();
  const valueSets = readReferenceLines<ValueSet>('ecqm', 'valuesets.ndjson.gz');
  const expanding = process.cpuUsage();
  for (const { url = '', version } of valueSets) content.valueSets.find(url, version ?? null);
  const valueSetsMs = cpuSince(expanding);
  const preparing = process.cpuUsage();
  const prepared = new Map(names.map((name) => [name, prepareOwn(content, evaluator, name)]));
  return { valueSets: valueSets.length, valueSetsMs, prepareMs: cpuSince(preparing), prepared };
}

async function cpuPerPass(minMs: number, pass: () => Promise<void>): Promise<number> {
  const started = process.cpuUsage();
  let passes = 0;
  let ms = 0;
  do {
    await pass();
    passes += 1;
    ms = cpuSince(started);
  } while (ms < minMs);
  return ms / passes;
}

function cpuSince(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}

/** Bytes in use in this thread after a full garbage collection. */
function usedMemory(): number {
  v8.setFlagsFromString('--expose-gc');
  const collect: unknown = vm.runInNewContext('gc');
  if (typeof collect === 'function') collect();
  const { used_heap_size: heap, external_memory: external } = v8.getHeapStatistics();
  return heap + external;
}
