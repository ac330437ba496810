import type { Extension, Group, GroupMember } from '@medplum/fhirtypes';

const guide = 'http://hl7.org/fhir/us/davinci-atr/StructureDefinition';
export const atrGroupProfile = `${guide}/atr-group`;
const status = `${guide}/ext-attributionListStatus`;
const contractPeriod = `${guide}/ext-contractValidityPeriod`;
const changeTypeUrl = `${guide}/ext-changeType`;
const coverageUrl = `${guide}/ext-coverageReference`;
const providerUrl = `${guide}/ext-attributedProvider`;

export const listStatuses = ['draft', 'open', 'final'] as const;
export type ListStatus = (typeof listStatuses)[number];

/** Codes of atr-changetype. `cancelled`: the member was added in error. */
export type ChangeType = 'new' | 'dropped' | 'changed' | 'nochange' | 'cancelled';

/** Who is attributed to whom. Dates are days, `2026-01-31`; null: open. */
export interface Attribution {
  /** Logical id of the Patient. */
  readonly patient: string;
  /** `Practitioner/x`, `PractitionerRole/x`, `Organization/x`. */
  readonly provider: string | null;
  readonly coverage: string | null;
  readonly start: string | null;
  readonly end: string | null;
}

/** Status of an attribution list; null for a Group that is none. */
export function listStatusOf(group: object): ListStatus | null {
  const code = extensionsOf(group).find(({ url }) => url === status)?.valueCode;
  return listStatuses.find((known) => known === code) ?? null;
}

/** The Group as an attribution list of this status, its other extensions as they are. */
export function withListStatus<T extends object>(group: T, code: ListStatus): T {
  return { ...group, extension: replaced(extensionsOf(group), { url: status, valueCode: code }) };
}

/** Days of the contract; null where open or not told. */
export function contractPeriodOf(group: object): { readonly start: string | null; readonly end: string | null } {
  const { start, end } = extensionsOf(group).find(({ url }) => url === contractPeriod)?.valuePeriod ?? {};
  return { start: start ?? null, end: end ?? null };
}

/** A Group.member of Da Vinci ATR. */
export function attributedMember(
  { patient, provider, coverage, start, end }: Attribution,
  changeType: ChangeType,
): GroupMember {
  return {
    extension: [
      { url: changeTypeUrl, valueCode: changeType },
      ...(coverage === null ? [] : [{ url: coverageUrl, valueReference: { reference: coverage } }]),
      ...(provider === null ? [] : [{ url: providerUrl, valueReference: { reference: provider } }]),
    ],
    entity: { reference: `Patient/${patient}` },
    ...((start !== null || end !== null) && {
      period: { ...(start !== null && { start }), ...(end !== null && { end }) },
    }),
    inactive: false,
  };
}

/** The member with another kind of change and whatever else is given; all else stays as it is. */
export function changedMember(
  member: GroupMember,
  changeType: ChangeType,
  change: Partial<Pick<Attribution, 'coverage' | 'start' | 'end'>> = {},
): GroupMember {
  const { coverage, start, end } = change;
  const coverages =
    coverage === undefined || coverage === null
      ? member.extension
      : replaced(member.extension, { url: coverageUrl, valueReference: { reference: coverage } });
  const period = {
    ...member.period,
    ...(start !== undefined && { start: start ?? undefined }),
    ...(end !== undefined && { end: end ?? undefined }),
  };
  const { period: _, ...rest } = member;
  return {
    ...rest,
    extension: replaced(coverages, { url: changeTypeUrl, valueCode: changeType }),
    ...(Object.values(period).some((value) => value !== undefined) && { period }),
  };
}

/**
 * The member as one that is attributed no longer: inactive, its period ended. One that had not begun was added in error
 * (`cancelled`), and its period is taken away, as it never held.
 *
 * @param lastDay day on which it was attributed last
 * @param changeType `dropped` from the list, or `changed` to another provider
 */
export function endedMember(member: GroupMember, lastDay: string, changeType: 'dropped' | 'changed'): GroupMember {
  const start = member.period?.start?.slice(0, 10) ?? null;
  const end = member.period?.end?.slice(0, 10) ?? null;
  if (start !== null && start > lastDay) {
    const { period: _, ...rest } = changedMember(member, 'cancelled');
    return { ...rest, inactive: true };
  }
  const ended = changedMember(member, changeType, { end: end !== null && end < lastDay ? end : lastDay });
  return { ...ended, inactive: true };
}

/** A new attribution list without members. */
export function attributionList(settings: {
  readonly id: string;
  readonly name: string;
  readonly contract: { readonly start: string; readonly end: string };
  readonly managingEntity: string | null;
}): Group {
  const { id, name, contract, managingEntity } = settings;
  return {
    resourceType: 'Group',
    id,
    meta: { profile: [atrGroupProfile] },
    extension: [
      { url: contractPeriod, valuePeriod: contract },
      { url: status, valueCode: 'draft' },
    ],
    active: true,
    type: 'person',
    actual: true,
    name,
    ...(managingEntity !== null && { managingEntity: { reference: managingEntity } }),
  };
}

function extensionsOf(node: object): readonly Extension[] {
  return 'extension' in node && Array.isArray(node.extension) ? node.extension : [];
}

function replaced(extensions: readonly Extension[] = [], extension: Extension): Extension[] {
  const at = extensions.findIndex(({ url }) => url === extension.url);
  return at === -1 ? [...extensions, extension] : extensions.with(at, extension);
}
