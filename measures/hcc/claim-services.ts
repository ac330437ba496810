import type { Claim, CodeableConcept, ExplanationOfBenefit, Resource } from '@medplum/fhirtypes';
import { codesOf, dayOf, diagnosisCodes, localOf, pinned, procedureCodes } from './codings.ts';
import type { Service, ServiceLine, ServiceSetting, SubmittedDiagnosis } from './service.ts';

type AnyClaim = Claim | ExplanationOfBenefit;

const inpatientBills = ['11', '41'];
const outpatientBills = ['12', '13', '43', '71', '73', '76', '77', '85', '87'];

/** Claims and explanations of benefit as services: type of bill, lines, through date, what replaced what. */
export function claimServices(resources: readonly Resource[]): readonly Service[] {
  const claims = resources.filter(
    (resource): resource is AnyClaim =>
      (resource.resourceType === 'Claim' || resource.resourceType === 'ExplanationOfBenefit') &&
      (resource.use === undefined || resource.use === 'claim'),
  );
  const byReference = new Map(resources.map((resource) => [`${resource.resourceType}/${resource.id}`, resource]));
  const gone = replacedOrDenied(claims);
  return claims.map((claim): Service => {
    const { setting, from } = settingOf(claim, byReference);
    return {
      reference: pinned(claim),
      setting,
      settingFrom: from,
      date: throughDate(claim, setting),
      lines: linesOf(claim),
      audioOnly: false,
      chartReview: chartReviewOf(claim),
      void: gone.get(`${claim.resourceType}/${claim.id}`) ?? statusProblem(claim),
      diagnoses: diagnosesOf(claim, byReference),
    };
  });
}

function statusProblem(claim: AnyClaim): string | null {
  if (claim.status !== 'active') return `its status is ${claim.status}`;
  if (frequencyOf(claim) === '8') return 'it is a void (frequency 8)';
  return null;
}

/** By reference, why a claim does not stand any more. */
function replacedOrDenied(claims: readonly AnyClaim[]): Map<string, string> {
  const gone = new Map<string, string>();
  for (const claim of claims) {
    const own = `${claim.resourceType}/${claim.id}`;
    for (const { claim: other, relationship } of claim.related ?? []) {
      const [codes, target] = [codesOf(relationship), localOf(other?.reference)];
      if (codes.includes('replacedby')) gone.set(own, 'it was replaced');
      if ((codes.includes('prior') || codes.includes('replaces')) && target !== null && claim.status === 'active')
        gone.set(target, `${own} replaced it`);
    }
    if (claim.resourceType !== 'ExplanationOfBenefit') continue;
    const items = claim.item ?? [];
    const denied = items.length > 0 && items.every(isDenied);
    if (claim.outcome !== 'error' && !denied) continue;
    gone.set(own, 'the payer denied it');
    const target = localOf(claim.claim?.reference);
    if (target !== null) gone.set(target, `the payer denied it (${own})`);
  }
  withAnswers(claims, gone);
  return gone;
}

/** The payer's answer to a claim that does not stand any more does not stand either. */
function withAnswers(claims: readonly AnyClaim[], gone: Map<string, string>): void {
  const asked = new Map(claims.map((claim) => [`${claim.resourceType}/${claim.id}`, claim]));
  for (const answer of claims) {
    if (answer.resourceType !== 'ExplanationOfBenefit') continue;
    const [own, target] = [`${answer.resourceType}/${answer.id}`, localOf(answer.claim?.reference)];
    const claim = target === null ? undefined : asked.get(target);
    if (target === null || claim === undefined || gone.has(own)) continue;
    const why = gone.get(target) ?? statusProblem(claim);
    if (why !== null) gone.set(own, `it answers ${target}: ${why}`);
  }
}

function isDenied(item: NonNullable<ExplanationOfBenefit['item']>[number]): boolean {
  return (item.adjudication ?? []).some(
    ({ category, reason }) =>
      codesOf(category).includes('denied') || (codesOf(category).includes('denialreason') && reason !== undefined),
  );
}

