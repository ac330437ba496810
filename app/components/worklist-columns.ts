import type { PatientHeader, WorklistItem } from '../api.ts';
import { day, sexAndAge } from '../format.ts';
import { statusWords } from '../words.ts';

/** Columns of the list; `sort` is what the server sorts by. */
export const columns = [
  { label: 'Patient', sort: 'name' },
  { label: 'Status', sort: 'status' },
  { label: 'What would close it', sort: null },
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

export function exportRow({ patient, status, since, dueBy, error, reasonText, nextStepText, lastVisit }: WorklistItem) {
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
    error ?? reasonText,
    nextStepText,
    lastVisit,
  ];
}

/** "female, 64 y · born 3 Feb 1962". */
export function aboutPatient({ gender, birthDate }: Pick<PatientHeader, 'gender' | 'birthDate'>): string {
  return birthDate === null ? sexAndAge(gender, null) : `${sexAndAge(gender, birthDate)} · born ${day(birthDate)}`;
}
