import type { Criterion } from './criteria.ts';
import { UnsupportedSearch } from './errors.ts';
import type { Predicate } from './predicates.ts';
import type { SearchRequest } from './request.ts';
import type { Concept } from './statement.ts';

/** What search asks of terminology, which is to its right. */
export interface SearchTerminology {
  /** All concepts of a value set, for `:in` and `:not-in`. Throws when there is none of that canonical. */
  expand(url: string): Promise<readonly Concept[]>;
  /** The concept and all that subsume it (`above`) or that it subsumes (`below`); null for a system without a hierarchy. */
  related(system: string, code: string, direction: 'above' | 'below'): Promise<readonly Concept[] | null>;
}

/** Answers for all predicates of the search that need terminology. */
export async function resolveConcepts(
  request: SearchRequest,
  terminology: SearchTerminology | null,
): Promise<ReadonlyMap<Predicate, readonly Concept[]>> {
  const found = new Map<Predicate, readonly Concept[]>();
  for (const criterion of [...request.criteria.values()].flat()) {
    for (const predicate of predicatesOf(criterion)) {
      if (predicate.kind === 'valueSet') {
        if (terminology === null) throw new UnsupportedSearch(':in', 'this server has no terminology at hand');
        found.set(predicate, await terminology.expand(predicate.url));
      } else if (predicate.kind === 'hierarchy') {
        const { system, code, direction } = predicate;
        const concepts = (await terminology?.related(system, code, direction)) ?? null;
        if (concepts === null) throw new UnsupportedSearch(`:${direction}`, `no hierarchy of "${system}" is known`);
        found.set(predicate, concepts);
      }
    }
  }
  return found;
}

function predicatesOf(criterion: Criterion): readonly Predicate[] {
  switch (criterion.kind) {
    case 'values':
    case 'lastUpdated':
      return criterion.predicates;
    case 'chain':
      return [...criterion.targets.values()].flatMap(predicatesOf);
    case 'has':
      return predicatesOf(criterion.criterion);
    default:
      return [];
  }
}
