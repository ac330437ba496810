import type { Resource } from '@medplum/fhirtypes';
import type { DeqmVersion } from '../../bundles/index.ts';

const us = 'http://hl7.org/fhir/us/davinci-deqm';
const uv = 'http://hl7.org/fhir/uv/deqm';
const pack = 'http://hl7.org/fhir/StructureDefinition';
const all = ['us-5.0.0', 'us-4.0.0', 'us-3.0.0'];

/**
 * Names of the US guide (davinci-deqm, input/resources of its releases) that differ from those of the universal guide,
 * and in which releases they are. The universal profiles are the only ones that the reference data has, so US resources
 * are checked under universal names.
 */
const names: readonly (readonly [usName: string, uvName: string, versions: readonly string[]])[] = [
  [`${us}/StructureDefinition/indv-measurereport-deqm`, `${uv}/StructureDefinition/deqm-individualmeasurereport`, all],
  [
    `${us}/StructureDefinition/subjectlist-measurereport-deqm`,
    `${uv}/StructureDefinition/deqm-subjectlistmeasurereport`,
    all,
  ],
  [`${us}/StructureDefinition/summary-measurereport-deqm`, `${uv}/StructureDefinition/deqm-summarymeasurereport`, all],
  [
    `${us}/StructureDefinition/indv-measurereport-list`,
    `${uv}/StructureDefinition/deqm-individualmeasurereportlist`,
    all,
  ],
  [`${us}/StructureDefinition/gaps-bundle-deqm`, `${uv}/StructureDefinition/deqm-gapsincarebundle`, all],
  [`${us}/StructureDefinition/gaps-composition-deqm`, `${uv}/StructureDefinition/deqm-gapsincarecomposition`, all],
  [`${us}/StructureDefinition/gaps-detectedissue-deqm`, `${uv}/StructureDefinition/deqm-gapsincaredetectedissue`, all],
  [
    `${us}/StructureDefinition/gaps-guidanceresponse-detailedcaregap`,
    `${uv}/StructureDefinition/deqm-detailedcaregapguidanceresponse`,
    all,
  ],
  [`${us}/StructureDefinition/extension-measureScoring`, `${uv}/StructureDefinition/deqm-measureScoring`, all],
  [
    `${us}/StructureDefinition/extension-groupImprovementNotation`,
    `${uv}/StructureDefinition/deqm-groupImprovementNotation`,
    all,
  ],
  [`${us}/StructureDefinition/extension-gapStatus`, `${uv}/StructureDefinition/deqm-gapStatus`, all],
  [`${us}/CodeSystem/gaps-status`, `${uv}/CodeSystem/deqm-gaps-status`, all],
  [`${us}/CodeSystem/care-gap-reason`, `${uv}/CodeSystem/deqm-care-gap-reason`, all],
  [`${us}/StructureDefinition/reasonDetail`, `${uv}/StructureDefinition/deqm-reasonDetail`, all],
  [
    `${us}/StructureDefinition/extension-dataLocation`,
    `${uv}/StructureDefinition/deqm-dataLocation`,
    ['us-5.0.0', 'us-4.0.0'],
  ],
  [
    `${us}/StructureDefinition/extension-calculatedDate`,
    `${uv}/StructureDefinition/deqm-calculatedDate`,
    ['us-5.0.0', 'us-4.0.0'],
  ],
  [
    `${us}/StructureDefinition/extension-populationDescription`,
    `${pack}/measurereport-populationDescription`,
    ['us-5.0.0', 'us-4.0.0'],
  ],
  [
    `${us}/StructureDefinition/extension-supplementalData`,
    'http://hl7.org/fhir/5.0/StructureDefinition/extension-MeasureReport.supplementalData',
    ['us-4.0.0'],
  ],
  [`${us}/StructureDefinition/extension-criteriaReference`, `${pack}/cqf-criteriaReference`, ['us-4.0.0']],
  [`${us}/StructureDefinition/extension-populationReference`, `${pack}/cqf-criteriaReference`, ['us-3.0.0']],
  [
    'http://hl7.org/fhir/us/cqfmeasures/StructureDefinition/cqfm-valueFilter',
    `${pack}/cqf-valueFilter`,
    ['us-4.0.0', 'us-3.0.0'],
  ],
];

/**
 * The resource under the names of the universal guide. A name that the release does not have stays, and is then found:
 * the check knows no such extension or profile.
 * @throws Error for a US release that uses universal names, or a US name that the release does not have
 */
export function asUniversal(resource: Resource, version: DeqmVersion): Resource {
  if (!version.startsWith('us-')) return resource;
  const text = JSON.stringify(resource);
  const known = new Map(
    names.flatMap(([usName, uvName, versions]) => (versions.includes(version) ? [[usName, uvName] as const] : [])),
  );
  const strange = new Set<string>();
  const universal = text.replaceAll(
    /"(http:\/\/hl7\.org\/fhir\/(?:us\/davinci-deqm|uv\/deqm|us\/cqfmeasures)[^"]*)"/g,
    (all, name) => {
      const found = known.get(name);
      if (found === undefined) strange.add(name);
      return JSON.stringify(found ?? all);
    },
  );
  if (strange.size > 0) throw new Error(`${version} has no ${[...strange].join(', ')}`);
  return JSON.parse(universal);
}
