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

/** What the traced variant of compiled code writes down: what each clause gave, what retrieves found, where it failed. */
export class Trace {
  readonly retrieves: RetrieveResult[] = [];
  /** Where the first error happened, as near as its expression says; null when nothing failed. */
  failed: Place | null = null;
  readonly #clauses = new Map<string, Map<string, boolean>>();

  /** The value of a clause; true wins over false when it is evaluated more than once. */
  clause(place: Place, evaluate: () => Value): Value {
    let value: Value;
    try {
      value = evaluate();
    } catch (error) {
      this.failed ??= place;
      throw error;
    }
    if (place.localId !== null) {
      const ofLibrary = this.#clauses.get(place.library) ?? new Map<string, boolean>();
      this.#clauses.set(place.library, ofLibrary);
      ofLibrary.set(place.localId, ofLibrary.get(place.localId) === true || isTruthy(value));
    }
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

  clauses(): ClauseResult[] {
    return [...this.#clauses].flatMap(([library, clauses]) =>
      [...clauses].map(([localId, value]): ClauseResult => ({ library, localId, value: value ? 'true' : 'false' })),
    );
  }
}

function isTruthy(value: Value): boolean {
  return Array.isArray(value) ? value.length > 0 : value !== null && value !== false;
}

function identityOf({ resourceType, id }: FhirResource): { resourceType: string; id?: string } {
  return typeof id === 'string' ? { resourceType, id } : { resourceType };
}
