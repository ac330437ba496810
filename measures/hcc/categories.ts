import type { Person } from './beneficiary.ts';
import { type Diagnosis, dottedCode } from './diagnosis.ts';
import { editOf } from './edits.ts';
import { type CodeWarning, codeWarning } from './known-codes.ts';
import type { HccModel } from './models/model.ts';
import type { ModelTables } from './tables.ts';

/** What became of one diagnosis. */
export interface DiagnosisStep extends Diagnosis {
  /** Condition categories that it gives: none, one or two. */
  readonly categories: readonly number[];
  /** Why an edit gave another category, or none. */
  readonly edit: string | null;
  readonly warning: CodeWarning | null;
}

/** Steps 3 and 4: edits, then the map, each diagnosis by itself. */
export function categorize(
  diagnoses: readonly Diagnosis[],
  person: Person,
  tables: ModelTables,
): readonly DiagnosisStep[] {
  return diagnoses.map((diagnosis): DiagnosisStep => {
    const { code, evidence } = diagnosis;
    const edit = editOf(code, person, tables);
    if (edit !== null)
      return {
        code,
        evidence,
        categories: edit.category === null ? [] : [edit.category],
        edit: `${dottedCode(code)} ${edit.reason}`,
        warning: null,
      };
    const categories = tables.categories.get(code) ?? [];
    return { code, evidence, categories, edit: null, warning: codeWarning(diagnosis, tables) };
  });
}

/** Step 5: categories that the model drops because what they need is not there; by category, with the reason. */
export function unsupported(present: ReadonlySet<number>, { needs }: HccModel): ReadonlyMap<number, string> {
  const dropped = needs.filter(
    ({ category, anyOf }) => present.has(category) && !anyOf.some((other) => present.has(other)),
  );
  return new Map(dropped.map(({ category, reason }) => [category, reason]));
}
