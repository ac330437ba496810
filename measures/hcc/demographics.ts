import { ageSexCell, newEnrolleeCell, type Person } from './beneficiary.ts';

/** Variables of a person beside diseases, in upper case; a segment counts those that it has a coefficient for. */
export function demographicVariables(segment: string, person: Person): readonly string[] {
  const { sex, age, dual, longTermInstitutional, originallyDisabled, entitlementReason, esrd } = person;
  const women = sex === 'F' ? 'FEMALE' : 'MALE';
  if (segment === 'NE' || segment === 'SNPNE') {
    const medicaid = dual === 'none' ? 'NMCAID' : 'MCAID';
    return [`${medicaid}_${originallyDisabled && age >= 65 ? 'ORIGDIS' : 'NORIGDIS'}_${newEnrolleeCell(person)}`];
  }
  if (segment === 'DNE') {
    const full = dual === 'full' ? 'FBD' : 'ND_PBD';
    return [`${full}_${originallyDisabled && age >= 65 ? 'ORIGDIS' : 'NORIGDIS'}_NE${ageSexCell(person, 85)}`];
  }
  if (segment === 'TRANSPLANT') return esrd?.kind === 'transplant' ? [`KIDNEY_ONLY_${Math.max(1, esrd.months)}M`] : [];
  const aged = age >= 65;
  const ageKind = aged ? 'AGED' : 'NONAGED';
  return [
    ageSexCell(person),
    ...(originallyDisabled && aged ? [`ORIGINALLYDISABLED_${women}`] : []),
    ...(segment === 'INS' && originallyDisabled ? ['ORIGDS'] : []),
    ...(segment === 'INS' && dual !== 'none' ? ['LTIMCAID'] : []),
    ...(aged && (entitlementReason === '2' || entitlementReason === '3') ? [`ORIGINALLY_ESRD_${women}`] : []),
    ...(longTermInstitutional ? [`LTI_${aged ? 'AGED' : 'NONAGED'}`] : []),
    ...(dual === 'full' ? [`FBDUAL_${women}_${ageKind}`] : []),
    ...(dual === 'partial' ? [`PBDUAL_${women}_${ageKind}`] : []),
  ];
}

/** Add-ons of a functioning graft in the community, by months since the transplant and age (segment FGC). */
export function graftVariables({ esrd, age, dual }: Person): readonly string[] {
  if (esrd?.kind !== 'transplant' || esrd.months < 4) return [];
  const aged = age >= 65 ? 'GE65' : 'LT65';
  const duration = esrd.months >= 10 ? 'DUR10PL' : 'DUR4_9';
  return [
    `${aged}_${duration}_${dual === 'full' ? 'FBD' : 'ND_PBD'}`,
    ...(dual === 'partial' ? [`PBD_${aged}_FLAG`] : []),
  ];
}
