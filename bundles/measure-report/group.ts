import type {
  Extension,
  MeasureReportGroup,
  MeasureReportGroupPopulation,
  MeasureReportGroupStratifier,
  MeasureReportGroupStratifierStratum,
} from '@medplum/fhirtypes';
import type { CqlValue } from '../../cql/index.ts';
import type {
  GroupDefinition,
  MeasureDefinition,
  PopulationCode,
  PopulationDefinition,
  PopulationResult,
  StratifierDefinition,
} from '../../measures/index.ts';
import { conceptOf, scoreQuantity, stratumValue } from '../cql-value.ts';
import type { DeqmNames } from '../deqm-version.ts';
import { groupScoring } from './report.ts';
import { supportingEvidence } from './supporting-evidence.ts';

/** Numbers of a population, of one subject or of many. `subjectResults` is `List/x`. */
export interface PopulationNumbers {
  readonly id: string | null;
  readonly code: PopulationCode;
  /** Null where it is not known, because the evaluation failed. */
  readonly count: number | null;
  readonly subjectResults?: string;
  readonly supportingEvidence?: PopulationResult['supportingEvidence'];
}

export interface GroupNumbers {
  readonly populations: readonly PopulationNumbers[];
  readonly stratifiers: readonly {
    readonly strata: readonly {
      readonly values: readonly CqlValue[];
      readonly populations: readonly PopulationNumbers[];
      readonly score: number | null;
    }[];
  }[];
  readonly score: number | null;
}

/**
 * A group of a report: ids, linkIds and codes of the Measure unchanged (DEQM guidance, "Group, Stratifier, and
 * Population Codes and Ids"), counts gross, a score only where there is one.
 */
export function reportGroup(
  measure: MeasureDefinition,
  group: GroupDefinition,
  numbers: GroupNumbers,
  names: DeqmNames,
): MeasureReportGroup {
  return {
    ...identified(group.id, [
      ...linkId('group', group.linkId, names),
      ...groupScoring(measure, group, names),
      ...compositeScoring(measure, names),
      ...description(group.description, names),
    ]),
    ...(group.code !== null && { code: conceptOf(group.code) }),
    ...(numbers.populations.length > 0 && {
      population: numbers.populations.map((population, index) =>
        reportPopulation(population, populationDefinition(group, population, index), 'group.population', names),
      ),
    }),
    ...(numbers.score !== null && { measureScore: scoreQuantity(numbers.score, group.scoringUnit) }),
    ...(group.stratifiers.length > 0 && {
      stratifier: group.stratifiers.map((stratifier, index) =>
        reportStratifier(group, stratifier, numbers.stratifiers[index]?.strata ?? [], names),
      ),
    }),
  };
}

/** A population has a count or a quantity (deqm-8), also when there is none: it says why. */
const unknownCount: Extension = {
  url: 'http://hl7.org/fhir/StructureDefinition/measurereport-countQuantity',
  valueQuantity: {
    extension: [{ url: 'http://hl7.org/fhir/StructureDefinition/data-absent-reason', valueCode: 'error' }],
  },
};

function reportPopulation(
  numbers: PopulationNumbers,
  definition: PopulationDefinition | null,
  path: 'group.population' | 'group.stratifier.stratum.population',
  names: DeqmNames,
): MeasureReportGroupPopulation {
  return {
    ...identified(numbers.id, [
      ...linkId(path, definition?.linkId ?? null, names),
      ...(path === 'group.population' ? description(definition?.description ?? null, names) : []),
      ...supportingEvidence(numbers.supportingEvidence ?? [], definition, names),
      ...(numbers.count === null ? [unknownCount] : []),
    ]),
    code: conceptOf(definition?.concept ?? standardConcept(numbers.code)),
    ...(numbers.count !== null && { count: numbers.count }),
    ...(numbers.subjectResults !== undefined && { subjectResults: { reference: numbers.subjectResults } }),
  };
}

function reportStratifier(
  group: GroupDefinition,
  stratifier: StratifierDefinition,
  strata: GroupNumbers['stratifiers'][number]['strata'],
  names: DeqmNames,
): MeasureReportGroupStratifier {
  return {
    ...identified(stratifier.id, linkId('group.stratifier', stratifier.linkId, names)),
    ...stratifierCode(stratifier, names),
    ...(strata.length > 0 && { stratum: strata.map((stratum) => reportStratum(group, stratifier, stratum, names)) }),
  };
}

/**
 * deqm-7: the code of the stratifier or those of its components, not both and not neither. Measures without a code for
 * a stratifier (all of CMS) get the name of its expression as text in DEQM reports; base R4 leaves it out.
 */
function stratifierCode(
  { code, components, expression }: StratifierDefinition,
  { profiles }: DeqmNames,
): Pick<MeasureReportGroupStratifier, 'code'> {
  if (components.length > 0) return {};
  if (code !== null) return { code: [conceptOf(code)] };
  return profiles === null || expression === null ? {} : { code: [{ text: expression }] };
}

function reportStratum(
  group: GroupDefinition,
  { components }: StratifierDefinition,
  { values, populations, score }: GroupNumbers['stratifiers'][number]['strata'][number],
  names: DeqmNames,
): MeasureReportGroupStratifierStratum {
  return {
    ...(components.length === 0
      ? { value: stratumValue(values[0] ?? null) }
      : {
          component: components.map((component, index) => ({
            ...identified(component.id, linkId('group.stratifier.stratum.component', component.linkId, names)),
            code: component.code === null ? { text: component.expression } : conceptOf(component.code),
            value: stratumValue(values[index] ?? null),
          })),
        }),
    population: populations.map((population, index) =>
      reportPopulation(
        population,
        populationDefinition(group, population, index),
        'group.stratifier.stratum.population',
        names,
      ),
    ),
    ...(score !== null && { measureScore: scoreQuantity(score, group.scoringUnit) }),
  };
}

/** By id; without ids by code and position. Null when the Measure has no such population. */
export function populationDefinition(
  group: GroupDefinition,
  { id, code }: PopulationNumbers,
  index: number,
): PopulationDefinition | null {
  const sameCode = group.populations.filter((population) => population.code === code);
  const samePlace = group.populations[index];
  return (
    (id === null ? undefined : sameCode.find((population) => population.id === id)) ??
    (samePlace?.code === code ? samePlace : sameCode[0]) ??
    null
  );
}

function identified(id: string | null, extension: readonly Extension[]): { id?: string; extension?: Extension[] } {
  return { ...(id !== null && { id }), ...(extension.length > 0 && { extension: [...extension] }) };
}

function linkId(path: string, value: string | null, { linkIds }: DeqmNames): readonly Extension[] {
  if (value === null || !linkIds) return [];
  return [
    { url: `http://hl7.org/fhir/5.0/StructureDefinition/extension-MeasureReport.${path}.linkId`, valueString: value },
  ];
}

function compositeScoring({ compositeScoring: code }: MeasureDefinition, names: DeqmNames): readonly Extension[] {
  if (code === null || names.compositeScoring === null) return [];
  const coding = [{ system: 'http://terminology.hl7.org/CodeSystem/composite-measure-scoring', code }];
  return [{ url: names.compositeScoring, valueCodeableConcept: { coding } }];
}

function description(text: string | null, { populationDescription }: DeqmNames): readonly Extension[] {
  if (text === null || text.trim() === '' || populationDescription === null) return [];
  return [{ url: populationDescription, valueMarkdown: text }];
}

function standardConcept(code: PopulationCode): PopulationDefinition['concept'] {
  return { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/measure-population', code }] };
}
