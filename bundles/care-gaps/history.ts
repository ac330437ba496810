import type {
  Bundle,
  BundleEntry,
  DetectedIssue,
  Provenance,
  ProvenanceAgent,
  ProvenanceEntity,
  Reference,
} from '@medplum/fhirtypes';
import type { GapStatus, MeasurementPeriod } from '../../measures/index.ts';
import { type DeqmNames, type DeqmVersion, deqmNames } from '../deqm-version.ts';
import { uuidOf } from '../identity.ts';
import { reportIdOf } from '../measure-report/report-id.ts';

/** A change of a gap's status, and what brought it. */
export interface RecordedTransition {
  /** The same for the same change; part of the ids of its resources. */
  readonly id: string;
  /** `id` of the change before, of the same gap; null for the first. */
  readonly previous: string | null;
  /** Logical id of the Patient. */
  readonly patient: string;
  /** Canonical with its version. */
  readonly measure: string;
  readonly measureTitle: string | null;
  /** Named where the measure has several groups; null otherwise. */
  readonly group: string | null;
  /** Null where its end is not known any more. */
  readonly period: MeasurementPeriod | null;
  /** Instant of the evaluation that found the change. */
  readonly at: string;
  /** Null: there was no answer before. */
  readonly from: GapStatus | 'error' | null;
  /** Null: the group keeps no gaps any more. */
  readonly to: GapStatus | 'error' | null;
  /** Why the gap is as it is, in words. */
  readonly reasons: readonly string[];
  readonly cause: { readonly code: 'data' | 'measures' | 'time'; readonly text: string };
  readonly sources: readonly TransitionSource[];
}

/** A version of a resource that brought a change. */
export interface TransitionSource {
  /** `Type/id/_history/v`. */
  readonly reference: string;
  readonly display: string;
  /** True for the version that is a deletion. */
  readonly deleted: boolean;
  /** Who is responsible for the version, as far as known. */
  readonly agents: readonly ProvenanceAgent[];
}

export interface GapHistorySettings {
  readonly version: DeqmVersion;
  readonly baseUrl: string;
  /** Of all pages. */
  readonly total: number;
  readonly links: readonly { readonly relation: 'self' | 'next'; readonly url: string }[];
}

/** The history of gaps as a searchset: a DetectedIssue for each change, and, included, the Provenance that says why. */
export function gapHistoryBundle(
  transitions: readonly RecordedTransition[],
  { version, baseUrl, total, links }: GapHistorySettings,
): Bundle {
  const names = deqmNames[version];
  const entry = transitions.flatMap((transition): BundleEntry[] => {
    const issue = issueAt(transition, version, names);
    const provenance = provenanceOf(transition);
    return [
      { fullUrl: `${baseUrl}/DetectedIssue/${issue.id}`, resource: issue, search: { mode: 'match' } },
      { fullUrl: `${baseUrl}/Provenance/${provenance.id}`, resource: provenance, search: { mode: 'include' } },
    ];
  });
  return {
    resourceType: 'Bundle',
    type: 'searchset',
    total,
    link: links.map(({ relation, url }) => ({ relation, url })),
    ...(entry.length > 0 && { entry }),
  };
}

function issueId(transition: string): string {
  return uuidOf('gap-transition', transition);
}

/**
 * The gap as it became (DEQM: deqm-gapsincaredetectedissue). Its evidence is the MeasureReport that `$care-gaps` gives
 * for the same measure, period and patient; where the period is not known any more, it has none and claims no profile.
 */
function issueAt(transition: RecordedTransition, version: DeqmVersion, names: DeqmNames): DetectedIssue {
  const { id, patient, measure, measureTitle, group, period, at, from, to, reasons } = transition;
  const criteria = group === null ? {} : { extension: [{ url: names.criteriaReference, valueString: group }] };
  return {
    resourceType: 'DetectedIssue',
    id: issueId(id),
    ...(names.profiles !== null && period !== null && { meta: { profile: [names.profiles.detectedIssue] } }),
    modifierExtension: [{ url: names.gapStatus, valueCodeableConcept: statusConcept(to, names) }],
    status: 'final',
    code: {
      coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'CAREGAP', display: 'Care Gaps' }],
    },
    patient: { reference: `Patient/${patient}` },
    identifiedDateTime: at,
    ...(period !== null && {
      evidence: [
        {
          detail: [
            {
              ...criteria,
              reference: `MeasureReport/${reportIdOf({ measure, period, subject: patient }, version)}`,
              display: `${measureTitle ?? measure}, ${period.start} to ${period.end}`,
            },
          ],
        },
      ],
    }),
    detail: [`${statusText(from)} → ${statusText(to)}`, ...reasons].join('. '),
    reference: measure,
  };
}

/** DEQM has codes for gaps only: what could not be evaluated, or is no gap any more, is said in words. */
function statusConcept(status: RecordedTransition['to'], names: DeqmNames) {
  return status === null || status === 'error'
    ? { text: statusText(status) }
    : { coding: [{ system: names.gapStatusSystem, code: status }] };
}

function statusText(status: RecordedTransition['to']): string {
  return status === null ? 'no gap kept' : status === 'error' ? 'could not be evaluated' : status;
}

/** Why, when and by what: the Provenance of the change, its sources the versions of the resources that brought it. */
function provenanceOf(transition: RecordedTransition): Provenance {
  const { id, previous, measure, at, from, cause, sources } = transition;
  const activity = from === null ? { code: 'CREATE', display: 'create' } : { code: 'UPDATE', display: 'revise' };
  const entity: ProvenanceEntity[] = [
    ...(previous === null ? [] : [{ role: 'revision' as const, what: before(previous, from) }]),
    ...sources.map(({ reference, display, deleted, agents }) => ({
      role: deleted ? ('removal' as const) : ('source' as const),
      what: { reference, display },
      ...(agents.length > 0 && { agent: [...agents] }),
    })),
  ];
  return {
    resourceType: 'Provenance',
    id: uuidOf('gap-transition-provenance', id),
    target: [{ reference: `DetectedIssue/${issueId(id)}` }],
    occurredDateTime: at,
    recorded: at,
    policy: [measure],
    reason: [
      { coding: [{ system: 'http://gapless.health/CodeSystem/gap-cause', code: cause.code }], text: cause.text },
    ],
    activity: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-DataOperation', ...activity }] },
    agent: [
      {
        type: {
          coding: [
            {
              system: 'http://terminology.hl7.org/CodeSystem/provenance-participant-type',
              code: 'assembler',
              display: 'Assembler',
            },
          ],
        },
        who: {
          type: 'Device',
          identifier: { system: 'http://gapless.health/NamingSystem/software', value: 'gapless' },
          display: 'Gapless',
        },
      },
    ],
    ...(entity.length > 0 && { entity }),
  };
}

function before(previous: string, from: RecordedTransition['from']): Reference {
  return { reference: `DetectedIssue/${issueId(previous)}`, display: statusText(from) };
}
