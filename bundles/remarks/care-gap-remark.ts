import type { Extension } from '@medplum/fhirtypes';
import type { DeqmVersion } from '../deqm-version.ts';

const uv = 'http://hl7.org/fhir/uv/deqm';
const us = 'http://hl7.org/fhir/us/davinci-deqm';

/** Extension deqm-careGapRemark of UV DEQM 1.0.0: the spelling in which remarks are kept. */
export const careGapRemarkUrl = `${uv}/StructureDefinition/deqm-careGapRemark`;
const usRemarkUrl = `${us}/StructureDefinition/extension-careGapRemark`;
const remarkSystem = `${uv}/CodeSystem/deqm-care-gap-remark`;
const usRemarkSystem = `${us}/CodeSystem/care-gap-remark`;

/** Codes of deqm-care-gap-remark, with their displays. */
export const careGapRemarkCodes: Readonly<Record<string, string>> = {
  'order-placed': 'Order placed',
  'satisfied-in-EHR': 'Satisfied in EHR',
  'out-of-range': 'Out of range',
  'patient-refused': 'Patient refused',
  rejected: 'Rejected',
  suppressed: 'Suppressed',
  'not-assessed': 'Not assessed',
  'not-ingested': 'Not ingested',
  'attribution-mismatch': 'Attribution Mismatch',
  deferred: 'Deferred',
  'documented-elsewhere': 'Documented Elsewhere',
};

/** Value types and cardinality of the parts of a remark (StructureDefinition deqm-careGapRemark). */
const parts: Readonly<Record<string, { readonly values: readonly string[]; readonly max: '1' | '*' }>> = {
  author: { values: ['valueIdentifier', 'valueString'], max: '1' },
  authorOrganization: { values: ['valueIdentifier', 'valueString', 'valueReference'], max: '1' },
  authorSoftware: { values: ['valueIdentifier', 'valueString'], max: '1' },
  authorDatetime: { values: ['valueDateTime'], max: '1' },
  text: { values: ['valueString'], max: '*' },
  code: { values: ['valueCodeableConcept'], max: '1' },
  relatedData: { values: ['valueIdentifier', 'valueReference'], max: '*' },
};
const authors = ['author', 'authorOrganization', 'authorSoftware'];

/** Is it a remark about a care gap, in the universal or the US spelling? */
export function isCareGapRemark({ url }: Extension): boolean {
  return url === careGapRemarkUrl || url === usRemarkUrl;
}

/**
 * What breaks the rules of a remark: cgr-1, the parts and their types, a code that deqm-care-gap-remark does not have.
 * Other code systems and text alone are allowed (the binding is extensible). Empty when all is well.
 *
 * @param remark in any spelling, already valid as an R4 Extension
 */
export function remarkProblems(remark: Extension): string[] {
  const { extension = [], ...rest } = universalRemark(remark);
  const problems: string[] = [];
  if (Object.keys(rest).some((key) => key.startsWith('value')))
    problems.push('a remark has parts (extension), and no value of its own');
  if (!extension.some(({ url }) => authors.includes(url ?? '')))
    problems.push('a remark names an author, an authorOrganization or an authorSoftware (cgr-1)');
  for (const [name, { values, max }] of Object.entries(parts)) {
    const given = extension.filter(({ url }) => url === name);
    if (max === '1' && given.length > 1) problems.push(`${name} may occur once`);
    if (given.some((part) => !values.some((value) => value in part)))
      problems.push(`${name} needs ${values.join(' or ')}`);
  }
  for (const { url } of extension) {
    if (url !== undefined && !url.includes(':') && !(url in parts))
      problems.push(`a remark has no part "${url}"; it has ${Object.keys(parts).join(', ')}`);
  }
  for (const { system, code } of extension.flatMap((part) => part.valueCodeableConcept?.coding ?? [])) {
    if (system === remarkSystem && !Object.hasOwn(careGapRemarkCodes, code ?? ''))
      problems.push(`code "${code ?? ''}" is not one of ${Object.keys(careGapRemarkCodes).join(', ')}`);
  }
  return problems;
}

/** The remark in the universal spelling; unchanged where it has that already. */
export function universalRemark(remark: Extension): Extension {
  const extension = remark.extension?.map((part) => ({
    ...part,
    ...(part.url === 'relatedDataIdentifier' || part.url === 'relatedDataReference' ? { url: 'relatedData' } : {}),
    ...withSystem(part, usRemarkSystem, remarkSystem),
  }));
  return { ...remark, ...(extension && { extension }), url: careGapRemarkUrl };
}

/** The remark as a version of the guide spells it. US versions know related data as identifiers. */
export function remarkIn(version: DeqmVersion, remark: Extension): Extension {
  if (!version.startsWith('us')) return remark;
  const extension = remark.extension?.map((part) => ({
    ...part,
    ...(part.url === 'relatedData' && part.valueIdentifier !== undefined ? { url: 'relatedDataIdentifier' } : {}),
    ...withSystem(part, remarkSystem, usRemarkSystem),
  }));
  return { ...remark, ...(extension && { extension }), url: usRemarkUrl };
}

function withSystem({ valueCodeableConcept: concept }: Extension, from: string, to: string): Partial<Extension> {
  if (concept?.coding === undefined) return {};
  const coding = concept.coding.map((each) => (each.system === from ? { ...each, system: to } : each));
  return { valueCodeableConcept: { ...concept, coding } };
}
