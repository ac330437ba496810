import { isPrimaryCareService } from './services.ts';
import type { SpecialtyClass } from './specialties.ts';

/** A service that a patient had. */
export interface Visit {
  /** What it was read from, `Encounter/x`. */
  readonly source: string;
  /** Day, `2026-01-31`. */
  readonly day: string;
  /** CPT or HCPCS codes. */
  readonly codes: readonly string[];
  /** `Practitioner/x`; null where nobody is named. */
  readonly provider: string | null;
  /** Who provided it, as one: a TIN, or an Organization where there is none. */
  readonly organization: string | null;
  readonly specialty: SpecialtyClass;
  /** Allowed amount in cents; null without a claim. */
  readonly allowed: number | null;
}

/** First and last day, both inclusive. */
export interface AttributionWindow {
  readonly start: string;
  readonly end: string;
}

/** What was added up for an organization, or for a clinician of the one that was chosen. */
export interface Share {
  readonly who: string;
  /** Cents; null where the basis is visits. */
  readonly allowed: number | null;
  /** Distinct days. */
  readonly visits: number;
  readonly lastDay: string;
  readonly sources: readonly string[];
}

export type AttributionStep = 'primary-care' | 'specialist' | 'expanded-window';

/** The outcome for a patient, with the visits that counted. */
export interface ComputedAttribution {
  /** Null: nobody. */
  readonly organization: string | null;
  /** The clinician of the organization with most of the services; null where none is named. */
  readonly provider: string | null;
  readonly step: AttributionStep | null;
  /** Why nobody: no service that counts, or none by a physician (42 CFR 425.402(b)(1)). */
  readonly reason: 'no-primary-care-service' | 'no-physician-service' | null;
  /** By what shares were compared: without allowed amounts of all that count, distinct days. */
  readonly basis: 'allowed-amount' | 'visits';
  /** Best first. */
  readonly shares: readonly Share[];
  readonly providers: readonly Share[];
}

interface Counted extends Visit {
  readonly who: string;
}

/**
 * The attribution of a patient by the plurality of primary-care services (42 CFR 425.402): in step 1, those by primary-care
 * physicians, nurse practitioners, physician assistants and clinical nurse specialists; where there is none, in step 2,
 * those by the listed specialists. Without any by a physician in the window, one in the twelve months before it counts
 * (step 3, expanded window). The order of the visits never matters.
 *
 * Ties: allowed amount, then distinct days, then the latest day, then the lowest name.
 *
 * @param visits of one patient, at least of the window and the twelve months before it
 */
export function computeAttribution(visits: readonly Visit[], window: AttributionWindow): ComputedAttribution {
  const counted = visits.flatMap((visit): Counted[] =>
    visit.organization !== null && visit.codes.some((code) => isPrimaryCareService(code, visit.day))
      ? [{ ...visit, who: visit.organization }]
      : [],
  );
  const within = counted.filter(({ day }) => day >= window.start && day <= window.end);
  const before = counted.filter(({ day }) => day >= yearBefore(window.start) && day < window.start);
  const primary = within.filter(
    ({ specialty }) => specialty === 'primary-care-physician' || specialty === 'non-physician',
  );
  const specialist = within.filter(({ specialty }) => specialty === 'specialist');
  const hasPhysician = [...primary, ...specialist].some(isPhysician);
  if (hasPhysician) {
    if (primary.length > 0) return plurality(primary, 'primary-care');
    return plurality(specialist, 'specialist');
  }
  if (primary.length > 0 && before.some(isPhysician)) return plurality(primary, 'expanded-window');
  const reason = primary.length === 0 ? 'no-primary-care-service' : 'no-physician-service';
  return { organization: null, provider: null, step: null, reason, basis: 'visits', shares: [], providers: [] };
}

function isPhysician({ specialty }: Visit): boolean {
  return specialty === 'primary-care-physician' || specialty === 'specialist';
}

function plurality(visits: readonly Counted[], step: AttributionStep): ComputedAttribution {
  const basis = visits.every(({ allowed }) => allowed !== null) ? 'allowed-amount' : 'visits';
  const shares = sharesOf(visits, basis);
  const organization = shares[0]?.who ?? null;
  const own = visits.flatMap((visit): Counted[] =>
    visit.who === organization && visit.provider !== null ? [{ ...visit, who: visit.provider }] : [],
  );
  const providers = sharesOf(own, basis);
  return { organization, provider: providers[0]?.who ?? null, step, reason: null, basis, shares, providers };
}

function sharesOf(visits: readonly Counted[], basis: ComputedAttribution['basis']): readonly Share[] {
  const shares = [...Map.groupBy(visits, ({ who }) => who)].map(([who, own]): Share => {
    const days = [...new Set(own.map(({ day }) => day))].toSorted();
    return {
      who,
      allowed: basis === 'visits' ? null : own.reduce((sum, { allowed }) => sum + (allowed ?? 0), 0),
      visits: days.length,
      lastDay: days.at(-1) ?? '',
      sources: [...new Set(own.map(({ source }) => source))].toSorted(),
    };
  });
  return shares.toSorted(
    (a, b) =>
      (b.allowed ?? 0) - (a.allowed ?? 0) ||
      b.visits - a.visits ||
      compare(b.lastDay, a.lastDay) ||
      compare(a.who, b.who),
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The same day a year earlier, for comparing as a text. */
function yearBefore(day: string): string {
  return `${String(Number(day.slice(0, 4)) - 1).padStart(4, '0')}${day.slice(4)}`;
}
