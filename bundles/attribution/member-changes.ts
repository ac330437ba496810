import type { GroupMember } from '@medplum/fhirtypes';
import { type Attribution, attributedMember, changedMember, endedMember } from './atr-group.ts';

/** A Group.member where it stands. Dates are days; null: open. */
export interface ListedMember {
  /** Place in Group.member, from 1. */
  readonly ordinal: number;
  readonly provider: string | null;
  readonly coverage: string | null;
  readonly starts: string | null;
  readonly ends: string | null;
  readonly inactive: boolean;
  readonly member: GroupMember;
}

/** A member for a place; null: behind the last. */
export interface MemberChange {
  readonly ordinal: number | null;
  readonly member: GroupMember;
}

export interface Addition {
  readonly kind: 'new' | 'changed' | 'unchanged';
  readonly changes: readonly MemberChange[];
}

/**
 * What it takes to have a patient attributed as wanted. What held before stays as an inactive member with the end of its
 * period, so that attribution can be told by date: one provider holds until the day before the next begins.
 *
 * | active members of the patient | change |
 * |---|---|
 * | none | a new member |
 * | the wanted provider (or none is wanted), coverage and period | nothing |
 * | the wanted provider, another coverage or period | the member, changed |
 * | only other providers | they end, a changed member begins |
 *
 * @param members the patient's members on the list
 * @param wanted a null provider, coverage, start or end leaves what is there, or is left out
 * @param today first day of what has no start
 */
export function addition(members: readonly ListedMember[], wanted: Attribution, today: string): Addition {
  const active = members.filter(({ inactive }) => !inactive);
  const same = active.find(({ provider }) => wanted.provider === null || provider === wanted.provider);
  if (same !== undefined) return renewal(same, wanted);
  const start = wanted.start ?? today;
  const next = attributedMember({ ...wanted, start }, active.length === 0 ? 'new' : 'changed');
  const ended = active.map(({ ordinal, member }) => ({
    ordinal,
    member: endedMember(member, dayBefore(start), 'changed'),
  }));
  return { kind: active.length === 0 ? 'new' : 'changed', changes: [...ended, { ordinal: null, member: next }] };
}

function renewal(same: ListedMember, wanted: Attribution): Addition {
  const { ordinal, member } = same;
  const coverage = wanted.coverage !== null && wanted.coverage !== same.coverage ? wanted.coverage : undefined;
  const start = wanted.start !== null && wanted.start !== same.starts ? wanted.start : undefined;
  const end = wanted.end !== null && wanted.end !== same.ends ? wanted.end : undefined;
  if (coverage === undefined && start === undefined && end === undefined) return { kind: 'unchanged', changes: [] };
  const change = {
    ...(coverage !== undefined && { coverage }),
    ...(start !== undefined && { start }),
    ...(end !== undefined && { end }),
  };
  return { kind: 'changed', changes: [{ ordinal, member: changedMember(member, 'changed', change) }] };
}

/**
 * What it takes to have members attributed no longer, from the day after `lastDay`; those that are inactive already stay.
 */
export function removal(members: readonly ListedMember[], lastDay: string): readonly MemberChange[] {
  return members
    .filter(({ inactive }) => !inactive)
    .map(({ ordinal, member }) => ({ ordinal, member: endedMember(member, lastDay, 'dropped') }));
}

/** The day before, as `2026-01-31`. */
function dayBefore(day: string): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) - 86_400_000).toISOString().slice(0, 10);
}
