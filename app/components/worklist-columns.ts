import type { PatientHeader, WorklistItem } from '../api.ts';
import { day, sexAndAge } from '../format.ts';
import { settledWords, statusWords } from '../words.ts';

/** Columns of the list; `sort` is what the server sorts by. */
export const columns = [
  { label: 'Patient', sort: 'name' },
  { label: 'Status', sort: 'status' },
  { label: 'Next step and reason', sort: null },
  { label: 'Due by', sort: 'dueBy' },
  { label: 'Last visit', sort: null },
  { label: 'Provider', sort: null },
] as const;

export const exportHeader = [
  'Patient id',
  'Name',
  'Birth date',
  'Gender',
  'Phone',
  'Provider',
  'Status',
  'Since',
  'Due by',
  'Reason',
  'What would close it',
  'Last visit',
] as const;

export function reasonAndStep(item: WorklistItem): { readonly reason: string | null; readonly step: string | null } {
  const { error, reasonText, nextStepText, populations } = item;
  return { reason: error ?? reasonText ?? settledWords(populations), step: nextStepText };
}

export function exportRow(item: WorklistItem) {
  const { patient, status, since, dueBy, lastVisit } = item;
  const { reason, step } = reasonAndStep(item);
  return [
    patient.id,
    patient.name,
    patient.birthDate,
    patient.gender,
    patient.phone,
    patient.provider?.name ?? patient.provider?.reference ?? null,
    status === null ? null : statusWords[status].label,
    since.slice(0, 10),
    dueBy,
    reason,
    step,
    lastVisit,
  ];
}

/** "female, 64 y · born 3 Feb 1962". */
export function aboutPatient({ gender, birthDate }: Pick<PatientHeader, 'gender' | 'birthDate'>): string {
  return birthDate === null ? sexAndAge(gender, null) : `${sexAndAge(gender, birthDate)} · born ${day(birthDate)}`;
}
