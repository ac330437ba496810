import type { Profile, ProfileElement } from './definitions.ts';

const pack = 'http://hl7.org/fhir/StructureDefinition';
const r5 = 'http://hl7.org/fhir/5.0/StructureDefinition/extension-MeasureReport';

type Parts = { readonly [url: string]: readonly [cardinality: string, ...types: string[]] };

/**
 * Extensions that DEQM uses and that other packages define (FHIR extensions pack 5.3.0, R5 cross-version extensions,
 * CRMI, quality measure IG): the type of their value, or their parts, and where they may stand.
 */
const shapes: { readonly [url: string]: { readonly value: readonly string[] | Parts; readonly on?: string[] } } = {
  [`${pack}/cqf-criteriaReference`]: { value: ['string'] },
  [`${pack}/cqf-messages`]: { value: ['Reference'], on: ['MeasureReport', 'GuidanceResponse'] },
  [`${pack}/cqf-inputParameters`]: { value: ['Reference'], on: ['MeasureReport'] },
  [`${pack}/measurereport-category`]: { value: ['CodeableConcept'], on: ['MeasureReport'] },
  [`${pack}/measurereport-countQuantity`]: {
    value: ['Quantity'],
    on: ['MeasureReport.group.population', 'MeasureReport.group.stratifier.stratum.population'],
  },
  [`${pack}/measurereport-populationDescription`]: { value: ['markdown'] },
  [`${pack}/cqf-valueFilter`]: {
    value: { path: ['0..1', 'string'], searchParam: ['0..1', 'string'], comparator: ['0..1', 'code'], value: ['1..1'] },
    on: ['DataRequirement'],
  },
  [`${pack}/cqf-supportingEvidence`]: {
    value: {
      name: ['1..1', 'code'],
      description: ['0..1', 'string', 'markdown'],
      code: ['0..1', 'CodeableConcept'],
      value: ['0..*'],
    },
    on: ['MeasureReport.group.population'],
  },
  'http://hl7.org/fhir/uv/crmi/StructureDefinition/crmi-softwaresystem': { value: ['Reference'] },
  'http://hl7.org/fhir/uv/cqm/StructureDefinition/cqm-compositeScoring': {
    value: ['CodeableConcept'],
    on: ['MeasureReport.group', 'MeasureReport'],
  },
  [`${r5}.supplementalData`]: { value: ['Reference'], on: ['MeasureReport'] },
  ...Object.fromEntries(
    ['group', 'group.population', 'group.stratifier', 'group.stratifier.stratum.component'].map((path) => [
      `${r5}.${path}.linkId`,
      { value: ['string'], on: [`MeasureReport.${path}`] },
    ]),
  ),
  [`${r5}.group.stratifier.stratum.population.linkId`]: {
    value: ['string'],
    on: ['MeasureReport.group.stratifier.stratum.population'],
  },
};

export const otherExtensions: readonly Profile[] = Object.entries(shapes).map(([url, { value, on }]) => ({
  url,
  type: 'Extension',
  context: on?.map((expression) => ({ type: 'element', expression })),
  differential: {
    element: [
      element('Extension.url', { fixedUri: url }),
      ...(isTypes(value)
        ? [element('Extension.value[x]', { min: 1, type: value.map((code) => ({ code })) })]
        : Object.entries(value).flatMap(([name, part]) => partElements(name, part))),
    ],
  },
}));

function isTypes(value: readonly string[] | Parts): value is readonly string[] {
  return Array.isArray(value);
}

function partElements(name: string, [cardinality, ...types]: Parts[string]): ProfileElement[] {
  const [min = '0', max = '*'] = cardinality.split('..');
  const id = `Extension.extension:${name}`;
  return [
    element(id, { min, max }),
    element(`${id}.url`, { fixedUri: name }),
    ...(types.length === 0 ? [] : [element(`${id}.value[x]`, { min: 1, type: types.map((code) => ({ code })) })]),
  ];
}

function element(id: string, more: Omit<ProfileElement, 'id' | 'path'>): ProfileElement {
  return { id, path: id.replaceAll(/:\w+/g, ''), ...more };
}
