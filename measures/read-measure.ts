import type {
  Measure,
  MeasureGroup,
  MeasureGroupPopulation,
  MeasureGroupStratifier,
  MeasureSupplementalData,
  RelatedArtifact,
} from '@medplum/fhirtypes';
import type {
  ComponentDefinition,
  CompositeScoring,
  GroupDefinition,
  ImprovementNotation,
  MeasureDefinition,
  PopulationCode,
  PopulationDefinition,
  ReportType,
  Scoring,
  StratifierDefinition,
  SupplementalDataDefinition,
  SupportingEvidenceDefinition,
} from './definition.ts';
import { type ImprovementNotations, withDirections } from './direction.ts';
import { codeOf, extensionCode, extensionNumber, extensions } from './extensions.ts';
import { codeName, Problems, scoringCode } from './measure-problems.ts';

/**
 * Reads a FHIR Measure: both spellings of every extension, scoring at the root or by group, defaults of the quality
 * measure IG (basis boolean, supplemental data in every report).
 * @throws InvalidMeasure with every problem found, each with its FHIRPath
 */
export function readMeasure(
  measure: Measure,
  options: { readonly improvementNotation?: ImprovementNotations } = {},
): MeasureDefinition {
  const problems = new Problems();
  const rootScoring = scoringCode(measure, problems, 'Measure.scoring');
  const improvementNotation = improvement(measure);
  const groups = (measure.group ?? []).map((group, index) =>
    readGroup(group, `Measure.group[${index}]`, { scoring: rootScoring, improvementNotation, measure }, problems),
  );
  const components = (measure.relatedArtifact ?? []).filter(({ type }) => type === 'composed-of').map(readComponent);
  const published: MeasureDefinition = {
    url: measure.url ?? '',
    version: measure.version ?? null,
    name: measure.name ?? null,
    title: measure.title?.replaceAll(/\s+/g, ' ').trim() ?? null,
    library: measure.library?.[0] ?? null,
    scoring: rootScoring,
    scoringAtRoot: rootScoring !== null,
    improvementNotation,
    compositeScoring: compositeScoring(measure, rootScoring, problems),
    effectivePeriod:
      measure.effectivePeriod?.start !== undefined && measure.effectivePeriod.end !== undefined
        ? { start: measure.effectivePeriod.start, end: measure.effectivePeriod.end }
        : null,
    groups,
    supplementalData: (measure.supplementalData ?? []).map((data, index) =>
      readSupplementalData(data, `Measure.supplementalData[${index}]`, problems),
    ),
    components,
  };
  const definition = withDirections(published, options.improvementNotation ?? {}, problems);
  problems.checkMeasure(definition);
  problems.throwIfAny(measure.url ?? measure.id ?? 'Measure');
  return definition;
}

interface Inherited {
  readonly scoring: Scoring | null;
  readonly improvementNotation: ImprovementNotation | null;
  readonly measure: Measure;
}

function readGroup(group: MeasureGroup, path: string, inherited: Inherited, problems: Problems): GroupDefinition {
  const scoring = scoringCode(group, problems, `${path}.extension(scoring)`) ?? inherited.scoring;
  if (scoring === null) problems.add(path, 'has no scoring, and the measure has none either');
  const definition: GroupDefinition = {
    id: group.id ?? null,
    linkId: extensionCode(group, 'linkId'),
    code: group.code ?? null,
    description: group.description ?? null,
    scoring: scoring ?? 'cohort',
    basis: basisName(
      extensionCode(group, 'populationBasis') ?? extensionCode(inherited.measure, 'populationBasis') ?? 'boolean',
    ),
    improvementNotation: improvement(group) ?? inherited.improvementNotation,
    rateAggregation: extensionCode(group, 'rateAggregation') ?? extensionCode(inherited.measure, 'rateAggregation'),
    scoringUnit:
      (extensions(group, 'scoringUnit')[0] ?? extensions(inherited.measure, 'scoringUnit')[0])?.valueCodeableConcept ??
      null,
    populations: (group.population ?? []).flatMap((population, index) =>
      readPopulation(population, `${path}.population[${index}]`, problems),
    ),
    stratifiers: (group.stratifier ?? []).map((stratifier, index) =>
      readStratifier(stratifier, `${path}.stratifier[${index}]`, problems),
    ),
  };
  if (scoring !== null) problems.checkGroup(definition, path);
  return definition;
}

/** A basis may be a canonical of the FHIR type (`http://hl7.org/fhir/StructureDefinition/Encounter`). */
function basisName(basis: string): string {
  return basis.slice(basis.lastIndexOf('/') + 1);
}

function readPopulation(
  population: MeasureGroupPopulation,
  path: string,
  problems: Problems,
): readonly PopulationDefinition[] {
  const code = codeName(population.code, problems, `${path}.code`);
  const expression = problems.expression(population.criteria, `${path}.criteria`);
  if (code === null || expression === null) return [];
  const supportingEvidence = readSupportingEvidence(population, path, problems);
  return [
    {
      id: population.id ?? null,
      linkId: extensionCode(population, 'linkId'),
      code,
      concept: population.code ?? {},
      description: population.description ?? null,
      expression,
      criteriaReference: extensionCode(population, 'criteriaReference'),
      ...(supportingEvidence.length > 0 && { supportingEvidence }),
      aggregateMethod: code === 'measure-observation' ? aggregateMethod(population, path, problems) : null,
    },
  ];
}

