import type { ElmNode } from './elm.ts';
import type { LinkedLibrary } from './link.ts';
import { evaluatedNodes, reachableNodes } from './reachable.ts';

/**
 * How far results follow the clock, and not only data and period: `none` (the same whenever they are evaluated), `day`
 * (Today, ages as of today: the same all day) or `instant` (Now, TimeOfDay).
 */
export type ClockUse = 'none' | 'day' | 'instant';

/** What any definition of the main library, or the default of any parameter, can make of the clock. */
export function clockUse(linked: LinkedLibrary): ClockUse {
  const defaults = [linked.main, ...linked.includes].flatMap(({ library }) => evaluatedNodes(library.parameters?.def));
  const uses = new Set([...reachableNodes(linked, null).map(({ node }) => node), ...defaults].map(useOf));
  return uses.has('instant') ? 'instant' : uses.has('day') ? 'day' : 'none';
}

function useOf(node: ElmNode): ClockUse {
  if (node.type === 'Today') return 'day';
  if (node.type === 'Now' || node.type === 'TimeOfDay') return 'instant';
  if (node.type !== 'CalculateAge') return 'none';
  // A Patient's birth is a date, and its age in years to days turns at midnight; any other age may turn within the day.
  const ofBirthDate = evaluatedNodes(node['operand']).some(
    ({ type, path }) => type === 'Property' && typeof path === 'string' && /^birthDate\b/.test(path),
  );
  return ofBirthDate && ['Year', 'Month', 'Week', 'Day'].includes(String(node['precision'])) ? 'day' : 'instant';
}
