import type { Beneficiary, Diagnosis, Sex } from '../../../measures/index.ts';

/** A person of this age on 1 February of the payment year, with nothing special but what is told. */
export function person(about: string, paymentYear: number, more: Partial<Beneficiary> = {}): Beneficiary {
  const [, age, sex] = /^(\d+)([FM])$/.exec(about) ?? [];
  return {
    birthDate: `${paymentYear - Number(age)}-01-15`,
    sex: sex as Sex,
    entitlementReason: '0',
    dualStatus: '00',
    longTermInstitutional: false,
    newEnrollee: false,
    chronicSnp: false,
    esrd: null,
    ...more,
  };
}

export function coded(...codes: string[]): Diagnosis[] {
  return codes.map((code) => ({ code, evidence: [] }));
}
