import type { ComputedAttribution, Visit } from './attribute.ts';

/** What the payer's list says of a patient; null: it is not on the list. */
export interface ListedAttribution {
  readonly provider: string | null;
  /** Organization of the provider, or of the list. */
  readonly organization: string | null;
}

export interface ComparedPatient {
  readonly patient: string;
  readonly listed: ListedAttribution | null;
  readonly computed: ComputedAttribution;
  /** Visits in the year of the report, of any kind. */
  readonly visits: readonly Visit[];
}

/** Where the list and the computation agree or not. */
export type Agreement = 'both' | 'other-provider' | 'list-only' | 'computed-only' | 'neither';

export interface ComparedAttribution extends ComparedPatient {
  readonly agreement: Agreement;
  /** On the list, and not seen by anybody of ours this year: whom to call. */
  readonly withoutVisit: boolean;
  /** Days of visits elsewhere, by organization; only of patients on the list. */
  readonly leakage: ReadonlyMap<string, number>;
}

export interface AttributionTotals {
  readonly agreement: Readonly<Record<Agreement, number>>;
  readonly withoutVisit: number;
  /** Patients with visits elsewhere, and their days by organization, most first. */
  readonly leaking: number;
  readonly leakage: readonly { readonly organization: string; readonly days: number; readonly patients: number }[];
}

/**
 * Compares what a list says with what was computed.
 *
 * | on the list | computed for us | |
 * |---|---|---|
 * | yes | yes | both; other-provider when both name a clinician and they differ |
 * | yes | no, or nobody | list-only |
 * | no | yes | computed-only |
 * | no | no | neither |
 *
 * @param ours organizations that the list is about
 */
export function compareAttribution(patient: ComparedPatient, ours: ReadonlySet<string>): ComparedAttribution {
  const { listed, computed, visits } = patient;
  const own = computed.organization !== null && ours.has(computed.organization);
  const differ =
    listed !== null && listed.provider !== null && computed.provider !== null && listed.provider !== computed.provider;
  const agreement: Agreement =
    listed === null ? (own ? 'computed-only' : 'neither') : own ? (differ ? 'other-provider' : 'both') : 'list-only';
  const elsewhere = visits.filter(({ organization }) => organization !== null && !ours.has(organization));
  const days = Map.groupBy(elsewhere, ({ organization }) => organization ?? '');
  return {
    ...patient,
    agreement,
    withoutVisit:
      listed !== null && !visits.some(({ organization }) => organization !== null && ours.has(organization)),
    leakage:
      listed === null
        ? new Map()
        : new Map([...days].map(([who, all]) => [who, new Set(all.map(({ day }) => day)).size])),
  };
}

export function attributionTotals(compared: readonly ComparedAttribution[]): AttributionTotals {
  const agreement = { both: 0, 'other-provider': 0, 'list-only': 0, 'computed-only': 0, neither: 0 };
  const leakage = new Map<string, { days: number; patients: number }>();
  for (const one of compared) {
    agreement[one.agreement] += 1;
    for (const [organization, days] of one.leakage) {
      const sum = leakage.get(organization) ?? { days: 0, patients: 0 };
      leakage.set(organization, { days: sum.days + days, patients: sum.patients + 1 });
    }
  }
  return {
    agreement,
    withoutVisit: compared.filter(({ withoutVisit }) => withoutVisit).length,
    leaking: compared.filter(({ leakage: own }) => own.size > 0).length,
    leakage: [...leakage]
      .map(([organization, sum]) => ({ organization, ...sum }))
      .toSorted((a, b) => b.days - a.days || (a.organization < b.organization ? -1 : 1)),
  };
}
