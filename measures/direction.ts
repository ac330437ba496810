import type { GroupDefinition, ImprovementNotation, MeasureDefinition } from './definition.ts';
import type { Problems } from './measure-problems.ts';

/**
 * Directions that an operator gives a measure, by group id; `''` is every group that has no entry of its
 * own, and the root. Some published measures say `increase` although a lower rate is better: every gap would be told the wrong way.
 */
export type ImprovementNotations = { readonly [group: string]: ImprovementNotation };

/**
 * The definition with the operator's directions in place of the Measure's. A group whose direction thereby changes
 * keeps what the Measure says in `publishedImprovementNotation`, so that reports can tell. A direction for a group that
 * the Measure does not have is a problem: it would be without effect.
 */
export function withDirections(
  definition: MeasureDefinition,
  directions: ImprovementNotations,
  problems: Problems,
): MeasureDefinition {
  const given = new Map(Object.entries(directions));
  const whole = given.get('') ?? null;
  const ids = new Set(definition.groups.map(({ id }) => id));
  for (const id of given.keys())
    if (id !== '' && !ids.has(id)) problems.add(`improvementNotation["${id}"]`, 'names no group of the measure');
  return {
    ...definition,
    improvementNotation: whole ?? definition.improvementNotation,
    ...(changes(definition.improvementNotation, whole) && {
      publishedImprovementNotation: definition.improvementNotation,
    }),
    groups: definition.groups.map((group) => directed(group, (group.id && given.get(group.id)) || whole)),
  };
}

function directed(group: GroupDefinition, notation: ImprovementNotation | null): GroupDefinition {
  return group.scoring !== 'cohort' && changes(group.improvementNotation, notation)
    ? { ...group, improvementNotation: notation, publishedImprovementNotation: group.improvementNotation }
    : group;
}

function changes(published: ImprovementNotation | null, given: ImprovementNotation | null): boolean {
  return given !== null && given !== published;
}
