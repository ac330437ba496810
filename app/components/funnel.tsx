import { Link } from 'react-router';
import type { MeasureSummary, PopulationCode } from '../api.ts';
import { count, percent } from '../format.ts';
import { measurePath, populationWords } from '../words.ts';
import classes from './funnel.module.css';
import { arithmetic, populationSteps } from './populations.ts';

/** The populations as bars, one under the other, each a way to its patients, and how they make the rate. */
export function Funnel({
  summary,
  chosen,
}: {
  readonly summary: MeasureSummary;
  readonly chosen: PopulationCode | null;
}) {
  const steps = populationSteps(summary);
  const widest = Math.max(1, ...steps.map(({ count: members }) => members));
  const sum = arithmetic(summary);
  return (
    <>
      <ol className={classes.bars}>
        {steps.map(({ code, count: members }) => (
          <li key={code}>
            <Link
              to={measurePath(summary, { population: code })}
              preventScrollReset
              aria-current={code === chosen ? 'true' : undefined}
              data-code={code}
            >
              <span>{populationWords[code]}</span>
              <b>{count(members)}</b>
              <span className={classes.track} aria-hidden="true">
                <span style={{ width: `${(members / widest) * 100}%` }} />
              </span>
            </Link>
          </li>
        ))}
      </ol>
      {sum !== null && (
        <p className={classes.sum}>
          {sum.numerator} of {sum.assessed} = <b>{percent(summary.rate)}</b>
        </p>
      )}
    </>
  );
}
