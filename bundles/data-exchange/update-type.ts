import type { Extension, MeasureReport } from '@medplum/fhirtypes';
import type { MeasurementPeriod } from '../../measures/index.ts';

/** `incremental`: new and changed data only. `snapshot`: all data; what was sent before and is missing now is gone. */
export type UpdateType = 'incremental' | 'snapshot';

/** Extension deqm-submitDataUpdateType, on reports and on operations of CapabilityStatements. */
export const updateTypeUrl = 'http://hl7.org/fhir/uv/deqm/StructureDefinition/deqm-submitDataUpdateType';
const updateTypeUrls: readonly string[] = [
  updateTypeUrl,
  'http://hl7.org/fhir/us/davinci-deqm/StructureDefinition/extension-submitDataUpdateType',
];
export const updateTypes: readonly UpdateType[] = ['incremental', 'snapshot'];

export function updateTypeExtension(type: UpdateType): Extension {
  return { url: updateTypeUrl, valueCode: type };
}

/** What a data-exchange MeasureReport says of the data that it comes with. */
export interface DataExchange {
  /** The code as it was given; null without the extension, as base R4's `$submit-data` sends it. */
  readonly updateType: string | null;
  /** Canonical of the measure, without its version. */
  readonly measureUrl: string;
  /** Logical id of the Patient; null for other subjects. */
  readonly patient: string | null;
  /** As it is written: `Organization/x`; null when there is none. */
  readonly reporter: string | null;
  readonly period: MeasurementPeriod;
  /** `Type/id` of the local resources that it lists. */
  readonly evaluated: readonly string[];
}

/** Reads a MeasureReport of type data-collection (deqm-dataexchangemeasurereport); null for any other. */
export function readDataExchange(report: MeasureReport): DataExchange | null {
  if (report.type !== 'data-collection') return null;
  const extension = report.extension?.find(({ url }) => updateTypeUrls.includes(url ?? ''));
  const { start = '', end = '' } = report.period ?? {};
  return {
    updateType: extension === undefined ? null : (extension.valueCode ?? ''),
    measureUrl: (report.measure ?? '').split('|')[0] ?? '',
    patient: /^Patient\/([A-Za-z0-9.-]{1,64})$/.exec(report.subject?.reference ?? '')?.[1] ?? null,
    reporter: report.reporter?.reference ?? null,
    period: { start: start.slice(0, 10), end: end.slice(0, 10) },
    evaluated: (report.evaluatedResource ?? []).flatMap(
      ({ reference = '' }) => /^[A-Z][A-Za-z]+\/[A-Za-z0-9.-]{1,64}(?=$|\/_history\/)/.exec(reference)?.[0] ?? [],
    ),
  };
}
