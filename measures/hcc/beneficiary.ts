export type Sex = 'F' | 'M';

/** Original reason for entitlement: 0 old age, 1 disability, 2 ESRD, 3 disability and ESRD. */
export type EntitlementReason = '0' | '1' | '2' | '3';

/** Kidney disease status of a member in the ESRD model. */
export type EsrdStatus =
  | { readonly kind: 'dialysis' }
  /** Months 1 to 3 after a transplant are paid as such; a functioning graft counts from month 4. */
  | { readonly kind: 'transplant'; readonly months: number };

/** What models ask about a person beside diagnoses. */
export interface Beneficiary {
  /** YYYY-MM-DD. */
  readonly birthDate: string;
  readonly sex: Sex;
  readonly entitlementReason: EntitlementReason;
  /** Medicare-Medicaid dual status code, 00 to 09 (X12 834, MMR). */
  readonly dualStatus: string;
  /** In an institution for more than 90 days. */
  readonly longTermInstitutional: boolean;
  /** Less than 12 months of Part B in the data year. */
  readonly newEnrollee: boolean;
  /** Member of a special needs plan for chronic conditions. */
  readonly chronicSnp: boolean;
  readonly esrd: EsrdStatus | null;
}

/** Age on 1 February of the payment year (CMS AGESEXV2), in whole years; 0 for who is born later. */
export function ageIn(paymentYear: number, birthDate: string): number {
  const [year = 0, month = 1, day = 1] = birthDate.split('-').map(Number);
  const before = month > 2 || (month === 2 && day > 1);
  return Math.max(0, paymentYear - year - (before ? 1 : 0));
}

export type DualKind = 'full' | 'partial' | 'none';

/** 02, 04, 08: full benefits; 01, 03, 05, 06: partial; else none. */
export function dualKind(status: string): DualKind {
  if (['02', '04', '08'].includes(status)) return 'full';
  return ['01', '03', '05', '06'].includes(status) ? 'partial' : 'none';
}

/** What the variables of a score are made of. */
export interface Person extends Beneficiary {
  readonly age: number;
  /** Under 65 and entitled for another reason than age. */
  readonly disabled: boolean;
  /** Entitled by disability once, and not under 65 any more. */
  readonly originallyDisabled: boolean;
  readonly dual: DualKind;
}

export function personIn(paymentYear: number, beneficiary: Beneficiary): Person {
  const age = ageIn(paymentYear, beneficiary.birthDate);
  const disabled = age < 65 && beneficiary.entitlementReason !== '0';
  return {
    ...beneficiary,
    age,
    disabled,
    originallyDisabled: beneficiary.entitlementReason === '1' && !disabled,
    dual: dualKind(beneficiary.dualStatus),
  };
}

const bounds = [34, 44, 54, 59, 64, 69, 74, 79, 84, 89, 94];

/** Cell of age and sex: `F65_69`, `M95_GT`. */
export function ageSexCell({ age, sex }: Pick<Person, 'age' | 'sex'>, last = 95): string {
  const upper = bounds.find((bound) => age <= bound);
  const lower = upper === undefined ? last : upper === 34 ? 0 : (bounds[bounds.indexOf(upper) - 1] ?? 0) + 1;
  return lower >= last ? `${sex}${last}_GT` : `${sex}${lower}_${upper}`;
}

/** Cell of new enrollees, which parts 65 to 69: `NEF67`. Who is 64 and entitled by age counts as 65. */
export function newEnrolleeCell({ age, sex, entitlementReason }: Person): string {
  const counted = age === 64 && entitlementReason === '0' ? 65 : age;
  return counted >= 65 && counted <= 69 ? `NE${sex}${counted}` : `NE${ageSexCell({ age: counted, sex })}`;
}
