import type {
  CompositeScoring,
  GroupDefinition,
  MeasureDefinition,
  PopulationCode,
  PopulationDefinition,
} from '../definition.ts';
import type { PreparedMeasure } from '../prepare.ts';
import type { GroupResult, PopulationResult, SubjectResult } from './result.ts';
import { groupScore } from './score.ts';
import { weightedMean } from './scoring/composite.ts';

/** A component's group of one subject, with what the composite says of it. */
interface ComponentGroup {
  readonly group: GroupDefinition;
  readonly result: GroupResult;
  readonly weight: number | null;
}

const names: { readonly [code in PopulationCode]?: string } = {
  'initial-population': 'Initial Population',
  denominator: 'Denominator',
  'denominator-exclusion': 'Denominator Exclusion',
  'denominator-exception': 'Denominator Exception',
  numerator: 'Numerator',
  'measure-observation': 'Composite Score',
};

const rateCodes: readonly PopulationCode[] = [
  'initial-population',
  'denominator',
  'denominator-exclusion',
  'numerator',
  'denominator-exception',
];

/** Populations that a composite of each kind reports (quality measure IG, composite measures). */
const compositePopulations: { readonly [scoring in CompositeScoring]: readonly PopulationCode[] } = {
  'all-or-nothing': rateCodes,
  opportunity: ['initial-population', 'denominator', 'numerator'],
  linear: ['initial-population', 'denominator', 'measure-observation'],
  weighted: ['initial-population', 'denominator', 'measure-observation'],
};

/** The groups of a measure; a composite has one, made of its components. */
export function reportedGroups(definition: MeasureDefinition): readonly GroupDefinition[] {
  return definition.compositeScoring === null
    ? definition.groups
    : [compositeGroup(definition, definition.compositeScoring)];
}

function compositeGroup(definition: MeasureDefinition, scoring: CompositeScoring): GroupDefinition {
  const populations = compositePopulations[scoring].map((code): PopulationDefinition => {
    const coding = { system: 'http://terminology.hl7.org/CodeSystem/measure-population', code };
    return {
      id: null,
      linkId: null,
      code,
      concept: { coding: [coding] },
      description: null,
      expression: names[code] ?? code,
      criteriaReference: null,
      aggregateMethod: code === 'measure-observation' ? 'average' : null,
    };
  });
  return {
    id: null,
    linkId: null,
    code: null,
    description: definition.title,
    scoring: 'composite',
    basis: 'boolean',
    improvementNotation: definition.improvementNotation ?? 'increase',
    rateAggregation: null,
    scoringUnit: null,
    populations,
    stratifiers: [],
  };
}

/** A composite's result for one subject, from the results of its components in their order. */
export function combineComponents(prepared: PreparedMeasure, results: readonly SubjectResult[]): SubjectResult {
  const { definition } = prepared;
  const scoring = definition.compositeScoring ?? 'opportunity';
  const group = compositeGroup(definition, scoring);
  const components = definition.components.flatMap((component, index): ComponentGroup[] => {
    const groups = prepared.components[index]?.definition.groups ?? [];
    const position = component.groupId === null ? 0 : groups.findIndex(({ id }) => id === component.groupId);
    const [of, result] = [groups[position], results[index]?.groups[position]];
    return of === undefined || result === undefined ? [] : [{ group: of, result, weight: component.weight }];
  });
  const populations = group.populations.map(({ code }) => population(scoring, code, components));
  return {
    subject: results[0]?.subject ?? '',
    groups: [{ id: null, populations, stratifiers: [], score: groupScore(group, populations) }],
    supplementalData: results.flatMap(({ supplementalData }) => supplementalData),
    evaluatedResources: results.flatMap(({ evaluatedResources }) => evaluatedResources),
    components: results,
    trace: null,
  };
}

function population(
  scoring: CompositeScoring,
  code: PopulationCode,
  components: readonly ComponentGroup[],
): PopulationResult {
  const observations = code === 'measure-observation' ? subjectScore(scoring, components) : [];
  const count =
    code === 'measure-observation'
      ? observations.length
      : scoring === 'opportunity' && code !== 'initial-population'
        ? sum(components, code)
        : Number(isMember(scoring, code, components));
  return { id: null, code, count, members: [], criterion: count > 0, observations };
}

/** All-or-nothing: everything that the subject is eligible for is met. All other populations: any component's. */
function isMember(scoring: CompositeScoring, code: PopulationCode, components: readonly ComponentGroup[]): boolean {
  if (scoring !== 'all-or-nothing' || code !== 'numerator')
    return components.some(({ result }) => countOf(result, code) > 0);
  const eligible = components.filter(({ result }) => countOf(result, 'denominator') > 0);
  return eligible.length > 0 && eligible.every(({ result }) => countOf(result, 'numerator') > 0);
}

/** Opportunity: services as cases. What is excluded or excepted in a component is no opportunity. */
function sum(components: readonly ComponentGroup[], code: PopulationCode): number {
  const counts = components.map(({ result }) => {
    const count = (of: PopulationCode): number => countOf(result, of);
    return code === 'denominator'
      ? count('denominator') - count('denominator-exclusion') - count('denominator-exception')
      : count('numerator') - count('numerator-exclusion');
  });
  return counts.reduce((total, count) => total + count, 0);
}

function subjectScore(scoring: CompositeScoring, components: readonly ComponentGroup[]): number[] {
  const parts = components.map(({ group, result, weight }) => ({
    score: result.score,
    weight,
    improvementNotation: group.improvementNotation,
  }));
  const score = weightedMean(parts, scoring);
  return score === null ? [] : [score];
}

function countOf({ populations }: GroupResult, code: PopulationCode): number {
  return populations.reduce((total, population) => total + (population.code === code ? population.count : 0), 0);
}
