/** Errors of the measures layer. Each is named where it happens; the server translates them once, in server/outcomes.ts. */

/** One thing that is wrong with a Measure, and where: a FHIRPath such as `Measure.group[0].population[2].criteria`. */
export interface MeasureProblem {
  readonly expression: string;
  readonly message: string;
}

/** A Measure that cannot be evaluated. Lists every problem that was found, not only the first. */
export class InvalidMeasure extends Error {
  override readonly name = 'InvalidMeasure';
  readonly measure: string;
  readonly problems: readonly MeasureProblem[];
  constructor(measure: string, problems: readonly MeasureProblem[]) {
    super(`${measure}: ${problems.map(({ expression, message }) => `${expression}: ${message}`).join('; ')}`);
    this.measure = measure;
    this.problems = problems;
  }
}

/** A criterion whose result is not of the population basis: a list where a boolean is due, or the other way round. */
export class WrongCriterionType extends Error {
  override readonly name = 'WrongCriterionType';
  readonly expression: string;
  readonly basis: string;
  constructor(expression: string, basis: string, found: string) {
    super(
      `Criterion "${expression}" gave ${found}, but the population basis is ${basis}: ${basis === 'boolean' ? 'it must give a boolean' : `it must give a list of ${basis}`}`,
    );
    this.expression = expression;
    this.basis = basis;
  }
}

/** A measurement period that is not a period. */
export class InvalidPeriod extends Error {
  override readonly name = 'InvalidPeriod';
}
