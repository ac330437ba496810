import type { CqlValue, FhirResource } from '../../cql/index.ts';
import {
  type GapAnswer,
  type GapStatus,
  type MeasureDefinition,
  reportedGroups,
  type SubjectResult,
} from '../../measures/index.ts';

/**
 * A subject's result as text: all of it but the trace, with every resource as its place in `references`. What is read
 * back makes the same reports as the result itself, so that an answer of today and one of last night are the same.
 */
export interface KeptResult {
  /** `Type/id` of the resources that the result and its answers name, each once; the Patient first. */
  readonly references: readonly string[];
  readonly text: string;
  /** Of the gaps' answers, each once. */
  readonly statuses: readonly GapStatus[];
  /** Last day (YYYY-MM-DD) on which the gaps' answers are the same; null when no day changes them. */
  readonly holdThrough: string | null;
}

interface KeptSubject {
  readonly groups: SubjectResult['groups'];
  readonly supplementalData: SubjectResult['supplementalData'];
  /** The lists of criteria that occur. */
  readonly criteria: readonly (readonly string[])[];
  /** Places of an evaluated resource in the references and of its criteria in `criteria`, by turns. */
  readonly evaluated: readonly number[];
  readonly components: readonly KeptSubject[];
}

type KeptAnswer = Omit<GapAnswer, 'group'> & { readonly group: number };

/** @throws UnkeepableResult when a resource of the result has no id */
export function keepResult(
  result: SubjectResult,
  gaps: readonly GapAnswer[],
  { definition, holdThrough }: { readonly definition: MeasureDefinition; readonly holdThrough: string | null },
): KeptResult {
  const references = new References(result.subject);
  const groups = reportedGroups(definition);
  const answers = gaps.map(({ group, ...answer }): KeptAnswer => {
    for (const reference of answer.evidence) references.placeOf(withoutVersion(reference));
    for (const { reference } of answer.reasons) if (reference !== null) references.placeOf(withoutVersion(reference));
    return { ...answer, group: groups.indexOf(group) };
  });
  const subject = keepSubject(result, references);
  const text = JSON.stringify([subject, answers], (_, value: unknown) =>
    isResourceValue(value) ? { type: 'Resource', resource: references.ofResource(value.resource) } : value,
  );
  const statuses = [...new Set(gaps.map(({ status }) => status))];
  return { references: references.list(), text, statuses, holdThrough };
}

function keepSubject(result: SubjectResult, references: References): KeptSubject {
  const criteria: (readonly string[])[] = [];
  const places = new Map<string, number>();
  const evaluated = result.evaluatedResources.flatMap(({ resource, criteria: own }) => {
    const key = own.join('\n');
    const place = places.get(key) ?? criteria.push(own) - 1;
    places.set(key, place);
    return [references.ofResource(resource), place];
  });
  const { groups, supplementalData } = result;
  const components = result.components.map((component) => keepSubject(component, references));
  return { groups, supplementalData, criteria, evaluated, components };
}

/** A result without its trace, and its answers. */
export interface ReadResult {
  readonly result: SubjectResult;
  readonly gaps: readonly GapAnswer[];
}

/**
 * Reads what `keepResult` wrote.
 *
 * @param definition of the same content as when it was kept
 * @param find the resources by `Type/id`; asked only for those of the result itself
 */
export function readKept(
  subject: string,
  { references, text }: Pick<KeptResult, 'references' | 'text'>,
  definition: MeasureDefinition,
  find: (reference: string) => FhirResource,
): ReadResult {
  const resourceAt = (place: number): FhirResource => find(references[place] ?? '');
  const [kept, answers] = JSON.parse(text) as [KeptSubject, readonly KeptAnswer[]];
  if (text.includes('"type":"Resource"')) restore(kept, resourceAt);
  const groups = reportedGroups(definition);
  return {
    result: readSubject(subject, kept, resourceAt),
    gaps: answers.flatMap(({ group: place, ...answer }) => {
      const group = groups[place];
      return group === undefined ? [] : [{ group, ...answer }];
    }),
  };
}

function readSubject(subject: string, kept: KeptSubject, resourceAt: (place: number) => FhirResource): SubjectResult {
  const { groups, supplementalData, criteria, evaluated, components } = kept;
  const evaluatedResources: { resource: FhirResource; criteria: readonly string[] }[] = [];
  for (let i = 0; i < evaluated.length; i += 2)
    evaluatedResources.push({
      resource: resourceAt(evaluated[i] ?? 0),
      criteria: criteria[evaluated[i + 1] ?? 0] ?? [],
    });
  return {
    subject,
    groups,
    supplementalData,
    evaluatedResources,
    components: components.map((component) => readSubject(subject, component, resourceAt)),
    trace: null,
  };
}

/** Puts resources where values have their places; what it is given was parsed a moment ago and is nobody else's. */
function restore(value: unknown, resourceAt: (place: number) => FhirResource): void {
  if (typeof value !== 'object' || value === null) return;
  if ('type' in value && value.type === 'Resource' && 'resource' in value && typeof value.resource === 'number')
    value.resource = resourceAt(value.resource);
  else for (const part of Object.values(value)) restore(part, resourceAt);
}

type ResourceValue = Extract<CqlValue, { type: 'Resource' }>;

function isResourceValue(value: unknown): value is ResourceValue {
  if (typeof value !== 'object' || value === null || !('type' in value) || value.type !== 'Resource') return false;
  return 'resource' in value && typeof value.resource === 'object' && value.resource !== null;
}

function withoutVersion(reference: string): string {
  return reference.replace(/\/_history\/.*$/, '');
}

/** A result that names a resource without an id, which nobody could find again. */
export class UnkeepableResult extends Error {
  override readonly name = 'UnkeepableResult';
}

class References {
  readonly #places = new Map<string, number>();

  constructor(subject: string) {
    this.placeOf(`Patient/${subject}`);
  }

  placeOf(reference: string): number {
    const known = this.#places.get(reference);
    if (known !== undefined) return known;
    this.#places.set(reference, this.#places.size);
    return this.#places.size - 1;
  }

  ofResource({ resourceType, id }: FhirResource): number {
    if (id === undefined) throw new UnkeepableResult(`A ${resourceType} without an id was evaluated`);
    return this.placeOf(`${resourceType}/${id}`);
  }

  list(): string[] {
    return [...this.#places.keys()];
  }
}
