import type { Claim } from './change-feed.ts';
import type { LiveMeasure } from './live-plan.ts';
import type { CauseKind, EvaluatedRow, PatientOutcome } from './patient-outcome.ts';

/** A row of the state as it was before. */
export interface StoredGap {
  readonly patient: string;
  readonly measureUrl: string;
  readonly measureVersion: string;
  readonly groupId: string;
  readonly periodStart: string;
  readonly periodEnd: string;
  readonly status: string | null;
  /** The status before errors; null when there was none. */
  readonly knownStatus: string | null;
  readonly since: Date;
  readonly live: boolean;
}

type Key = Pick<StoredGap, 'patient' | 'measureUrl' | 'measureVersion' | 'groupId' | 'periodStart' | 'periodEnd'>;

export interface Transition extends Key {
  readonly from: string | null;
  readonly to: string | null;
  readonly cause: { readonly kind: CauseKind; readonly resources: readonly string[]; readonly [more: string]: unknown };
}

/** A gap that is there and was not, or not in this status; or one that is there no longer. */
export interface GapChange extends Transition {
  readonly kind: 'gap-opened' | 'gap-closed';
}

export interface StateChange {
  readonly history: readonly Transition[];
  readonly events: readonly GapChange[];
  /** Rows to be written, each with what it takes over from the one before. */
  readonly rows: readonly { readonly row: EvaluatedRow; readonly since: Date; readonly knownStatus: string | null }[];
  readonly removed: readonly Key[];
  /** Rows of periods that ended and are kept no longer: they stay as they are. */
  readonly frozen: readonly Key[];
}

/**
 * What an evaluation changes in the state of one patient. Pure. A row takes over from the one of the same group and
 * period, of an earlier version of the measure if need be: a new version alone opens and closes nothing. An error says
 * nothing of a gap, so it neither opens nor closes one; what follows it is compared with what was known before it.
 *
 * @param before all rows of the patient
 * @param planned measures and periods that are kept live
 * @param today day (YYYY-MM-DD) of the practice: rows of periods that ended before stay when they are kept no longer
 */
export function stateChange(
  outcome: PatientOutcome,
  before: readonly StoredGap[],
  planned: readonly LiveMeasure[],
  today: string,
  now: Date,
): StateChange {
  const { claim, rows, header } = outcome;
  const gone = header === null;
  const history: Transition[] = [];
  const events: GapChange[] = [];
  const written = rows.map((row) => {
    const previous = predecessor(row, before);
    const from = previous?.status ?? null;
    const known = previous?.knownStatus ?? null;
    const change = { ...keyOf(claim.patient, row), from, to: row.status, cause: causeOf(claim, row) };
    if (from !== row.status && (previous !== undefined || isTold(row.status))) history.push(change);
    const kind = row.status === 'error' ? null : kindOf(known, row.status);
    if (kind !== null) events.push({ ...change, kind, from: known });
    return {
      row,
      since: previous !== undefined && from === row.status ? previous.since : now,
      knownStatus: row.status === 'error' ? known : row.status,
    };
  });
  const removed: StoredGap[] = [];
  const frozen: StoredGap[] = [];
  for (const stored of before) {
    if (!gone && planned.some((live) => isOf(stored, live))) continue;
    if (!gone && stored.periodEnd < today) {
      if (stored.live) frozen.push(stored);
      continue;
    }
    removed.push(stored);
    if (!gone && rows.some((row) => predecessor(row, before) === stored)) continue;
    const kind: CauseKind = gone ? 'data' : 'measures';
    const cause = { kind, resourceTypes: gone ? claim.resourceTypes : [], resources: gone ? claim.resources : [] };
    const change = { ...keyOf(claim.patient, stored), from: stored.status, to: null, cause };
    if (stored.status !== null) history.push(change);
    const closed = kindOf(stored.knownStatus, null);
    if (closed !== null) events.push({ ...change, kind: closed, from: stored.knownStatus });
  }
  return { history, events, rows: written, removed, frozen };
}

function isOf(stored: Omit<Key, 'patient'>, { measure, period, groups }: LiveMeasure): boolean {
  return (
    stored.measureUrl === measure.url &&
    stored.measureVersion === (measure.version ?? '') &&
    stored.periodStart === period.start &&
    groups.some(({ id }) => (id ?? '') === stored.groupId)
  );
}

/** The row that a new one stands for: the same, else that of another version, one that is live if there is. */
function predecessor(row: EvaluatedRow, before: readonly StoredGap[]): StoredGap | undefined {
  const alike = before.filter(
    ({ measureUrl, groupId, periodStart }) =>
      measureUrl === row.measureUrl && groupId === row.groupId && periodStart === row.periodStart,
  );
  return (
    alike.find(({ measureVersion }) => measureVersion === row.measureVersion) ??
    alike.find(({ live }) => live) ??
    alike[0]
  );
}

function keyOf(patient: string, row: Omit<Key, 'patient'>): Key {
  const { measureUrl, measureVersion, groupId, periodStart, periodEnd } = row;
  return { patient, measureUrl, measureVersion, groupId, periodStart, periodEnd };
}

function causeOf({ sequence, resourceTypes, resources }: Claim, row: EvaluatedRow): Transition['cause'] {
  const ofData = row.cause === 'data';
  return {
    kind: row.cause,
    resourceTypes: ofData ? resourceTypes : [],
    resources: ofData ? resources : [],
    sequence,
    contentHash: row.contentHash,
    evidence: row.evidence,
    reasons: row.reasons.map(({ text }) => text),
  };
}

/** A first answer that says nothing of care is no event in anybody's history. */
function isTold(status: string | null): boolean {
  return status === 'open-gap' || status === 'closed-gap' || status === 'prospective-gap';
}

function kindOf(from: string | null, to: string | null): GapChange['kind'] | null {
  if (from === to) return null;
  if (isGap(to)) return 'gap-opened';
  return isGap(from) ? 'gap-closed' : null;
}

function isGap(status: string | null): boolean {
  return status === 'open-gap' || status === 'prospective-gap';
}
