import type { Extension } from '@medplum/fhirtypes';

const cqfm = 'http://hl7.org/fhir/us/cqfmeasures/StructureDefinition/cqfm-';
const cqm = 'http://hl7.org/fhir/uv/cqm/StructureDefinition/cqm-';
const r5 = 'http://hl7.org/fhir/5.0/StructureDefinition/extension-Measure.';

/**
 * The extensions of the quality measure IGs, each under every URL that it has had: US (cqfm-*) and universal (cqm-*).
 * A universal one that is there wins over the US one.
 */
const spellings = {
  scoring: [`${cqm}scoring`, `${cqfm}scoring`, `${r5}group.scoring`],
  populationBasis: [`${cqm}populationBasis`, `${cqfm}populationBasis`, `${r5}basis`, `${r5}group.basis`],
  improvementNotation: [`${cqm}improvementNotation`, `${cqfm}improvementNotation`, `${r5}group.improvementNotation`],
  rateAggregation: [`${cqm}rateAggregation`, `${cqfm}rateAggregation`, `${r5}group.rateAggregation`],
  scoringUnit: [`${cqm}scoringUnit`, `${cqfm}scoringUnit`, `${r5}scoringUnit`, `${r5}group.scoringUnit`],
  includeInReportType: [`${cqm}includeInReportType`, `${cqfm}includeInReportType`],
  appliesTo: [`${cqm}appliesTo`, `${cqfm}appliesTo`],
  aggregateMethod: [`${cqm}aggregateMethod`, `${cqfm}aggregateMethod`, `${r5}group.population.aggregateMethod`],
  criteriaReference: [
    'http://hl7.org/fhir/StructureDefinition/cqf-criteriaReference',
    `${cqm}criteriaReference`,
    `${cqfm}criteriaReference`,
  ],
  compositeScoring: [`${cqm}compositeScoring`, `${cqfm}compositeScoring`],
  weight: [`${cqm}weight`, `${cqfm}weight`],
  groupId: [`${cqm}groupId`, `${cqfm}groupId`],
  supportingEvidenceDefinition: ['http://hl7.org/fhir/StructureDefinition/cqf-supportingEvidenceDefinition'],
  linkId: [
    `${r5}group.linkId`,
    `${r5}group.population.linkId`,
    `${r5}group.stratifier.linkId`,
    `${r5}group.stratifier.component.linkId`,
    `${r5}supplementalData.linkId`,
  ],
} as const;

export type MeasureExtension = keyof typeof spellings;

interface Extensible {
  readonly extension?: readonly Extension[];
}

/** All extensions of that meaning on the element, in the spelling that comes first in the table and is there. */
export function extensions(element: Extensible, name: MeasureExtension): readonly Extension[] {
  for (const url of spellings[name]) {
    const found = (element.extension ?? []).filter((extension) => extension.url === url);
    if (found.length > 0) return found;
  }
  return [];
}

/** A string-like value (`valueCode`, `valueString`, ... or the first code of a concept); null when it is absent. */
export function extensionCode(element: Extensible, name: MeasureExtension): string | null {
  return codeOf(extensions(element, name)[0]);
}

export function codeOf(extension: Extension | undefined): string | null {
  if (extension === undefined) return null;
  return (
    extension.valueCode ??
    extension.valueString ??
    extension.valueId ??
    extension.valueUri ??
    extension.valueCodeableConcept?.coding?.[0]?.code ??
    extension.valueCoding?.code ??
    null
  );
}

/** A number (`valueDecimal`, `valueInteger`, ...); null when it is absent. */
export function extensionNumber(element: Extensible, name: MeasureExtension): number | null {
  const extension = extensions(element, name)[0];
  return extension?.valueDecimal ?? extension?.valueInteger ?? extension?.valuePositiveInt ?? null;
}
