import { IconChevronRight } from '@tabler/icons-react';
import { Link } from 'react-router';
import type { MeasureSummary } from '../api.ts';
import { count } from '../format.ts';
import { measurePath, measureTitle, populationWords } from '../words.ts';
import classes from './funnel-line.module.css';
import { populationSteps } from './populations.ts';

/** The populations in one line, each number a way to its patients. */
export function FunnelLine({ summary }: { readonly summary: MeasureSummary }) {
  return (
    <ol className={classes.line} aria-label={`Populations of ${measureTitle(summary)}`}>
      {populationSteps(summary).map(({ code, count: members }, index) => (
        <li key={code}>
          {index > 0 && <IconChevronRight size={14} aria-hidden="true" />}
          <Link to={measurePath(summary, { population: code })}>
            {populationWords[code]} <b>{count(members)}</b>
          </Link>
        </li>
      ))}
      {summary.errors > 0 && (
        <li className={classes.errors}>
          <Link to={measurePath(summary, { status: 'error' })}>
            Not evaluated <b>{count(summary.errors)}</b>
          </Link>
        </li>
      )}
    </ol>
  );
}
