import { createHash } from 'node:crypto';
import type { MeasurementPeriod } from '../../measures/index.ts';
import { type DeqmVersion, deqmVersions } from '../deqm-version.ts';

/** What an individual report is about. `measure` is the canonical as the report has it, with its version. */
export interface ReportedSubject {
  readonly measure: string;
  readonly period: MeasurementPeriod;
  /** Logical id of the Patient. */
  readonly subject: string;
}

/** What the id of an individual report says of it. */
export interface ReportIdParts {
  /** `subjectDigest` of the Patient. */
  readonly subject: string;
  readonly period: MeasurementPeriod;
}

const form = /^([\da-f]{16})-[\da-f]{12}-(\d{8})-(\d{8})$/;

/**
 * Id of the individual report of a subject: the same whenever it is calculated, so that storing it again makes a new
 * version. It can be read back (`readReportId`, then `isReportId` for the candidates), so that a remark finds the gap of
 * a report that was given out and never stored.
 */
export function reportIdOf({ measure, period, subject }: ReportedSubject, version: DeqmVersion): string {
  const check = digest(JSON.stringify([measure, subject, version])).slice(0, 12);
  return [subjectDigest(subject), check, compact(period.start), compact(period.end)].join('-');
}

/** 64 bits of a hash over the logical id of a Patient, in hexadecimal. Migration 0008 computes the same in SQL. */
export function subjectDigest(subject: string): string {
  return digest(subject).slice(0, 16);
}

/** Null for an id that is not of an individual report of ours. */
export function readReportId(id: string): ReportIdParts | null {
  const [, subject, start, end] = form.exec(id) ?? [];
  if (subject === undefined || start === undefined || end === undefined) return null;
  return { subject, period: { start: spread(start), end: spread(end) } };
}

/** Is it the id of the report about this, in any version of the guide? */
export function isReportId(id: string, about: ReportedSubject): boolean {
  return deqmVersions.some((version) => reportIdOf(about, version) === id);
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function compact(date: string): string {
  return date.slice(0, 10).replaceAll('-', '');
}

function spread(date: string): string {
  return `${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)}`;
}
