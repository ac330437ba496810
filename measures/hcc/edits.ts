import type { Person } from './beneficiary.ts';
import type { Edit, ModelTables } from './tables.ts';

/** The edit of age or sex that holds for this person; null when the map's categories do. */
export function editOf(code: string, { age, sex }: Pick<Person, 'age' | 'sex'>, tables: ModelTables): Edit | null {
  const edits = tables.edits.get(code);
  if (edits === undefined) return null;
  const holds = (edit: Edit): boolean =>
    (edit.sex === undefined || edit.sex === sex) &&
    (edit.below === undefined || age < edit.below) &&
    (edit.from === undefined || age >= edit.from);
  return edits.find(holds) ?? null;
}
