import type { MeasureReport, MeasureReportGroup, MeasureReportGroupPopulation } from '@medplum/fhirtypes';
import type { GroupDefinition, GroupResult, MeasureDefinition, PopulationResult } from '../../measures/index.ts';

/** What of a case differs, each as a sentence without patient data; all empty when the case agrees. */
export interface Differences {
  readonly populations: readonly string[];
  readonly observations: readonly string[];
  readonly strata: readonly string[];
  readonly scores: readonly string[];
}

/** The counted part of a group's result, of one subject or of a whole population. */
export interface CountedGroup {
  readonly populations: readonly Pick<PopulationResult, 'id' | 'code' | 'count' | 'observations'>[];
  readonly stratifiers: readonly {
    readonly id: string | null;
    readonly strata: readonly {
      readonly values: GroupResult['stratifiers'][number]['strata'][number]['values'];
      readonly populations: readonly Pick<PopulationResult, 'id' | 'code' | 'count'>[];
    }[];
  }[];
  readonly score: number | null;
}

/**
 * Compares with an expected MeasureReport. Groups are matched by id, otherwise by position. Not compared:
 * - strata with the value `false`: there the expected reports count whoever is *not* in the population of the `true`
 *   stratum, also in populations that the patient is not in at all (all 928 do). A stratum that lists a population twice, with two
 *   counts, agrees with either;
 * - scores of official cases (`scores: false`): of 1,411 groups with a denominator, 800 have another than their own
 *   counts give.
 */
export function compare(
  definition: MeasureDefinition,
  groups: readonly CountedGroup[],
  expected: MeasureReport,
  { scores }: { readonly scores: boolean },
): Differences {
  const found = { populations: [], observations: [], strata: [], scores: [] } as Record<keyof Differences, string[]>;
  for (const [index, report] of (expected.group ?? []).entries()) {
    const byId = definition.groups.findIndex(({ id }) => id !== null && id === report.id);
    const position = byId === -1 ? index : byId;
    const [group, result] = [definition.groups[position], groups[position]];
    if (group === undefined || result === undefined) {
      found.populations.push(`group ${report.id ?? index} is missing`);
      continue;
    }
    comparePopulations(report, result, found);
    compareObservations(report, group, result, found.observations);
    compareStrata(report, result, found.strata);
    const score = report.measureScore?.value ?? null;
    if (
      scores &&
      report.measureScore !== undefined &&
      (result.score === null || Math.abs(result.score - (score ?? 0)) > 1e-9)
    )
      found.scores.push(`score: ${score} expected, ${result.score} found`);
  }
  return found;
}

/** Does a case agree in everything that is compared? */
export function isWhole({ differences, error }: { differences: Differences; error: string | null }): boolean {
  const { populations, observations, strata, scores } = differences;
  return error === null && populations.length + observations.length + strata.length + scores.length === 0;
}

const observationCodes = new Set(['measure-observation', 'measure-population-observation']);

function codeOf({ code }: MeasureReportGroupPopulation): string {
  return code?.coding?.[0]?.code ?? '';
}

function comparePopulations(
  report: MeasureReportGroup,
  { populations }: CountedGroup,
  found: Record<keyof Differences, string[]>,
): void {
  const seen = new Map<string, number>();
  for (const expected of report.population ?? []) {
    const code = codeOf(expected);
    if (observationCodes.has(code) && expected.id !== undefined) continue;
    const nth = seen.get(code) ?? 0;
    seen.set(code, nth + 1);
    const ofCode = populations.filter((population) => population.code === code);
    const ours = ofCode.find(({ id }) => id !== null && id === expected.id) ?? ofCode[nth];
    if (ours?.count !== expected.count)
      found.populations.push(`${report.id ?? ''} ${code}: ${expected.count} expected, ${ours?.count ?? 'none'} found`);
  }
}

/** Expected observations come as populations `<id>_<n>` whose count is the n-th observed value; their order says nothing. */
function compareObservations(
  report: MeasureReportGroup,
  group: GroupDefinition,
  { populations }: CountedGroup,
  found: string[],
): void {
  const expected = (report.population ?? []).filter(
    (population) => observationCodes.has(codeOf(population)) && population.id !== undefined,
  );
  const withIds = populations.filter(({ code, id }) => code === 'measure-observation' && id !== null);
  if (expected.length === 0 && group.scoring !== 'ratio' && group.scoring !== 'continuous-variable') return;
  for (const { id, observations } of withIds) {
    const values = expected
      .filter((population) => population.id?.startsWith(`${id}_`))
      .map(({ count }) => count ?? null);
    const [a, b] = [values, observations].map((list) => [...list].sort((x, y) => (x ?? -1) - (y ?? -1)).join());
    if (a !== b && expected.length > 0) found.push(`${id}: [${a}] expected, [${b}] found`);
  }
}

function compareStrata(report: MeasureReportGroup, { stratifiers }: CountedGroup, found: string[]): void {
  for (const [index, expected] of (report.stratifier ?? []).entries()) {
    const ours = stratifiers.find(({ id }) => id !== null && id === expected.id) ?? stratifiers[index];
    for (const stratum of expected.stratum ?? []) {
      if (stratum.value?.text === 'false') continue;
      const met = ours?.strata.find(({ values: [value] }) => value === true);
      for (const [code, listed] of Map.groupBy(stratum.population ?? [], codeOf)) {
        const count = met?.populations.find((other) => other.code === code)?.count ?? 0;
        const counts = listed.map((population) => population.count);
        if (!counts.includes(count))
          found.push(`${expected.id ?? index} ${code}: ${counts.join(' or ')} expected, ${count} found`);
      }
    }
  }
}
