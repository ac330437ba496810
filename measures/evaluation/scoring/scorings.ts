import type { Scoring } from '../../definition.ts';
import { cohort } from './cohort.ts';
import { composite } from './composite.ts';
import { continuousVariable } from './continuous-variable.ts';
import { proportion } from './proportion.ts';
import { ratio } from './ratio.ts';
import type { ScoringRules } from './rules.ts';

/** The scorings of http://terminology.hl7.org/CodeSystem/measure-scoring. */
export const scorings: { readonly [scoring in Scoring]: ScoringRules } = {
  proportion,
  ratio,
  'continuous-variable': continuousVariable,
  cohort,
  composite,
};
