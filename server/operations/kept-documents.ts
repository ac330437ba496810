import { createHash } from 'node:crypto';
import type { Bundle, Resource } from '@medplum/fhirtypes';
import { type CareGapsSettings, careGapsBundleId, careGapsCompositionId } from '../../bundles/index.ts';
import type { InstalledMeasure } from '../content/installed-measure.ts';
import { GapDocuments } from '../gaps/gap-documents.ts';
import { formatCanonical } from '../terminology/canonical.ts';
import type { Evaluation } from './evaluation.ts';
import { instantIn } from './instant.ts';
import { type OperationContext, ResourceText } from './operation.ts';
import type { OperationServices } from './services.ts';

const patientsAtOnce = 100;

/** What stands in a kept text for what differs from one reading to the next: JSON texts have no such characters. */
const marks = { date: '\u0001', bundle: '\u0002', composition: '\u0003' };

/**
 * Documents of a roster that are delivered as they were made last, as long as nothing changed; only the dates, and the ids
 * that follow from them, are today's. For readings that are delivered document by document: a roster's, night after night.
 */
export class KeptDocuments {
  readonly #documents: GapDocuments;
  readonly #settings: CareGapsSettings;
  readonly #evaluation: Evaluation;
  readonly #context: OperationContext;
  readonly #services: OperationServices;

  private constructor(
    documents: GapDocuments,
    settings: CareGapsSettings,
    evaluation: Evaluation,
    context: OperationContext,
    services: OperationServices,
  ) {
    this.#documents = documents;
    this.#settings = settings;
    this.#evaluation = evaluation;
    this.#context = context;
    this.#services = services;
  }

  /** Null for answers that are given whole, and for those that depend on parameters of the request's own. */
  static async open(
    settings: CareGapsSettings,
    evaluation: Evaluation,
    context: OperationContext,
    services: OperationServices,
  ): Promise<KeptDocuments | null> {
    const { keepDocuments } = services;
    if (context.deliver === undefined || keepDocuments !== true) return null;
    if (Object.keys(evaluation.parameters).length > 0 || (evaluation.pins?.size ?? 0) > 0) return null;
    const { tenant, now, timezone } = context;
    const hashOf = async (measure: InstalledMeasure): Promise<string> =>
      (await services.catalogue.package(tenant, formatCanonical(measure))).hash;
    const results = [];
    for (const measure of evaluation.measures) results.push({ measure, hash: await hashOf(measure) });
    const { date: _, ...lasting } = settings;
    // The program that made a text is part of what it says: a process takes none that was made before it began.
    const local = instantIn(now, timezone);
    const asked = [results.map(({ hash }) => hash), lasting, local.slice(23), performance.timeOrigin];
    const documents = new GapDocuments(services.database, {
      tenant,
      settings: createHash('sha256').update(JSON.stringify(asked)).digest('base64'),
      results,
      period: evaluation.period,
      now: local,
    });
    return new KeptDocuments(documents, settings, evaluation, context, services);
  }

  /** Delivers what is kept. @returns the patients whose documents are to be made */
  async deliver(patients: readonly string[]): Promise<readonly string[]> {
    const { deliver, signal } = this.#context;
    const others: string[] = [];
    const chunk = (from: number): readonly string[] => patients.slice(from, from + patientsAtOnce);
    let next = this.#documents.read(chunk(0));
    for (let from = 0; from < patients.length; from += patientsAtOnce) {
      signal.throwIfAborted();
      const some = chunk(from);
      const kept = await next;
      // Read while these are delivered.
      next = this.#documents.read(chunk(from + patientsAtOnce));
      next.catch(() => {}); // reported when its turn comes; until then it must not end the process
      for (const [patient, text] of kept)
        if (text !== '') await deliver?.(new ResourceText('Bundle', rendered(text, patient, this.#settings)));
      await this.#audit([...kept.keys()]);
      others.push(...some.filter((patient) => !kept.has(patient)));
      const done = Math.min(patients.length, from + patientsAtOnce);
      await this.#context.progress((done - others.length) / patients.length, `${done - others.length} kept`);
    }
    for (let from = 0; from < others.length; from += patientsAtOnce)
      await this.#documents.begin(others.slice(from, from + patientsAtOnce));
    return others;
  }

  /** Keeps what was made of a patient without errors and without remarks; null when there was nothing to make. */
  async keep(patient: string, bundle: Bundle | null): Promise<void> {
    const text = bundle === null ? '' : template(bundle, this.#settings);
    if (text !== null) await this.#documents.keep(patient, text);
  }

  async #audit(patients: readonly string[]): Promise<void> {
    if (patients.length === 0) return;
    await this.#services.audit.record(this.#context, {
      action: 'E',
      interaction: `$${this.#evaluation.operation}`,
      resources: patients.map((id) => ({ type: 'Patient', id, version: null, patient: id })),
      query: null,
    });
  }
}

/** Null when the patient's own data hold the very instant of the request, which could not be told from it again. */
function template(bundle: Bundle, { date }: CareGapsSettings): string | null {
  const { id = '', entry = [] } = bundle;
  const data = entry.flatMap(({ resource }) => (resource?.meta?.versionId === undefined ? [] : resource));
  if (data.some((resource) => JSON.stringify(resource).includes(date))) return null;
  const reports = madeReports(entry.flatMap(({ resource }) => resource ?? []));
  const text = JSON.stringify(bundle)
    .replaceAll(date, marks.date)
    .replaceAll(careGapsCompositionId(id), marks.composition)
    .replaceAll(id, marks.bundle);
  return `${reports.join(' ')}\n${text}`;
}

function madeReports(resources: readonly Resource[]): string[] {
  return resources.flatMap(({ resourceType, id = '', meta }) =>
    resourceType === 'MeasureReport' && meta?.versionId === undefined ? id : [],
  );
}

function rendered(kept: string, patient: string, { date, statuses }: CareGapsSettings): string {
  const end = kept.indexOf('\n');
  const reports = kept.slice(0, end);
  const id = careGapsBundleId(`Patient/${patient}`, date, reports === '' ? [] : reports.split(' '), statuses);
  return kept
    .slice(end + 1)
    .replaceAll(marks.date, date)
    .replaceAll(marks.composition, careGapsCompositionId(id))
    .replaceAll(marks.bundle, id);
}
