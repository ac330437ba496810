import type { OperationOutcome, OperationOutcomeIssue, Parameters, Resource } from '@medplum/fhirtypes';
import { TooManySubjects } from './errors.ts';
import type { OperationContext } from './operation.ts';

/** How many subjects an answer holds that is given whole, and so made in memory. */
export const subjectsInOneAnswer = 1_000;

/**
 * An answer of many resources: delivered one by one where the request allows it, otherwise collected. What could not be
 * given is told beside it and never vanishes.
 */
export class ManyResources {
  readonly #context: Pick<OperationContext, 'deliver'>;
  readonly #collected: Resource[] = [];
  readonly #issues: OperationOutcomeIssue[] = [];

  /**
   * @param subjects how many there may be
   * @throws TooManySubjects when they would not fit into an answer that is given whole
   */
  constructor(context: Pick<OperationContext, 'deliver'>, subjects: number) {
    this.#context = context;
    if (context.deliver === undefined) requireOneAnswer(subjects);
  }

  async add(resource: Resource): Promise<void> {
    if (this.#context.deliver === undefined) this.#collected.push(resource);
    else await this.#context.deliver(resource);
  }

  async tell(...issues: readonly OperationOutcomeIssue[]): Promise<void> {
    if (this.#context.deliver === undefined) this.#issues.push(...issues);
    else for (const issue of issues) await this.#context.deliver(outcomeOf([issue]));
  }

  /** What was collected: `return` parameters, and one OperationOutcome named `outcome` when there is something to tell. */
  whole(): Parameters {
    const parameter = [
      ...this.#collected.map((resource) => ({ name: 'return', resource })),
      ...(this.#issues.length === 0 ? [] : [{ name: 'outcome', resource: outcomeOf(this.#issues) }]),
    ];
    return { resourceType: 'Parameters', ...(parameter.length > 0 && { parameter }) };
  }
}

/** @throws TooManySubjects */
export function requireOneAnswer(subjects: number): void {
  if (subjects <= subjectsInOneAnswer) return;
  throw new TooManySubjects(
    `${subjects} patients are meant, and one answer holds the individual reports of ${subjectsInOneAnswer} at most. ` +
      'Ask with the header "Prefer: respond-async" and _outputFormat=application/fhir+ndjson: one Bundle for each ' +
      'patient, in files',
  );
}

function outcomeOf(issue: readonly OperationOutcomeIssue[]): OperationOutcome {
  return { resourceType: 'OperationOutcome', issue: [...issue] };
}
