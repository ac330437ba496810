import { BudgetExceeded } from '../errors.ts';
import type { ClauseResult, RetrieveResult } from '../evaluator.ts';
import type { Value } from '../runtime/index.ts';
import type { FhirResource } from '../values.ts';

/** Where an expression stands. */
export interface Place {
  /** `name|version` */
  readonly library: string;
  readonly definition: string;
  readonly localId: string | null;
  readonly locator: string | null;
}

/** A function of traced code, with what it evaluates: its clauses, and the functions that it calls. */
export interface TracedFunction {
  readonly clauses?: readonly Place[];
  readonly calls?: readonly TracedFunction[];
}

/** A clause with the places where it was compiled: more than one when its code is written more than once. */
export interface TracedClause {
  readonly places: readonly Place[];
  /** Made once, for all evaluations. */
  readonly results: { readonly [value in ClauseResult['value']]: ClauseResult };
}

/** Every clause that evaluating the functions may reach, each once. */
export function clausesOf(functions: Iterable<TracedFunction>): TracedClause[] {
  const found = new Map<string, TracedClause & { readonly places: Place[] }>();
  const reached = new Set(functions);
  for (const { clauses = [], calls = [] } of reached) {
    for (const called of calls) reached.add(called);
    for (const place of clauses) {
      const { library, localId } = place;
      if (localId === null) continue;
      const key = `${library} ${localId}`;
      const known = found.get(key);
      if (known !== undefined) known.places.push(place);
      else found.set(key, { places: [place], results: resultsOf(library, localId) });
    }
  }
  return [...found.values()];
}

function resultsOf(library: string, localId: string): TracedClause['results'] {
  return {
    true: { library, localId, value: 'true' },
    false: { library, localId, value: 'false' },
    'not-reached': { library, localId, value: 'not-reached' },
  };
}

/** What the traced variant of compiled code writes down: what each clause gave, what retrieves found, where it failed. */
export class Trace {
  readonly retrieves: RetrieveResult[] = [];
  /** Where the first error happened, as near as its expression says; null when nothing failed. */
  failed: Place | null = null;
  readonly #clauses = new Map<Place, boolean>();

  /** The value of a clause; true wins over false when it is evaluated more than once. */
  clause(place: Place, evaluate: () => Value): Value {
    let value: Value;
    try {
      value = evaluate();
    } catch (error) {
      this.failed ??= place;
      throw error;
    }
    if (this.#clauses.get(place) !== true) this.#clauses.set(place, isTruthy(value));
    return value;
  }

  /**
   * And, Or or Implies: where the left side decides, the right one is evaluated for its clauses only, and the answer doesn't
   * depend on it, since the plain variant never comes there.
   */
  both(
    left: Value,
    right: () => Value,
    decides: boolean,
    result: boolean,
    combine: (left: Value, right: Value) => Value,
  ): Value {
    if (left !== decides) return combine(left, right());
    const { failed } = this;
    try {
      right();
    } catch (error) {
      if (error instanceof BudgetExceeded) throw error;
      this.failed = failed;
    }
    return result;
  }

  retrieve({ library, localId }: Place, found: Value): Value {
    if (localId !== null && Array.isArray(found))
      this.retrieves.push({ library, localId, resources: found.map(identityOf) });
    return found;
  }

  /** What became of each clause: `not-reached` for one whose evaluation did not come to an end, or never began. */
  clauses(all: readonly TracedClause[]): ClauseResult[] {
    return all.map(({ places, results }) => {
      let reached = false;
      for (const place of places) {
        const value = this.#clauses.get(place);
        if (value === true) return results.true;
        reached ||= value === false;
      }
      return reached ? results.false : results['not-reached'];
    });
  }
}

function isTruthy(value: Value): boolean {
  return Array.isArray(value) ? value.length > 0 : value !== null && value !== false;
}

function identityOf({ resourceType, id }: FhirResource): { resourceType: string; id?: string } {
  return typeof id === 'string' ? { resourceType, id } : { resourceType };
}
