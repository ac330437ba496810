import type { GapTransition } from '../api.ts';
import { moment } from '../format.ts';
import { causeWords, statusWords } from '../words.ts';
import classes from './gap-timeline.module.css';

/** Every change of a patient's gaps, latest first, with what brought it. */
export function GapTimeline({ history }: { readonly history: readonly GapTransition[] }) {
  if (history.length === 0) return <p className={classes.none}>Nothing has changed yet.</p>;
  return (
    <ol className={classes.timeline}>
      {history.map((change) => (
        <li key={`${change.at} ${change.measureUrl} ${change.groupId}`} data-status={change.to}>
          <div>
            {change.measureTitle}: {change.from !== null && `${label(change.from)} → `}
            <b>{label(change.to)}</b>
          </div>
          <div className={classes.when}>
            <time dateTime={change.at}>{moment(change.at)}</time>:{' '}
            {change.from === null ? 'first evaluated' : causeWords(change)}
          </div>
        </li>
      ))}
    </ol>
  );
}

function label(status: GapTransition['to']): string {
  return status === null ? 'no gap kept' : statusWords[status].label.toLowerCase();
}
