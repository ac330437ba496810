import type { Bundle, Parameters, Resource } from '@medplum/fhirtypes';
import type { FhirResource } from '../../cql/index.ts';
import type { SubjectResult } from '../../measures/index.ts';
import { isList } from '../cql-value.ts';
import { entriesOf } from '../entries.ts';
import { uuidOf } from '../identity.ts';
import { resourceOf } from '../references.ts';
import { isResource } from './observation.ts';
import type { ReportWithResources } from './report.ts';

/**
 * A Bundle of reports as `$evaluate` returns it: the MeasureReports first, then what was made for them, then what they
 * refer to (UV DEQM, OperationDefinition evaluate, `return`).
 */
export function measureReportBundle(
  reports: readonly ReportWithResources[],
  others: readonly Resource[],
  date: string,
  baseUrl: string,
): Bundle {
  return {
    resourceType: 'Bundle',
    id: uuidOf('reports', date, ...reports.map(({ report }) => report.id ?? '')),
    type: 'collection',
    timestamp: date,
    entry: entriesOf(
      [...reports.map(({ report }) => report), ...reports.flatMap(({ resources }) => resources), ...others],
      baseUrl,
    ),
  };
}

/** The patient, and the resources that were evaluated or are supplemental data, each once. */
export function evaluatedResources(patient: FhirResource, results: readonly SubjectResult[]): Resource[] {
  return [...new Set([patient, ...results.flatMap(resourcesOf)])].map(resourceOf);
}

/** All resources that a result names. */
export function resourcesOf({ evaluatedResources: evaluated, supplementalData }: SubjectResult): FhirResource[] {
  const values = supplementalData.flatMap(({ value }) => (isList(value) ? value : [value]));
  return [...evaluated, ...values.filter(isResource)].map(({ resource }) => resource);
}

/** `return` parameters: operations that may return several Bundles always wrap them in Parameters. */
export function returnParameters(bundles: readonly Bundle[]): Parameters {
  return {
    resourceType: 'Parameters',
    ...(bundles.length > 0 && { parameter: bundles.map((resource) => ({ name: 'return', resource })) }),
  };
}
