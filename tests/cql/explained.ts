import type { Disagreement } from './agreement.ts';

/** Where the compiled engine and the interpreter may differ, and why the compiled one is right. */
interface Explanation {
  readonly measure: string;
  readonly expression: string;
  readonly reason: string;
}

export const explanations: readonly Explanation[] = [
  {
    measure: 'NHSNGlycemicControlHypoglycemiaInitialPopulation',
    expression: 'Get Locations from Initial Population',
    reason:
      'ELM 20.11, Flatten: the lists in a list become one. cql-execution gives a list back as it is when an element of it is null.',
  },
  {
    measure: 'NHSNGlycemicControlHypoglycemiaInitialPopulation',
    expression: 'SDE Medication',
    reason: 'ELM 3.10, Ratio: an instance of System.Ratio is a Ratio. cql-execution makes a Tuple of it.',
  },
  {
    measure: 'NHSNGlycemicControlHypoglycemiaInitialPopulation',
    expression: 'SDE Service Request',
    reason:
      'A Code without a code: CqlValue has the empty text for it in the compiled engine, and a null that its type does not allow in the other.',
  },
  {
    measure: 'NHSNGlycemicControlHypoglycemiaInitialPopulation',
    expression: 'SDE Initial Population Encounters',
    reason: 'CQL: day and days are one unit. The compiled engine keeps the singular, the other the text of the data.',
  },
];

/** Those that nothing explains. */
export function unexplained(disagreements: readonly Disagreement[]): Disagreement[] {
  return disagreements.filter(
    ({ measure, expression }) =>
      !explanations.some((known) => known.measure === measure && known.expression === expression),
  );
}
