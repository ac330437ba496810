import type { CodeableConcept, Extension, MeasureReport, Resource } from '@medplum/fhirtypes';
import type {
  GroupDefinition,
  ImprovementNotation,
  MeasureDefinition,
  MeasurementPeriod,
  Scoring,
} from '../../measures/index.ts';
import { type DeqmNames, type DeqmVersion, deqmNames } from '../deqm-version.ts';

/** What all reports of one run have in common. */
export interface ReportSettings {
  readonly definition: MeasureDefinition;
  readonly period: MeasurementPeriod;
  /** When it was calculated: an instant with offset. */
  readonly date: string;
  /** Organization, Practitioner or PractitionerRole that reports (`Organization/x`). */
  readonly reporter: NonNullable<MeasureReport['reporter']>;
  readonly version: DeqmVersion;
  /** Locations that the report was asked for (`Location/x`). */
  readonly locations?: readonly string[];
}

/** A report, and the resources that were made for it and that it refers to (Observations, Lists, other reports). */
export interface ReportWithResources {
  readonly report: MeasureReport;
  readonly resources: readonly Resource[];
}

/**
 * Canonical of the measure with its version (deqm-0), where it has one. A canonical has no white space; some official
 * versions do (`Draft based on 0.5.001`), and are escaped as in any URI.
 */
export function canonicalOf({ url, version }: MeasureDefinition): string {
  return version === null ? url : `${url}|${version.replace(/\s/g, encodeURIComponent)}`;
}

/** The elements that every MeasureReport has, by type. */
export function reportRoot(
  settings: ReportSettings,
  type: MeasureReport['type'],
  id: string,
  subject: string | null,
): MeasureReport {
  const { definition, period, date, reporter, version, locations = [] } = settings;
  const names = deqmNames[version];
  const root = definition.scoringAtRoot && definition.scoring !== null;
  const extension = [
    ...(root ? scoringExtension(definition.scoring, names) : []),
    ...(names.location === null
      ? []
      : locations.map((reference) => ({ url: names.location ?? '', valueReference: { reference } }))),
  ];
  const profile = profileOf(type, names);
  const improvement = rootImprovement(definition);
  return {
    resourceType: 'MeasureReport',
    id,
    ...(profile !== null && { meta: { profile: [profile] } }),
    ...(extension.length > 0 && { extension }),
    status: 'complete',
    type,
    measure: canonicalOf(definition),
    ...(subject !== null && { subject: { reference: subject } }),
    date,
    reporter,
    period: { start: period.start, end: period.end },
    ...(improvement !== null &&
      (names.measureScoring === null || root) && {
        improvementNotation: improvementConcept(improvement),
      }),
  };
}

/** The report with more extensions at its root; unchanged without any. */
export function withExtensions(report: MeasureReport, extensions: readonly Extension[]): MeasureReport {
  return extensions.length === 0 ? report : { ...report, extension: [...(report.extension ?? []), ...extensions] };
}

/**
 * The group's scoring and improvement notation, where the Measure says them by group (deqm-3, deqm-4). With scoring at
 * the root, a group says its direction only when it differs from the root's.
 */
export function groupScoring(
  definition: MeasureDefinition,
  group: GroupDefinition,
  names: DeqmNames,
): readonly Extension[] {
  const atRoot = definition.scoringAtRoot && definition.scoring !== null;
  const notation = notationOf(group);
  const said = atRoot && group.improvementNotation === (rootImprovement(definition)?.code ?? null);
  return [
    ...(atRoot ? [] : scoringExtension(group.scoring, names)),
    ...(notation === null || said || names.groupImprovementNotation === null
      ? []
      : [{ url: names.groupImprovementNotation, valueCodeableConcept: improvementConcept(notation) }]),
  ];
}

function scoringExtension(scoring: Scoring | null, names: DeqmNames): readonly Extension[] {
  if (scoring === null || names.measureScoring === null) return [];
  return [
    {
      url: names.measureScoring,
      valueCodeableConcept: {
        coding: [{ system: 'http://terminology.hl7.org/CodeSystem/measure-scoring', code: scoring }],
      },
    },
  ];
}

/** A direction, and what the Measure says instead where an operator gave it; undefined where nobody did. */
interface Notation {
  readonly code: ImprovementNotation;
  readonly published: ImprovementNotation | null | undefined;
}

function improvementConcept({ code, published }: Notation): CodeableConcept {
  return {
    coding: [{ system: 'http://terminology.hl7.org/CodeSystem/measure-improvement-notation', code }],
    ...(published !== undefined && {
      text: `Set to ${code} by the operator of this server; the Measure says ${published ?? 'nothing'}`,
    }),
  };
}

/** The direction that all groups agree on; where they don't, that of the Measure's root. */
function rootImprovement(definition: MeasureDefinition): Notation | null {
  const [first, ...others] = definition.groups;
  if (first !== undefined && others.every((group) => group.improvementNotation === first.improvementNotation))
    return notationOf(first);
  return notationOf(definition);
}

function notationOf({
  improvementNotation,
  publishedImprovementNotation,
}: Pick<GroupDefinition, 'improvementNotation' | 'publishedImprovementNotation'>): Notation | null {
  return improvementNotation === null ? null : { code: improvementNotation, published: publishedImprovementNotation };
}

function profileOf(type: MeasureReport['type'], { profiles }: DeqmNames): string | null {
  if (profiles === null) return null;
  return type === 'individual'
    ? profiles.individual
    : type === 'subject-list'
      ? profiles.subjectList
      : type === 'summary'
        ? profiles.summary
        : null;
}
