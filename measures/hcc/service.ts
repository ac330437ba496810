/** A line of a claim, or what was done in an encounter. */
export interface ServiceLine {
  readonly code: string;
  readonly modifiers: readonly string[];
  readonly denied: boolean;
}

/** A diagnosis that a service submits. */
export interface SubmittedDiagnosis {
  readonly code: string;
  /** The resource that holds the code, pinned by version. */
  readonly reference: string;
}

/** Which rule of eligible sources a service falls under. */
export type ServiceSetting = 'professional' | 'inpatient' | 'outpatient' | 'other';

/** An encounter or claim as the gates see it. */
export interface Service {
  /** Pinned by version. */
  readonly reference: string;
  readonly setting: ServiceSetting;
  /** What the setting was read from, e.g. `type of bill 131`. */
  readonly settingFrom: string;
  /** Day on which it ended. Null when it is not told. */
  readonly date: string | null;
  readonly lines: readonly ServiceLine[];
  /** Told to be by sound alone, beside what codes and modifiers say. */
  readonly audioOnly: boolean;
  readonly chartReview: 'linked' | 'unlinked' | null;
  /** Why it does not stand: cancelled, replaced, denied. */
  readonly void: string | null;
  readonly diagnoses: readonly SubmittedDiagnosis[];
}

/** A diagnosis that no gate ever saw, with the reason. */
export interface DiscardedDiagnosis {
  /** Pinned by version. */
  readonly reference: string;
  readonly reason: 'problem-list-only' | 'not-icd-10-cm' | 'not-confirmed' | 'entered-in-error' | 'no-service';
}
