import type { Extension } from '@medplum/fhirtypes';
import { careGapRemarkCodes } from '../../../bundles/index.ts';
import type { MeasurementPeriod } from '../../../measures/index.ts';
import type { StoredRemark } from '../remarks.ts';

/** A remark about a gap, as the page shows it. */
export interface RemarkView {
  readonly id: string;
  readonly version: number;
  /** Person, organisation or software, as the remark names it: a name, or `system|value` of an identifier. */
  readonly author: string;
  /** As the author dated it; else when it came in. */
  readonly at: string;
  /** Null when the remark is not coded. */
  readonly code: { readonly code: string | null; readonly display: string } | null;
  readonly text: readonly string[];
}

/** Is the remark about this group of the measure, in a period that overlaps this one? */
export function isAbout(
  remark: StoredRemark,
  measureUrl: string,
  groupId: string | null,
  { start, end }: MeasurementPeriod,
): boolean {
  const { period } = remark;
  const sameGroup = remark.measureUrl === measureUrl && remark.groupId === (groupId ?? '');
  return sameGroup && period.start <= end && period.end >= start;
}

export function remarkView({ id, version, writtenAt, extension: { extension = [] } }: StoredRemark): RemarkView {
  const named = (name: string): Extension | undefined => extension.find(({ url }) => url === name);
  const author = named('author') ?? named('authorOrganization') ?? named('authorSoftware');
  const concept = named('code')?.valueCodeableConcept;
  const { code, display } = concept?.coding?.[0] ?? {};
  return {
    id,
    version,
    author: authorText(author),
    at: named('authorDatetime')?.valueDateTime ?? writtenAt,
    code:
      concept === undefined
        ? null
        : { code: code ?? null, display: concept.text ?? display ?? careGapRemarkCodes[code ?? ''] ?? code ?? '' },
    text: extension.flatMap(({ url, valueString }) => (url === 'text' && valueString !== undefined ? valueString : [])),
  };
}

function authorText(author: Extension | undefined): string {
  const { valueString, valueIdentifier, valueReference } = author ?? {};
  if (valueString !== undefined) return valueString;
  if (valueReference !== undefined) return valueReference.display ?? valueReference.reference ?? '';
  const { system, value = '' } = valueIdentifier ?? {};
  return system === undefined ? value : `${system}|${value}`;
}
