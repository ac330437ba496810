import type { GroupDefinition, PopulationCode } from '../definition.ts';
import { observedPopulation } from './membership.ts';
import { scorings } from './scoring/scorings.ts';

/** Counts and observations of a group's populations, in the order of its definition. */
export interface Counted {
  readonly code: PopulationCode;
  readonly count: number;
  readonly observations: readonly (number | null)[];
}

/** Score of a subject, a stratum or a whole population; null when it cannot be computed. */
export function groupScore(group: GroupDefinition, populations: readonly Counted[]): number | null {
  const counts = new Map<PopulationCode, number>();
  for (const { code, count } of populations) counts.set(code, (counts.get(code) ?? 0) + count);
  return scorings[group.scoring].score({
    count: (code) => counts.get(code) ?? 0,
    observations: group.populations.flatMap((definition, index) =>
      definition.code === 'measure-observation'
        ? [{ definition, values: (populations[index]?.observations ?? []).filter((value) => value !== null) }]
        : [],
    ),
    observed: (definition) => observedPopulation(group, definition)?.code ?? null,
  });
}
