/**
 * What the versions of the DEQM guide call the same things. `uv-1.0.0` (http://hl7.org/fhir/uv/deqm) is the current
 * one; the US names are those of http://hl7.org/fhir/us/davinci-deqm 3.0.0, 4.0.0 and 5.0.0. `r4` is the base standard
 * without a guide: no profiles, no DEQM extensions.
 */
export const deqmVersions = ['uv-1.0.0', 'us-5.0.0', 'us-4.0.0', 'us-3.0.0', 'r4'] as const;

export type DeqmVersion = (typeof deqmVersions)[number];

/** Names in one version; null where the version has no such thing. */
export interface DeqmNames {
  readonly profiles: {
    readonly individual: string;
    readonly subjectList: string;
    readonly summary: string;
    readonly reportList: string | null;
    readonly bundle: string;
    readonly composition: string;
    readonly detectedIssue: string;
    readonly guidanceResponse: string;
  } | null;
  readonly measureScoring: string | null;
  readonly groupImprovementNotation: string | null;
  readonly populationDescription: string | null;
  readonly location: string | null;
  readonly supplementalData: string | null;
  /** Values of expressions that explain a population. */
  readonly supportingEvidence: string | null;
  /** How a composite's group is scored. */
  readonly compositeScoring: string | null;
  readonly criteriaReference: string;
  /** Whether reports carry the linkIds of the Measure (R5 cross-version extensions). */
  readonly linkIds: boolean;
  readonly gapStatus: string;
  readonly gapStatusSystem: string;
  readonly gapReasonSystem: string;
  readonly reasonDetail: string;
  readonly valueFilter: string;
}

const extensions = 'http://hl7.org/fhir/StructureDefinition';
const uv = 'http://hl7.org/fhir/uv/deqm';
const us = 'http://hl7.org/fhir/us/davinci-deqm';
const r5SupplementalData = 'http://hl7.org/fhir/5.0/StructureDefinition/extension-MeasureReport.supplementalData';

const uv1: DeqmNames = {
  profiles: {
    individual: `${uv}/StructureDefinition/deqm-individualmeasurereport`,
    subjectList: `${uv}/StructureDefinition/deqm-subjectlistmeasurereport`,
    summary: `${uv}/StructureDefinition/deqm-summarymeasurereport`,
    reportList: `${uv}/StructureDefinition/deqm-individualmeasurereportlist`,
    bundle: `${uv}/StructureDefinition/deqm-gapsincarebundle`,
    composition: `${uv}/StructureDefinition/deqm-gapsincarecomposition`,
    detectedIssue: `${uv}/StructureDefinition/deqm-gapsincaredetectedissue`,
    guidanceResponse: `${uv}/StructureDefinition/deqm-detailedcaregapguidanceresponse`,
  },
  measureScoring: `${uv}/StructureDefinition/deqm-measureScoring`,
  groupImprovementNotation: `${uv}/StructureDefinition/deqm-groupImprovementNotation`,
  populationDescription: `${extensions}/measurereport-populationDescription`,
  location: `${uv}/StructureDefinition/deqm-dataLocation`,
  supplementalData: r5SupplementalData,
  supportingEvidence: `${extensions}/cqf-supportingEvidence`,
  compositeScoring: 'http://hl7.org/fhir/uv/cqm/StructureDefinition/cqm-compositeScoring',
  criteriaReference: `${extensions}/cqf-criteriaReference`,
  linkIds: true,
  gapStatus: `${uv}/StructureDefinition/deqm-gapStatus`,
  gapStatusSystem: `${uv}/CodeSystem/deqm-gaps-status`,
  gapReasonSystem: `${uv}/CodeSystem/deqm-care-gap-reason`,
  reasonDetail: `${uv}/StructureDefinition/deqm-reasonDetail`,
  valueFilter: `${extensions}/cqf-valueFilter`,
};

const us5: DeqmNames = {
  profiles: {
    individual: `${us}/StructureDefinition/indv-measurereport-deqm`,
    subjectList: `${us}/StructureDefinition/subjectlist-measurereport-deqm`,
    summary: `${us}/StructureDefinition/summary-measurereport-deqm`,
    reportList: `${us}/StructureDefinition/indv-measurereport-list`,
    bundle: `${us}/StructureDefinition/gaps-bundle-deqm`,
    composition: `${us}/StructureDefinition/gaps-composition-deqm`,
    detectedIssue: `${us}/StructureDefinition/gaps-detectedissue-deqm`,
    guidanceResponse: `${us}/StructureDefinition/gaps-guidanceresponse-detailedcaregap`,
  },
  measureScoring: `${us}/StructureDefinition/extension-measureScoring`,
  groupImprovementNotation: `${us}/StructureDefinition/extension-groupImprovementNotation`,
  populationDescription: `${us}/StructureDefinition/extension-populationDescription`,
  location: `${us}/StructureDefinition/extension-dataLocation`,
  supplementalData: r5SupplementalData,
  supportingEvidence: `${extensions}/cqf-supportingEvidence`,
  compositeScoring: 'http://hl7.org/fhir/us/cqfmeasures/StructureDefinition/cqfm-compositeScoring',
  criteriaReference: `${extensions}/cqf-criteriaReference`,
  linkIds: true,
  gapStatus: `${us}/StructureDefinition/extension-gapStatus`,
  gapStatusSystem: `${us}/CodeSystem/gaps-status`,
  gapReasonSystem: `${us}/CodeSystem/care-gap-reason`,
  reasonDetail: `${us}/StructureDefinition/reasonDetail`,
  valueFilter: `${extensions}/cqf-valueFilter`,
};

const us4: DeqmNames = {
  ...us5,
  supplementalData: `${us}/StructureDefinition/extension-supplementalData`,
  criteriaReference: `${us}/StructureDefinition/extension-criteriaReference`,
  supportingEvidence: null,
  compositeScoring: null,
  valueFilter: 'http://hl7.org/fhir/us/cqfmeasures/StructureDefinition/cqfm-valueFilter',
  linkIds: false,
};

const us3: DeqmNames = {
  ...us4,
  supplementalData: null,
  populationDescription: null,
  location: null,
  criteriaReference: `${us}/StructureDefinition/extension-populationReference`,
};

const r4: DeqmNames = {
  ...uv1,
  profiles: null,
  supportingEvidence: null,
  compositeScoring: null,
  measureScoring: null,
  groupImprovementNotation: null,
  populationDescription: null,
  location: null,
  linkIds: false,
};

export const deqmNames: Readonly<Record<DeqmVersion, DeqmNames>> = {
  'uv-1.0.0': uv1,
  'us-5.0.0': us5,
  'us-4.0.0': us4,
  'us-3.0.0': us3,
  r4,
};
