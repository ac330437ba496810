import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Library, Measure, Resource, ValueSet } from '@medplum/fhirtypes';
import { ownMeasures } from '../../../measures/index.ts';
import { readConfig } from '../../../server/config.ts';
import { installCheck } from '../../../server/content/install-check.ts';
import type { RequestContext } from '../../../server/context.ts';
import { demoIdentity } from '../../../server/http/request-context.ts';
import { createLogger } from '../../../server/log.ts';
import { putResources, seed } from '../../../server/seed.ts';
import { type Services, startServices } from '../../../server/services.ts';
import { readReferenceLines, referenceData } from '../../support/reference-data.ts';

export const { tenant, actor } = demoIdentity;
export const measureCount = 20;

export interface PracticeSize {
  readonly patients: number;
  /** The official measures of the reference data; otherwise our own ones under many urls. */
  readonly official: boolean;
  /** Uses, and leaves, the database of a run before. */
  readonly keep: boolean;
}

/** A server of its own on a database of its own: started and stopped as often as a phase asks. */
export class LivePractice {
  /** The data directory of its server. */
  readonly folder: string;
  readonly #size: PracticeSize;

  constructor(size: PracticeSize) {
    this.#size = size;
    const kept = join(tmpdir(), `gapless-bench-live-${size.patients}-${size.official ? 'official' : 'own'}`);
    this.folder = size.keep ? kept : mkdtempSync(join(tmpdir(), 'gapless-bench-live-'));
    mkdirSync(this.folder, { recursive: true });
    chmodSync(this.folder, 0o755); // as root, PostgreSQL runs as nobody, who has to get in
  }

  start(role: 'all' | 'api'): Promise<Services> {
    const config = readConfig({ GAPLESS_DATA_DIR: this.folder, GAPLESS_ROLE: role, GAPLESS_DEMO_PATIENTS: '0' });
    return startServices(config, createLogger({ logLevel: 'error', logFormat: 'text' }));
  }

  /** The practice and its measures, stored and not yet evaluated. Goes on where a kept database stopped. */
  async fill(services: Services, onProgress: (done: number, total: number) => void): Promise<void> {
    await seed({
      database: services.database,
      tenant,
      actor,
      patients: this.#size.patients,
      asOf: new Date().toISOString().slice(0, 10),
      signal: new AbortController().signal,
      onProgress: (step, done, total) => step === 'patients' && onProgress(done, total),
    });
    const content = this.#size.official ? officialMeasures() : repeatedMeasures();
    const known = await services.catalogue.list(tenant);
    if (known.length < content.count) await this.#install(services, content.resources);
  }

  async #install(services: Services, resources: readonly Resource[]): Promise<void> {
    await putResources(services.database, tenant, resources, {
      audit: () => ({ resourceType: 'AuditEvent' }) as never,
      beforeCommit: async (sql, written) => void (await installCheck(sql, tenant, written)),
    });
  }

  remove(): void {
    if (!this.#size.keep && existsSync(this.folder)) rmSync(this.folder, { recursive: true, force: true });
  }
}

interface Content {
  readonly resources: readonly Resource[];
  /** Measures that are installed then. */
  readonly count: number;
}

/** What a practice of general medicine reports, of the official measures, by CMS number: twenty, beside our own. */
const reported = [2, 22, 50, 68, 69, 117, 122, 124, 125, 130, 131, 138, 139, 153, 155, 156, 165, 347, 349, 951];

function officialMeasures(): Content {
  if (!existsSync(referenceData)) return repeatedMeasures();
  const names = new Set(reported.map((number) => `CMS${number}FHIR`));
  const chosen = readReferenceLines<Measure>('ecqm', 'measures.ndjson.gz')
    .filter(({ name = '' }) => names.has(/^CMS\d+FHIR/.exec(name)?.[0] ?? ''))
    .map((measure) => ({ ...measure, status: 'active' as const }));
  if (chosen.length !== measureCount) throw new Error(`${chosen.length} of ${measureCount} measures were found`);
  const others = [
    ...readReferenceLines<Library>('ecqm', 'libraries.ndjson.gz'),
    ...readReferenceLines<ValueSet>('ecqm', 'valuesets.ndjson.gz'),
  ];
  return { resources: [...others, ...chosen], count: ownMeasures().length + chosen.length };
}

/** Our own measures again and again under other urls: as much to store and to read, though less to compute. */
function repeatedMeasures(): Content {
  const own = ownMeasures().flatMap(({ bundle }) =>
    (bundle.entry ?? []).flatMap(({ resource }) => (resource?.resourceType === 'Measure' ? resource : [])),
  );
  const resources = Array.from({ length: measureCount - own.length }, (_, n): Measure => {
    const measure = own[n % own.length] as Measure;
    return { ...measure, id: `${measure.id}-${n}`, url: `${measure.url}-${n}`, name: `${measure.name}${n}` };
  });
  return { resources, count: measureCount };
}

/** The urls of the measures that are asked for: twenty. */
export async function measureUrls({ catalogue }: Services): Promise<string[]> {
  const measures = await catalogue.list(tenant);
  const official = measures.filter(({ url }) => !url.startsWith('http://gapless.health/'));
  return (official.length >= measureCount ? official : measures).slice(0, measureCount).map(({ url }) => url);
}

export function requestContext(): RequestContext {
  return {
    ...demoIdentity,
    requestId: 'bench',
    now: new Date(),
    timezone: 'UTC',
    log: createLogger({ logLevel: 'error', logFormat: 'text' }),
    signal: new AbortController().signal,
    baseUrl: 'http://127.0.0.1:8080/fhir',
  };
}
