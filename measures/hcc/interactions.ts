import type { Person } from './beneficiary.ts';
import type { HccModel } from './models/model.ts';

/** An interaction that holds, with the categories that make it. */
export interface FoundInteraction {
  readonly variable: string;
  readonly categories: readonly number[];
}

/** Step 7: products of groups, of the categories that hierarchies left. */
export function findInteractions(
  categories: ReadonlySet<number>,
  { groups, interactions }: HccModel,
  person: Pick<Person, 'age' | 'disabled'>,
): readonly FoundInteraction[] {
  const found: FoundInteraction[] = [];
  for (const { variable, all, person: condition } of interactions) {
    if (condition === 'disabled' && !person.disabled) continue;
    if (condition === 'non-aged' && person.age >= 65) continue;
    const members = all.map((name) =>
      (groups[name] ?? [Number(name.slice(3))]).filter((category) => categories.has(category)),
    );
    if (members.every((some) => some.length > 0)) found.push({ variable, categories: [...new Set(members.flat())] });
  }
  return found;
}

/** The variable of how many payment categories are left: D1 to D9, D10P; null for none. */
export function countVariable(count: number): string | null {
  if (count === 0) return null;
  return count >= 10 ? 'D10P' : `D${count}`;
}
