import { deqmVersions } from '../../bundles/index.ts';

/** Arguments that the operations on measures have in common. */

export const periodStart = {
  type: 'date',
  documentation: 'Start of the period, at any precision: 2026 is 2026-01-01. Of a dateTime, the day.',
} as const;

export const periodEnd = {
  type: 'date',
  documentation: 'End of the period, inclusive, at any precision: 2026 is 2026-12-31. Of a dateTime, the day.',
} as const;

export const parameters = {
  type: 'Parameters?',
  documentation: 'CQL parameters of the measure by name, beside "Measurement Period".',
} as const;

export const manifest = {
  type: 'canonical?',
  documentation: 'A stored Library whose depends-on artifacts pin the versions of measures, libraries and value sets.',
} as const;

export const refusedManifest = {
  type: 'canonical?',
  documentation: 'Not supported: a request that pins versions is refused rather than answered otherwise.',
} as const;

export const storeReport = {
  type: 'boolean?',
  documentation: 'true keeps the reports on the server, searchable. It changes the server, so it needs POST.',
} as const;

export const deqmVersionCodes = {
  type: 'code?',
  documentation:
    'Version of the DEQM guide whose names the answer uses. Default: uv-1.0.0, or the one whose parameter names are used.',
  codes: Object.fromEntries(deqmVersions.filter((version) => version !== 'r4').map((version) => [version, []])),
} as const;

/** UV DEQM's codes, with those of base R4. */
export const reportTypes = {
  individual: ['subject', 'patient'],
  'subject-list': ['patient-list'],
  summary: ['population'],
} as const;
