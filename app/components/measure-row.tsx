import { IconArrowRight } from '@tabler/icons-react';
import { Link } from 'react-router';
import type { MeasureSummary } from '../api.ts';
import { count, day } from '../format.ts';
import { measurePath, measureTitle } from '../words.ts';
import { FunnelLine } from './funnel-line.tsx';
import classes from './measure-row.module.css';
import { Rate } from './rate.tsx';
import { Sparkline } from './sparkline.tsx';

/** One measure at a glance: what it asks, how it stands, what there is to do, where it goes, and whom it counts. */
export function MeasureRow({ summary }: { readonly summary: MeasureSummary }) {
  const { measure, period, open, prospective } = summary;
  const toClose = open + prospective;
  return (
    <article className={classes.row} data-testid="measure">
      <div className={classes.about}>
        <h2>
          <Link to={measurePath(summary)}>{measureTitle(summary)}</Link>
        </h2>
        {measure.description !== null && <p className={classes.description}>{measure.description}</p>}
        <p className={classes.period}>
          {day(period.start)} to {day(period.end)}
        </p>
      </div>
      <Rate summary={summary} />
      <Link className={classes.gaps} to={measurePath(summary)} data-none={toClose === 0}>
        <b>{count(toClose)}</b>
        <span>
          {toClose === 1 ? 'gap to close' : 'gaps to close'} <IconArrowRight size={14} aria-hidden="true" />
        </span>
      </Link>
      <Sparkline trend={summary.trend} />
      <div className={classes.funnel}>
        <FunnelLine summary={summary} />
      </div>
    </article>
  );
}
