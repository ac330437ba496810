import type { CqlValue } from '../../cql/index.ts';

/**
 * Identity of a member of a population: resources by reference (or by being the same object when they have no id),
 * date-times by instant, everything else by value.
 */
export class MemberIdentity {
  readonly #objects = new Map<object, string>();

  key(value: CqlValue): string {
    if (value === null || typeof value !== 'object') return `${typeof value} ${value}`;
    if (Array.isArray(value)) return `[${value.map((item: CqlValue) => this.key(item)).join()}]`;
    return this.#structured(value as Structured);
  }

  #structured(value: Structured): string {
    switch (value.type) {
      case 'Resource': {
        const { resourceType, id } = value.resource;
        return id === undefined ? this.#sameObject(value.resource) : `${resourceType}/${id}`;
      }
      case 'DateTime':
        return `DateTime ${instant(value.value)}`;
      case 'Interval':
        return `Interval${value.lowClosed ? '[' : '('}${this.key(value.low)},${this.key(value.high)}${value.highClosed ? ']' : ')'}`;
      case 'Tuple': {
        const names = Object.keys(value.elements).sort();
        return `{${names.map((name) => `${JSON.stringify(name)}:${this.key(value.elements[name] ?? null)}`).join()}}`;
      }
      default:
        return JSON.stringify(value, sortedKeys);
    }
  }

  #sameObject(object: object): string {
    const known = this.#objects.get(object);
    if (known !== undefined) return known;
    const key = `#${this.#objects.size}`;
    this.#objects.set(object, key);
    return key;
  }
}

type Structured = Exclude<CqlValue, null | boolean | number | string | readonly CqlValue[]>;

/** A date-time with time and offset as its instant; a less precise one as it is. */
function instant(iso: string): string {
  const complete = /T\d\d:\d\d:\d\d\.\d{3}(Z|[+-]\d\d:\d\d)$/.test(iso);
  return complete ? new Date(iso).toISOString() : iso;
}

function sortedKeys(_: string, value: unknown): unknown {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
