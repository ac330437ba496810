import type { Extension, MeasureReport, Observation, Reference } from '@medplum/fhirtypes';
import {
  type GroupDefinition,
  reportedGroups,
  type SubjectResult,
  type SupplementalDataDefinition,
} from '../../measures/index.ts';
import { isList } from '../cql-value.ts';
import { type DeqmNames, deqmNames } from '../deqm-version.ts';
import { referenceOf } from '../references.ts';
import { populationDefinition, reportGroup } from './group.ts';
import { isResource, measureObservations, supplementalObservations } from './observation.ts';
import { canonicalOf, type ReportSettings, type ReportWithResources, reportRoot, withExtensions } from './report.ts';
import { reportIdOf } from './report-id.ts';

/** Id that the individual report of a subject has: the same for the same measure, period and subject. */
export function individualReportId({ definition, period, version }: ReportSettings, subject: string): string {
  return reportIdOf({ measure: canonicalOf(definition), period, subject }, version);
}

/**
 * The individual MeasureReport of one subject (DEQM: deqm-individualmeasurereport). Measure observations, and
 * supplemental data and risk adjustment factors that are not resources, become Observations beside it; in base R4,
 * where a report travels alone, they are contained.
 */
export function individualReport(result: SubjectResult, settings: ReportSettings): ReportWithResources {
  const { definition, version } = settings;
  const groups = reportedGroups(definition);
  const names = deqmNames[version];
  const subject = `Patient/${result.subject}`;
  const id = individualReportId(settings, result.subject);
  const references = new EvaluatedResources(names);
  for (const { resource, criteria } of result.evaluatedResources) {
    const reference = referenceOf(resource);
    if (reference !== null) references.add(reference, criteria);
  }

  const observations: Observation[] = [];
  const refer = version === 'r4' ? (o: Observation) => `#${o.id}` : (o: Observation) => `Observation/${o.id}`;
  for (const [index, group] of groups.entries()) {
    for (const { made, criteria } of groupObservations(id, subject, group, result.groups[index], settings)) {
      observations.push(...made);
      for (const observation of made) references.add(refer(observation), criteria);
    }
  }

  const supplemental: Extension[] = [];
  for (const item of individualData(definition.supplementalData)) {
    const value = result.supplementalData.find(({ expression }) => expression === item.expression)?.value ?? null;
    const made = supplementalObservations(id, subject, item, value, settings);
    observations.push(...made);
    const resources = (isList(value) ? value : [value]).filter(isResource).map(({ resource }) => referenceOf(resource));
    const criteria = [item.linkId ?? item.id ?? item.expression];
    for (const reference of [...resources, ...made.map(refer)]) {
      if (reference === null) continue;
      references.add(reference, criteria);
      if (names.supplementalData === null) continue;
      supplemental.push({
        url: names.supplementalData,
        valueReference: { extension: criteriaReferences(criteria, names), reference },
      });
    }
  }

  const root = reportRoot(settings, 'individual', id, subject);
  const report: MeasureReport = {
    ...withExtensions(root, supplemental),
    ...(version === 'r4' && observations.length > 0 && { contained: observations }),
    group: groups.flatMap((group, index) => {
      const numbers = result.groups[index];
      return numbers === undefined ? [] : [reportGroup(definition, group, numbers, names)];
    }),
    ...(references.size > 0 && { evaluatedResource: references.list() }),
  };
  return { report, resources: version === 'r4' ? [] : observations };
}

function individualData(all: readonly SupplementalDataDefinition[]): readonly SupplementalDataDefinition[] {
  return all.filter(
    ({ includeInReportTypes }) => includeInReportTypes.length === 0 || includeInReportTypes.includes('individual'),
  );
}

function groupObservations(
  reportId: string,
  subject: string,
  group: GroupDefinition,
  result: SubjectResult['groups'][number] | undefined,
  settings: ReportSettings,
): { made: readonly Observation[]; criteria: readonly string[] }[] {
  return (result?.populations ?? []).flatMap((population, index) => {
    const definition = populationDefinition(group, population, index);
    if (population.code !== 'measure-observation' || definition === null) return [];
    return [
      {
        made: measureObservations(reportId, subject, definition, group.scoringUnit, population.observations, settings),
        criteria: [definition.linkId ?? definition.id ?? definition.expression],
      },
    ];
  });
}

function criteriaReferences(criteria: Iterable<string>, { criteriaReference }: DeqmNames): Extension[] {
  return [...criteria].map((valueString) => ({ url: criteriaReference, valueString }));
}

/** evaluatedResource: each resource once, with all criteria that used it. */
class EvaluatedResources {
  readonly #names: DeqmNames;
  readonly #criteria = new Map<string, Set<string>>();

  constructor(names: DeqmNames) {
    this.#names = names;
  }

  get size(): number {
    return this.#criteria.size;
  }

  add(reference: string, criteria: readonly string[]): void {
    const known = this.#criteria.get(reference);
    if (known === undefined) this.#criteria.set(reference, new Set(criteria));
    else for (const criterion of criteria) known.add(criterion);
  }

  list(): Reference[] {
    return [...this.#criteria].map(([reference, criteria]) => ({
      ...(criteria.size > 0 && { extension: criteriaReferences(criteria, this.#names) }),
      reference,
    }));
  }
}
