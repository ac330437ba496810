import type { ModelTables } from './tables.ts';

/**
 * Step 6: a parent that is there drops its children, parents in CMS order. A category that was dropped drops none itself.
 *
 * @returns the parent by dropped category
 */
export function applyHierarchy(
  present: ReadonlySet<number>,
  { hierarchy }: Pick<ModelTables, 'hierarchy'>,
): ReadonlyMap<number, number> {
  const droppedBy = new Map<number, number>();
  for (const [parent, children] of hierarchy) {
    if (!present.has(parent) || droppedBy.has(parent)) continue;
    for (const child of children) if (present.has(child) && !droppedBy.has(child)) droppedBy.set(child, parent);
  }
  return droppedBy;
}