const expressionCode = 'http://hl7.org/fhir/StructureDefinition/cqf-expressionCode';

function readSupportingEvidence(
  population: MeasureGroupPopulation,
  path: string,
  problems: Problems,
): readonly SupportingEvidenceDefinition[] {
  return extensions(population, 'supportingEvidenceDefinition').flatMap(({ valueExpression }, index) => {
    const expression = problems.expression(
      valueExpression,
      `${path}.extension(supportingEvidenceDefinition)[${index}]`,
    );
    if (expression === null) return [];
    const code = valueExpression?.extension?.find(({ url }) => url === expressionCode)?.valueCodeableConcept;
    return [
      {
        name: valueExpression?.name ?? expression,
        description: valueExpression?.description ?? null,
        code: code ?? null,
        expression,
      },
    ];
  });
}

const aggregateSpellings: { readonly [written: string]: string } = { avg: 'average', min: 'minimum', max: 'maximum' };

function aggregateMethod(population: MeasureGroupPopulation, path: string, problems: Problems): string | null {
  const written = extensionCode(population, 'aggregateMethod')?.toLowerCase();
  return written === undefined ? null : problems.aggregateMethod(aggregateSpellings[written] ?? written, path);
}

function readStratifier(stratifier: MeasureGroupStratifier, path: string, problems: Problems): StratifierDefinition {
  const components = (stratifier.component ?? []).flatMap((component, index) => {
    const expression = problems.expression(component.criteria, `${path}.component[${index}].criteria`);
    return expression === null
      ? []
      : [
          {
            id: component.id ?? null,
            linkId: extensionCode(component, 'linkId'),
            code: component.code ?? null,
            expression,
          },
        ];
  });
  if (stratifier.component !== undefined && stratifier.criteria !== undefined)
    problems.add(path, 'has both criteria and components: a stratifier is criteria-based or value-based');
  return {
    id: stratifier.id ?? null,
    linkId: extensionCode(stratifier, 'linkId'),
    code: stratifier.code ?? null,
    expression:
      stratifier.component === undefined ? problems.expression(stratifier.criteria, `${path}.criteria`) : null,
    components,
    appliesTo: extensions(stratifier, 'appliesTo').flatMap((extension, index): PopulationCode[] => {
      const code = codeName(
        { coding: [{ code: codeOf(extension) ?? '' }] },
        problems,
        `${path}.extension(appliesTo)[${index}]`,
      );
      return code === null ? [] : [code];
    }),
  };
}

const reportTypes: { readonly [code: string]: ReportType } = {
  individual: 'individual',
  subject: 'individual',
  'subject-list': 'subject-list',
  summary: 'summary',
  population: 'summary',
};

function readSupplementalData(
  data: MeasureSupplementalData,
  path: string,
  problems: Problems,
): SupplementalDataDefinition {
  const riskAdjustment = (data.usage ?? []).some((usage) =>
    usage.coding?.some(({ code }) => code === 'risk-adjustment-factor'),
  );
  return {
    id: data.id ?? null,
    linkId: extensionCode(data, 'linkId'),
    code: data.code ?? null,
    description: data.description ?? null,
    expression: problems.expression(data.criteria, `${path}.criteria`) ?? '',
    usage: riskAdjustment ? 'risk-adjustment-factor' : 'supplemental-data',
    includeInReportTypes: extensions(data, 'includeInReportType').flatMap((extension) => {
      const type = reportTypes[codeOf(extension) ?? ''];
      return type === undefined ? [] : [type];
    }),
  };
}

function readComponent(artifact: RelatedArtifact): ComponentDefinition {
  return {
    measure: artifact.resource ?? artifact.url ?? '',
    weight: extensionNumber(artifact, 'weight'),
    groupId: extensionCode(artifact, 'groupId'),
  };
}

function improvement(element: Measure | MeasureGroup): ImprovementNotation | null {
  const root = 'improvementNotation' in element ? element.improvementNotation?.coding?.[0]?.code : undefined;
  const code = root ?? extensionCode(element, 'improvementNotation');
  return code === 'increase' || code === 'decrease' ? code : null;
}

const compositeScorings: { readonly [code: string]: CompositeScoring } = {
  opportunity: 'opportunity',
  'all-or-nothing': 'all-or-nothing',
  linear: 'linear',
  weighted: 'weighted',
};

function compositeScoring(measure: Measure, scoring: Scoring | null, problems: Problems): CompositeScoring | null {
  if (scoring !== 'composite') return null;
  const code = measure.compositeScoring?.coding?.[0]?.code ?? extensionCode(measure, 'compositeScoring') ?? '';
  const known = compositeScorings[code] ?? null;
  if (known === null)
    problems.add(
      'Measure.compositeScoring',
      `"${code}" is not one of ${Object.keys(compositeScorings).join(', ')}, which a composite measure needs`,
    );
  return known;
}