function linesOf(claim: AnyClaim): readonly ServiceLine[] {
  return (claim.item ?? []).flatMap((item) => {
    const modifiers = (item.modifier ?? []).flatMap((modifier) => codesOf(modifier));
    const denied = claim.resourceType === 'ExplanationOfBenefit' && isDenied(item);
    return procedureCodes([item.productOrService]).map((code) => ({ code, modifiers, denied }));
  });
}

/** Three digits without the leading zero; null where there is none. */
function billOf(claim: AnyClaim): string | null {
  const info = claim.supportingInfo?.find(({ category }) => codesOf(category).includes('typeofbill'));
  const value = codesOf(info?.code)[0] ?? info?.valueString;
  return value === undefined ? null : value.replace(/^0/, '').slice(0, 3);
}

function frequencyOf(claim: AnyClaim): string | null {
  return billOf(claim)?.[2] ?? null;
}

function settingOf(
  claim: AnyClaim,
  byReference: ReadonlyMap<string, Resource>,
): { readonly setting: ServiceSetting; readonly from: string } {
  const types = codesOf(claim.type);
  if (types.includes('professional')) return { setting: 'professional', from: 'claim type professional' };
  if (!types.includes('institutional')) return { setting: 'other', from: `claim type ${types[0] ?? 'unknown'}` };
  const bill = billOf(claim);
  if (bill !== null) {
    const kind = bill.slice(0, 2);
    const setting = inpatientBills.includes(kind)
      ? 'inpatient'
      : outpatientBills.includes(kind)
        ? 'outpatient'
        : 'other';
    return { setting, from: `type of bill ${bill}` };
  }
  const inpatient = (claim.item ?? [])
    .flatMap(({ encounter }) => encounter ?? [])
    .map(({ reference }) => byReference.get(localOf(reference) ?? ''))
    .some((one) => one?.resourceType === 'Encounter' && ['IMP', 'ACUTE'].includes(one.class.code ?? ''));
  if (inpatient || codesOf(claim.subType).includes('inpatient'))
    return { setting: 'inpatient', from: inpatient ? 'the class of its encounter' : 'claim subtype inpatient' };
  return { setting: 'outpatient', from: 'an institutional claim without a type of bill' };
}

/** Hospital stays count by discharge; other claims by their latest line. */
function throughDate(claim: AnyClaim, setting: ServiceSetting): string | null {
  const period = dayOf(claim.billablePeriod?.end) ?? dayOf(claim.billablePeriod?.start);
  if (setting === 'inpatient' && period !== null) return period;
  const days = (claim.item ?? []).flatMap(
    ({ servicedDate, servicedPeriod }) =>
      dayOf(servicedDate) ?? dayOf(servicedPeriod?.end) ?? dayOf(servicedPeriod?.start) ?? [],
  );
  return days.sort().at(-1) ?? period;
}

const chartReviews = ['chart-review', 'chartreview'];

/** A record of a chart review says so in its subtype or supporting information; it is linked by the claim it names. */
function chartReviewOf(claim: AnyClaim): Service['chartReview'] {
  const marks: readonly (CodeableConcept | undefined)[] = [
    claim.subType,
    ...(claim.supportingInfo ?? []).flatMap(({ category, code }) => [category, code]),
  ];
  if (!marks.some((mark) => codesOf(mark).some((code) => chartReviews.includes(code)))) return null;
  const linked =
    (claim.related ?? []).some(({ claim: other, reference }) => (other ?? reference) !== undefined) ||
    (claim.item ?? []).some(({ encounter }) => (encounter ?? []).length > 0);
  return linked ? 'linked' : 'unlinked';
}

function diagnosesOf(claim: AnyClaim, byReference: ReadonlyMap<string, Resource>): readonly SubmittedDiagnosis[] {
  const own = pinned(claim);
  return (claim.diagnosis ?? []).flatMap(({ diagnosisCodeableConcept, diagnosisReference }): SubmittedDiagnosis[] => {
    const direct = diagnosisCodes(diagnosisCodeableConcept).map((code) => ({ code, reference: own }));
    const condition = byReference.get(localOf(diagnosisReference?.reference) ?? '');
    if (condition?.resourceType !== 'Condition') return direct;
    const reference = pinned(condition);
    return [...direct, ...diagnosisCodes(condition.code).map((code) => ({ code, reference }))];
  });
}
