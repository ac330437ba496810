import type { Coverage, Extension, Patient, Resource } from '@medplum/fhirtypes';
import { ageIn, type Beneficiary, type EntitlementReason, type EsrdStatus, type Sex } from './beneficiary.ts';
import { codesOf, dayOf, pinned } from './codings.ts';
import { UnsupportedRiskScore } from './errors.ts';

const ours = 'http://gapless.health/StructureDefinition';
const blueButton = 'https://bluebutton.cms.gov/resources/variables';

/** Extensions of Coverage that a roster import writes, and those of CMS Blue Button. */
export const coverageExtensions = {
  dualStatus: `${ours}/medicare-dual-status`,
  entitlementReason: `${ours}/medicare-entitlement-reason`,
  longTermInstitutional: `${ours}/long-term-institutional`,
  newEnrollee: `${ours}/medicare-new-enrollee`,
  chronicSnp: `${ours}/chronic-condition-snp`,
  esrdStatus: `${ours}/esrd-status`,
  transplantDate: `${ours}/kidney-transplant-date`,
} as const;

/** What a model asks about a person, where it was read, and what was assumed because nothing says it. */
export interface BeneficiaryFacts {
  readonly beneficiary: Beneficiary;
  /** By fact, the resource that says it, pinned by version. */
  readonly sources: Readonly<Record<string, string>>;
  readonly assumptions: readonly string[];
}

/**
 * Reads a person from Patient and Coverage. Of several Coverages, the one that began last says it.
 *
 * @throws UnsupportedRiskScore without a birth date or a sex of male or female
 */
export function beneficiaryFacts(resources: readonly Resource[], paymentYear: number): BeneficiaryFacts {
  const patient = requireKnown(
    resources.find((one): one is Patient => one.resourceType === 'Patient') ?? null,
    'resource',
  );
  const birthDate = requireKnown(dayOf(patient.birthDate), 'birth date with a day');
  const sex = requireKnown(sexOf(patient), 'gender male or female');
  const coverages = resources
    .filter((one): one is Coverage => one.resourceType === 'Coverage' && one.status === 'active')
    .filter(({ period }) => period?.end === undefined || period.end.slice(0, 4) >= String(paymentYear - 1))
    .sort((a, b) => ((b.period?.start ?? '') < (a.period?.start ?? '') ? -1 : 1));
  const sources: Record<string, string> = { birthDate: pinned(patient), sex: pinned(patient) };
  const assumptions: string[] = [];
  const read = <Value>(
    fact: string,
    urls: readonly RegExp[],
    value: (extension: Extension) => Value | null,
    assumed: Value,
    words: string,
  ): Value => {
    for (const coverage of coverages)
      for (const extension of (coverage.extension ?? []).toReversed()) {
        if (!urls.some((url) => url.test(extension.url))) continue;
        const found = value(extension);
        if (found === null) continue;
        sources[fact] = pinned(coverage);
        return found;
      }
    if (words !== '') assumptions.push(words);
    return assumed;
  };
  const exactly = (url: string): RegExp => new RegExp(`^${url.replaceAll('.', '\\.')}$`);
  const { entitlementReason, dualStatus, longTermInstitutional, newEnrollee, chronicSnp } = coverageExtensions;
  const young = ageIn(paymentYear, birthDate) < 65;
  const beneficiary: Beneficiary = {
    birthDate,
    sex,
    entitlementReason: read<EntitlementReason>(
      'entitlementReason',
      [exactly(entitlementReason), exactly(`${blueButton}/orec`)],
      reasonOf,
      young ? '1' : '0',
      `No Coverage says why Medicare began (OREC): taken as ${young ? 'disability' : 'age'}`,
    ),
    dualStatus: read(
      'dualStatus',
      [exactly(dualStatus), new RegExp(`^${blueButton}/dual_\\d\\d$`)],
      (extension) => codeOf(extension)?.padStart(2, '0') ?? null,
      '00',
      'No Coverage says whether Medicaid covers too (dual status): taken as not dual',
    ),
    longTermInstitutional: read(
      'longTermInstitutional',
      [exactly(longTermInstitutional)],
      booleanOf,
      false,
      'No Coverage says whether the stay in an institution is longer than 90 days: taken as living in the community',
    ),
    newEnrollee: read(
      'newEnrollee',
      [exactly(newEnrollee)],
      booleanOf,
      false,
      'No Coverage says how long Part B has covered: taken as 12 months of the data year',
    ),
    chronicSnp: read('chronicSnp', [exactly(chronicSnp)], booleanOf, false, ''),
    esrd: read<EsrdStatus | null>(
      'esrd',
      [exactly(coverageExtensions.esrdStatus)],
      (extension) => esrdOf(codeOf(extension), coverages, paymentYear),
      null,
      '',
    ),
  };
  assumptions.push(...payerAssumptions(coverages, sources.dualStatus !== undefined));
  return { beneficiary, sources, assumptions };
}

const payerSystems = ['https://nahdo.org/sopt', 'urn:oid:2.16.840.1.113883.3.221.5'];

/** Source of payment typology: 1 is Medicare, 2 Medicaid, 14 both. */
function payerAssumptions(coverages: readonly Coverage[], dualKnown: boolean): string[] {
  const payers = coverages.flatMap(({ type }) => codesOf(type, payerSystems));
  const named = coverages.some(({ type, payor }) =>
    [type?.text, ...payor.map(({ display }) => display)].some((words) => /medicare/i.test(words ?? '')),
  );
  const medicare = named || payers.some((payer) => payer.startsWith('1'));
  const medicaid = payers.some((payer) => payer.startsWith('2') || payer.startsWith('14'));
  return [
    ...(medicare ? [] : ['No Coverage of Medicare is known: scored as if Medicare covered']),
    ...(medicare && medicaid && !dualKnown
      ? ['Medicaid covers too, but with which benefits is not told: the score of a dual member would be another']
      : []),
  ];
}

function sexOf({ gender }: Patient): Sex | null {
  return gender === 'female' ? 'F' : gender === 'male' ? 'M' : null;
}

function codeOf({ valueCode, valueCoding, valueString }: Extension): string | null {
  return valueCode ?? valueCoding?.code ?? valueString ?? null;
}

function booleanOf({ valueBoolean }: Extension): boolean | null {
  return valueBoolean ?? null;
}

function reasonOf(extension: Extension): EntitlementReason | null {
  const code = codeOf(extension);
  return code === '0' || code === '1' || code === '2' || code === '3' ? code : null;
}

/** Months since a transplant are counted to February of the payment year. */
function esrdOf(code: string | null, coverages: readonly Coverage[], paymentYear: number): EsrdStatus | null {
  if (code === 'dialysis') return { kind: 'dialysis' };
  if (code !== 'transplant') return null;
  const date = coverages
    .flatMap(({ extension }) => extension ?? [])
    .find(({ url }) => url === coverageExtensions.transplantDate)?.valueDate;
  const [year, month] = (date ?? '').split('-').map(Number);
  if (year === undefined || month === undefined) return null;
  return { kind: 'transplant', months: Math.max(1, (paymentYear - year) * 12 + 2 - month) };
}

/** @throws UnsupportedRiskScore when a birth date or sex is missing: nobody can be scored without */
function requireKnown<Value>(value: Value | null, what: string): Value {
  if (value === null) throw new UnsupportedRiskScore(`The Patient has no ${what}, without which nobody can be scored`);
  return value;
}
