import { createHash } from 'node:crypto';
import type { Bundle, Resource } from '@medplum/fhirtypes';
import { type CareGapsSettings, careGapsBundleId, careGapsCompositionId } from '../../bundles/index.ts';
import type { InstalledMeasure } from '../content/installed-measure.ts';
import { GapDocuments } from '../gaps/gap-documents.ts';
import { formatCanonical } from '../terminology/canonical.ts';
import type { Evaluation } from './evaluation.ts';
import { instantIn } from './instant.ts';
import { type OperationContext, ResourceText } from './operation.ts';
import type { EvaluatedSubject, OperationServices } from './services.ts';

const patientsAtOnce = 100;

/** What stands in a kept text for what differs from one reading to the next: JSON texts have no such characters. */
const marks = { date: '\u0001', bundle: '\u0002', composition: '\u0003' };

/**
 * Documents of a roster that are delivered as they were made last, as long as nothing changed; only the date of the
 * Bundle, and the ids that follow from it, are today's. For readings that are delivered document by document: a roster's, night after night.
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
    if (context.deliver === undefined || keepDocuments === undefined) return null;
    if (Object.keys(evaluation.parameters).length > 0 || (evaluation.pins?.size ?? 0) > 0) return null;
    const { tenant, now, timezone } = context;
    const hashOf = async (measure: InstalledMeasure): Promise<string> =>
      (await services.catalogue.package(tenant, formatCanonical(measure))).hash;
    const results = [];
    for (const measure of evaluation.measures) results.push({ measure, hash: await hashOf(measure) });
    const { date: _, ...lasting } = settings;
    // The program that made a text is part of what it says.
    const local = instantIn(now, timezone);
    const asked = [results.map(({ hash }) => hash), lasting, local.slice(23), keepDocuments];
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

  /**
   * Keeps what was made of a patient without errors and without remarks.
   * @param bundle null when there was nothing to make
   */
  async keep({ subject, measures }: EvaluatedSubject, bundle: Bundle | null): Promise<void> {
    // What was evaluated for this answer is of another date than what the state says afterwards.
    if (!measures.every((outcome) => 'evaluatedAt' in outcome || isLeftOut(outcome))) return;
    const text = bundle === null ? '' : template(bundle, this.#settings);
    if (text !== null) await this.#documents.keep(subject, text);
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

/** Of the statuses that are not wanted: nothing of it is in the document. */
function isLeftOut(outcome: EvaluatedSubject['measures'][number]): boolean {
  return 'gaps' in outcome && outcome.gaps.length === 0;
}

/**
 * A line with the ids of the reports; one with the Bundle as far as its Composition, where all that differs next time is
 * marked; and its other entries, which stay as they are. Null for a Bundle that cannot be told apart so.
 */
function template(bundle: Bundle, { date }: CareGapsSettings): string | null {
  const { id = '', entry = [] } = bundle;
  const first = entry[0]?.resource?.resourceType === 'Composition' ? entry.slice(0, 1) : [];
  const end = ']}';
  const head = JSON.stringify({ ...bundle, entry: first });
  const others = entry.slice(first.length).map((each) => JSON.stringify(each));
  const start = `${head.slice(0, -end.length)}${first.length > 0 && others.length > 0 ? ',' : ''}`;
  const rest = `${others.join(',')}${end}`;
  const composition = careGapsCompositionId(id);
  if (start + rest !== JSON.stringify(bundle) || rest.includes(id) || rest.includes(composition)) return null;
  if (head.split(date).length !== first.length + 2) return null;
  const marked = start
    .replaceAll(date, marks.date)
    .replaceAll(composition, marks.composition)
    .replaceAll(id, marks.bundle);
  return `${madeReports(entry.flatMap(({ resource }) => resource ?? [])).join(' ')}\n${marked}\n${rest}`;
}

function madeReports(resources: readonly Resource[]): string[] {
  return resources.flatMap(({ resourceType, id = '', meta }) =>
    resourceType === 'MeasureReport' && meta?.versionId === undefined ? id : [],
  );
}

function rendered(kept: string, patient: string, { date, statuses }: CareGapsSettings): string {
  const reportsEnd = kept.indexOf('\n');
  const headEnd = kept.indexOf('\n', reportsEnd + 1);
  const reports = kept.slice(0, reportsEnd);
  const id = careGapsBundleId(`Patient/${patient}`, date, reports === '' ? [] : reports.split(' '), statuses);
  const head = kept
    .slice(reportsEnd + 1, headEnd)
    .replaceAll(marks.date, date)
    .replaceAll(marks.composition, careGapsCompositionId(id))
    .replaceAll(marks.bundle, id);
  return head + kept.slice(headEnd + 1);
}
