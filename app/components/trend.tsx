import { Skeleton } from '@mantine/core';
import { lazy, Suspense } from 'react';
import type { MeasureSummary } from '../api.ts';
import { count, day, percent } from '../format.ts';
import { measureTitle } from '../words.ts';
import classes from './trend.module.css';

const TrendChart = lazy(async () => ({ default: (await import('./trend-chart.tsx')).TrendChart }));
const height = 200;

/** The trend drawn, with the numbers behind it for whoever wants them or cannot see it. */
export function Trend({ summary }: { readonly summary: MeasureSummary }) {
  if (summary.trend.filter(({ rate }) => rate !== null).length < 2) {
    return <p className={classes.none}>There is no trend yet: it needs the data of at least two months.</p>;
  }
  return (
    <>
      <div aria-hidden="true">
        <Suspense fallback={<Skeleton height={height} aria-busy="true" />}>
          <TrendChart summary={summary} height={height} />
        </Suspense>
      </div>
      <details className={classes.numbers}>
        <summary>The numbers</summary>
        <table>
          <caption>{measureTitle(summary)}: rate of the twelve months that end on each date</caption>
          <thead>
            <tr>
              <th scope="col">Twelve months to</th>
              <th scope="col">Rate</th>
              <th scope="col">Numerator</th>
              <th scope="col">Denominator</th>
            </tr>
          </thead>
          <tbody>
            {summary.trend.map(({ date, rate, numerator, denominator }) => (
              <tr key={date}>
                <th scope="row">{day(date)}</th>
                <td>{percent(rate)}</td>
                <td>{count(numerator)}</td>
                <td>{count(denominator)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </>
  );
}
