import type { SearchParameter } from '@medplum/fhirtypes';

/**
 * Search parameters of implementation guides, beside those that R4 publishes. Where guides define the same parameter
 * under several URLs, the first is the one that the CapabilityStatement names.
 */
export const guideParameters: readonly GuideParameter[] = [
  {
    code: 'category',
    base: ['MeasureReport'],
    type: 'token',
    expression:
      "MeasureReport.extension.where(url='http://hl7.org/fhir/StructureDefinition/measurereport-category').value",
    urls: [
      'http://hl7.org/fhir/uv/deqm/SearchParameter/measurereport-category',
      'http://hl7.org/fhir/us/davinci-ra/SearchParameter/measurereport-category',
      'http://hl7.org/fhir/us/davinci-vbpr/SearchParameter/measurereport-category',
    ],
    /** What the guides' CapabilityStatements call it, which is not its code. */
    aliases: ['measurereport-category'],
  },
  {
    // Da Vinci ATR finds attribution lists by it; R4 has none, R5 has this one.
    code: 'name',
    base: ['Group'],
    type: 'string',
    expression: 'Group.name',
    urls: ['http://hl7.org/fhir/SearchParameter/Group-name'],
    aliases: [],
  },
];

export interface GuideParameter extends Required<Pick<SearchParameter, 'code' | 'base' | 'type' | 'expression'>> {
  readonly urls: readonly string[];
  /** Other names under which requests may give it. */
  readonly aliases: readonly string[];
}

/** The parameters as SearchParameter resources. */
export function guideSearchParameters(): readonly SearchParameter[] {
  return guideParameters.flatMap(({ urls: [url = ''], aliases, ...parameter }) =>
    [parameter.code, ...aliases].map(
      (code): SearchParameter => ({
        resourceType: 'SearchParameter',
        name: code,
        status: 'active',
        description: 'Of an implementation guide',
        ...parameter,
        code,
        url,
      }),
    ),
  );
}
