import { performance } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import { BudgetExceeded } from '../errors.ts';
import type { Environment, Value } from '../runtime/index.ts';
import type { FhirProperty, FhirType } from './fhir/model.ts';
import { systemValue } from './fhir/primitives.ts';
import { type FhirReader, isObject } from './fhir/read.ts';
import type { RecordIndex, Retrieval } from './record-index.ts';
import type { RequestContext } from './request-context.ts';
import type { Trace } from './trace.ts';

/** After how many steps the clock is read. */
const stride = 2_000;
/** After how many readings of the clock the memory is looked at, and how much of the thread's heap one evaluation may fill. */
const clocksPerHeap = 25;
const heapShare = 0.4;

/** Values of definitions for one record, one `now` and one set of parameters: what compiled code gets as `cx`. */
export class Evaluation {
  /** By the number that the compiler gave to a definition. */
  readonly memo = new Map<number, Value>();
  readonly env: Environment;
  readonly reader: FhirReader;
  readonly index: RecordIndex;
  /** Values that the request gives, by name; a parameter that is absent takes its default. */
  readonly parameters: ReadonlyMap<string, Value>;
  readonly trace: Trace | null;
  /** Steps until the clock is read; counted down by compiled code at every row and call. */
  fuel = stride;
  #budgetMs = Number.POSITIVE_INFINITY;
  #started = 0;
  #clocks = 0;
  /** Heap in use when it was first looked at; NaN before. */
  #heapBefore = Number.NaN;

  constructor({ now, parameters }: RequestContext, reader: FhirReader, index: RecordIndex, trace: Trace | null) {
    this.env = { now, timezoneOffset: now.offset, budget: { step: (count = 1) => this.step(count) } };
    this.reader = reader;
    this.index = index;
    this.parameters = parameters;
    this.trace = trace;
  }

  /** The budget of the evaluation that begins now. */
  begin(budgetMs: number | null): void {
    this.#budgetMs = budgetMs ?? Number.POSITIVE_INFINITY;
    this.#started = performance.now();
    this.#clocks = 0;
    this.#heapBefore = Number.NaN;
    this.fuel = stride;
  }

  step(count: number): void {
    this.fuel -= count;
    if (this.fuel < 0) this.refuel();
  }

  /** @throws BudgetExceeded */
  refuel(): void {
    this.fuel = stride;
    if (performance.now() - this.#started > this.#budgetMs) throw new BudgetExceeded(this.#budgetMs);
    this.#clocks += 1;
    if (this.#clocks % clocksPerHeap === 0) this.#checkHeap();
  }

  /** An evaluation runs alone in its thread until it ends, so what the heap grows by is its own. */
  #checkHeap(): void {
    const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics();
    if (Number.isNaN(this.#heapBefore)) this.#heapBefore = used;
    else if (used - this.#heapBefore > limit * heapShare)
      throw new BudgetExceeded(
        this.#budgetMs,
        `when it had filled ${Math.round((limit * heapShare) / 2 ** 20)} MB of memory`,
      );
  }

  property(value: Value, path: string): Value {
    return this.reader.property(value, path, this.env.timezoneOffset);
  }

  dateTime(json: unknown): Value {
    return this.reader.dates.dateTime(json, this.env.timezoneOffset);
  }

  date(json: unknown): Value {
    return this.reader.dates.date(json);
  }

  system(json: unknown, system: string): Value {
    return systemValue(json, system, this.env.timezoneOffset, this.reader.dates);
  }

  /** The one of a choice's properties that is there. */
  choice(json: unknown, type: FhirType, path: string): Value {
    return isObject(json) ? this.reader.element(json, type, path, this.env.timezoneOffset) : null;
  }

  element(json: unknown, property: FhirProperty): Value {
    if (!isObject(json)) return null;
    const value = json[property.json];
    const sibling = json[property.sibling];
    if ((value === undefined || value === null) && (sibling === undefined || sibling === null)) return null;
    return this.reader.wrap(value, sibling, property, this.env.timezoneOffset);
  }

  find(retrieval: Retrieval): Value {
    return this.index.find(retrieval);
  }

  findBy(retrieval: Retrieval, codes: Value): Value {
    return this.index.findBy(retrieval, codes);
  }
}
