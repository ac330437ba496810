import type { EvaluationRequest } from '../evaluator.ts';
import type { CqlDateTime, Value } from '../runtime/index.ts';
import { dateTimeOf } from './fhir/primitives.ts';
import { fromCqlValue } from './results.ts';

/** What an evaluation takes from its request, as run-time values. */
export interface RequestContext {
  readonly now: CqlDateTime;
  /** Values that the request gives, by name; a parameter that is absent takes its default. */
  readonly parameters: ReadonlyMap<string, Value>;
}

/** How many are known at once: a server's requests differ in period and time. */
const contextsKept = 16;

/** Contexts by `now` and parameters: requests that say the same get the same object, however many patients they are for. */
export class RequestContexts {
  readonly #byKey = new Map<string, RequestContext>();
  /** By identity: whoever evaluates a population gives the same object again and again. */
  readonly #byParameters = new WeakMap<object, { readonly now: string; readonly context: RequestContext }>();

  /** @throws RangeError when `now` is no date-time */
  of({ now, parameters }: Pick<EvaluationRequest, 'now' | 'parameters'>): RequestContext {
    const known = this.#byParameters.get(parameters);
    if (known?.now === now) return known.context;
    const key = `${now} ${JSON.stringify(parameters)}`;
    const context = this.#byKey.get(key) ?? read(now, parameters);
    const [oldest] = this.#byKey.keys();
    if (this.#byKey.size >= contextsKept && oldest !== undefined) this.#byKey.delete(oldest);
    this.#byKey.set(key, context);
    this.#byParameters.set(parameters, { now, context });
    return context;
  }
}

function read(written: string, parameters: EvaluationRequest['parameters']): RequestContext {
  const now = dateTimeOf(written, 0);
  if (now === null) throw new RangeError(`now is not an ISO date-time: ${written}`);
  const given = Object.entries(parameters).map(([name, value]): [string, Value] => [
    name,
    fromCqlValue(value, now.offset),
  ]);
  return { now, parameters: new Map(given) };
}
