import type { Claim, Condition, Encounter, ExplanationOfBenefit, Patient } from '@medplum/fhirtypes';

const hl7 = 'http://terminology.hl7.org/CodeSystem';
const subject = { reference: 'Patient/one' };
const cpt = (code: string) => ({ coding: [{ system: 'http://www.ama-assn.org/go/cpt', code }] });
const icd10 = (code: string) => ({ coding: [{ system: 'http://hl7.org/fhir/sid/icd-10-cm', code }] });
const plain = (code: string) => ({ coding: [{ code }] });

/** 70 years old on 1 February 2026. */
export const patient: Patient = { resourceType: 'Patient', id: 'one', gender: 'female', birthDate: '1956-01-15' };

/** What a test tells of a claim. */
export interface Told {
  readonly id?: string;
  readonly icd?: readonly string[];
  readonly codes?: readonly string[];
  readonly modifiers?: readonly string[];
  /** Lines with modifiers of their own, instead of `codes`. */
  readonly lines?: readonly (readonly [code: string, modifiers: readonly string[]])[];
  readonly place?: string;
  readonly type?: string;
  readonly bill?: string;
  readonly status?: Claim['status'];
  readonly day?: string;
  readonly end?: string;
  /** Day of each line, where it is not that of the claim. */
  readonly lineDay?: string;
  readonly chartReview?: 'linked' | 'unlinked';
  readonly replaces?: string;
  /** Makes an ExplanationOfBenefit of this Claim. */
  readonly answers?: string;
  readonly denied?: readonly string[];
}

export function claim(told: Told): Claim | ExplanationOfBenefit {
  const { id = 'claim', icd = [], codes = [], modifiers = [], day = '2026-05-05', denied = [], answers } = told;
  const lines = told.lines ?? codes.map((code) => [code, modifiers] as const);
  const supportingInfo = [
    ...(told.bill === undefined ? [] : [{ sequence: 1, category: plain('typeofbill'), code: plain(told.bill) }]),
    ...(told.chartReview === undefined ? [] : [{ sequence: 2, category: plain('chart-review') }]),
  ];
  const related = [
    ...(told.chartReview === 'linked' ? [{ claim: { reference: 'Claim/reviewed' } }] : []),
    ...(told.replaces === undefined
      ? []
      : [{ claim: { reference: `Claim/${told.replaces}` }, relationship: plain('prior') }]),
  ];
  const shared = {
    id,
    meta: { versionId: '1' },
    status: told.status ?? 'active',
    use: 'claim' as const,
    type: { coding: [{ system: `${hl7}/claim-type`, code: told.type ?? 'professional' }] },
    patient: subject,
    created: '2026-05-06',
    provider: { display: 'Clinic' },
    billablePeriod: { start: day, end: told.end ?? day },
    diagnosis: icd.map((code, index) => ({ sequence: index + 1, diagnosisCodeableConcept: icd10(code) })),
    ...(supportingInfo.length > 0 && { supportingInfo }),
    ...(related.length > 0 && { related }),
  };
  const items = lines.map(([code, own], index) => ({
    sequence: index + 1,
    productOrService: cpt(code),
    ...(own.length > 0 && { modifier: own.map(plain) }),
    ...(told.lineDay !== undefined && { servicedDate: told.lineDay }),
    ...(told.place !== undefined && { locationCodeableConcept: plain(told.place) }),
  }));
  if (answers === undefined)
    return {
      resourceType: 'Claim',
      ...shared,
      priority: { text: 'normal' },
      insurance: [{ sequence: 1, focal: true, coverage: { display: 'plan' } }],
      item: items,
    };
  return {
    resourceType: 'ExplanationOfBenefit',
    ...shared,
    insurer: { display: 'plan' },
    outcome: 'complete',
    insurance: [{ focal: true, coverage: { display: 'plan' } }],
    claim: { reference: `Claim/${answers}` },
    item: items.map((item, index) => ({
      ...item,
      ...(denied.includes(lines[index]?.[0] ?? '') && {
        adjudication: [{ category: plain('denialreason'), reason: { text: 'not covered' } }],
      }),
    })),
  };
}

export function encounter(told: {
  readonly id: string;
  readonly class: string;
  readonly codes: readonly string[];
  readonly status?: Encounter['status'];
  readonly telephone?: boolean;
  readonly diagnoses?: readonly string[];
}): Encounter {
  const telephone = { coding: [{ system: 'http://snomed.info/sct', code: '185317003' }] };
  return {
    resourceType: 'Encounter',
    id: told.id,
    meta: { versionId: '2' },
    status: told.status ?? 'finished',
    class: { system: `${hl7}/v3-ActCode`, code: told.class },
    type: [...told.codes.map(cpt), ...(told.telephone === true ? [telephone] : [])],
    subject,
    period: { start: '2026-05-05T10:00:00Z', end: '2026-05-05T10:20:00Z' },
    ...(told.diagnoses !== undefined && {
      diagnosis: told.diagnoses.map((id) => ({ condition: { reference: `Condition/${id}` } })),
    }),
  };
}

export function condition(told: {
  readonly id?: string;
  readonly icd?: string;
  readonly snomed?: string;
  readonly category?: string;
  readonly encounter?: string;
  readonly verification?: string;
}): Condition {
  const { id = 'dm', icd, snomed, category = 'encounter-diagnosis', verification = 'confirmed' } = told;
  return {
    resourceType: 'Condition',
    id,
    meta: { versionId: '3' },
    category: [{ coding: [{ system: `${hl7}/condition-category`, code: category }] }],
    verificationStatus: { coding: [{ system: `${hl7}/condition-ver-status`, code: verification }] },
    code: {
      coding: [
        ...(icd === undefined ? [] : [{ system: 'http://hl7.org/fhir/sid/icd-10-cm', code: icd }]),
        ...(snomed === undefined ? [] : [{ system: 'http://snomed.info/sct', code: snomed }]),
      ],
    },
    subject,
    ...(told.encounter !== undefined && { encounter: { reference: `Encounter/${told.encounter}` } }),
  };
}
