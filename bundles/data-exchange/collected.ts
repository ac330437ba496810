import type { Bundle, MeasureReport, OperationOutcomeIssue } from '@medplum/fhirtypes';
import type { FhirResource } from '../../cql/index.ts';
import type { MeasureDefinition, MeasurementPeriod } from '../../measures/index.ts';
import { uuidOf } from '../identity.ts';
import { canonicalOf } from '../measure-report/report.ts';
import { referenceOf, resourceOf } from '../references.ts';
import { type UpdateType, updateTypeExtension } from './update-type.ts';

/** Profile of the MeasureReports that data is exchanged with. */
export const dataExchangeProfile = 'http://hl7.org/fhir/uv/deqm/StructureDefinition/deqm-dataexchangemeasurereport';
const dataLocation = 'http://hl7.org/fhir/uv/deqm/StructureDefinition/deqm-dataLocation';
const messages = 'http://hl7.org/fhir/StructureDefinition/cqf-messages';

export interface CollectedSettings {
  readonly period: MeasurementPeriod;
  /** Instant with offset: what changed later is not in it. */
  readonly date: string;
  readonly reporter: NonNullable<MeasureReport['reporter']>;
  readonly updateType: UpdateType;
  readonly locations: readonly string[];
  /** Base of the full URLs, and meta.source of what has none; without a slash at the end. */
  readonly baseUrl: string;
}

/** What was collected for one measure of a subject. */
export interface CollectedMeasure {
  readonly definition: MeasureDefinition;
  /** `Type/id` of the data of interest. */
  readonly references: readonly string[];
  /** What `validateResources` found; null when it was not asked for. */
  readonly issues: readonly OperationOutcomeIssue[] | null;
}

/** The data-exchange MeasureReport of a subject and measure; its id is the same in every exchange. */
export function dataExchangeReport(
  subject: string,
  { definition, references, issues }: CollectedMeasure,
  { period, date, reporter, updateType, locations, baseUrl }: CollectedSettings,
): MeasureReport {
  const measure = canonicalOf(definition);
  return {
    resourceType: 'MeasureReport',
    id: uuidOf('data-exchange', measure, period.start, period.end, subject),
    meta: { source: baseUrl, profile: [dataExchangeProfile] },
    ...(issues !== null && {
      contained: [{ resourceType: 'OperationOutcome', id: 'messages', issue: [...issues] }],
    }),
    extension: [
      updateTypeExtension(updateType),
      ...locations.map((reference) => ({ url: dataLocation, valueReference: { reference } })),
      ...(issues === null ? [] : [{ url: messages, valueReference: { reference: '#messages' } }]),
    ],
    status: 'complete',
    type: 'data-collection',
    measure,
    subject: { reference: `Patient/${subject}` },
    date,
    reporter,
    period: { start: period.start, end: period.end },
    ...(references.length > 0 && { evaluatedResource: references.map((reference) => ({ reference })) }),
  };
}

/**
 * What `$collect-data` returns for a subject: the reports first, then the data, each resource once, then the deletions. A
 * transaction, so that it can be submitted as it is: what is there is put under its id, what is gone is deleted.
 *
 * @param data exact trees; those without meta.source get the server's base
 * @param deleted `Type/id` of data of interest that was deleted since the last collection
 */
export function collectedBundle(
  reports: readonly MeasureReport[],
  data: readonly FhirResource[],
  deleted: readonly string[],
  { date, baseUrl }: CollectedSettings,
): Bundle {
  const unique = new Map([...reports.map(treeOf), ...data].map((resource) => [referenceOf(resource) ?? '', resource]));
  return {
    resourceType: 'Bundle',
    id: uuidOf('collected', date, ...reports.map(({ id }) => id ?? '')),
    type: 'transaction',
    timestamp: date,
    entry: [
      ...[...unique].map(([reference, resource]) => ({
        fullUrl: `${baseUrl}/${reference}`,
        resource: resourceOf(withSource(resource, baseUrl)),
        request: { method: 'PUT' as const, url: reference },
      })),
      ...deleted.map((reference) => ({ request: { method: 'DELETE' as const, url: reference } })),
    ],
  };
}

function treeOf(report: MeasureReport): FhirResource {
  return report as unknown as FhirResource;
}

function withSource(resource: FhirResource, source: string): FhirResource {
  const meta = typeof resource.meta === 'object' && resource.meta !== null ? resource.meta : {};
  return 'source' in meta ? resource : { ...resource, meta: { ...meta, source } };
}
