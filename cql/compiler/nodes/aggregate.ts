import * as runtime from '../../runtime/index.ts';
import { operators } from './operators.ts';

const { AllTrue, AnyTrue, Avg, Count, GeometricMean, Max, Median, Min, Mode } = runtime;
const { PopulationStdDev, PopulationVariance, Product, StdDev, Sum, Variance } = runtime;

/** 21. Aggregate operators. */
export const aggregates = operators(
  {
    AllTrue,
    AnyTrue,
    Avg,
    Count,
    GeometricMean,
    Max,
    Median,
    Min,
    Mode,
    PopulationStdDev,
    PopulationVariance,
    Product,
    StdDev,
    Sum,
    Variance,
  },
  { parts: ['source'] },
);
