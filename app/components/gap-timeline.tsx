import { Link } from 'react-router';
import type { ChangedVersion, GapTransition } from '../api.ts';
import { moment } from '../format.ts';
import { causeWords, statusWords } from '../words.ts';
import classes from './gap-timeline.module.css';

/** Every change of a patient's gaps, latest first, with what brought it. */
export function GapTimeline({ history }: { readonly history: readonly GapTransition[] }) {
  if (history.length === 0) return <p className={classes.none}>Nothing has changed yet.</p>;
  return (
    <ol className={classes.timeline}>
      {history.map((change) => (
        <li key={change.id} data-status={change.to}>
          <div>
            {changedTitle(change)}: {change.from !== null && `${statusName(change.from)} → `}
            <b>{statusName(change.to)}</b>
          </div>
          <div className={classes.when}>
            <time dateTime={change.at}>{moment(change.at)}</time>:{' '}
            {change.from === null ? 'first evaluated' : causeWords(change)}
          </div>
          {change.from !== null && change.cause.resources.length > 0 && <Versions resources={change.cause.resources} />}
        </li>
      ))}
    </ol>
  );
}

const shown = 5;

/** The versions that brought the change, with who wrote them. One write may bring many: the first few say enough. */
function Versions({ resources }: { readonly resources: readonly ChangedVersion[] }) {
  const others = resources.length - shown;
  return (
    <ul className={classes.versions} aria-label="Brought by">
      {resources.slice(0, shown).map((version) => (
        <li key={version.reference}>
          <Link to={`/resources/${version.reference}`}>{version.summary}</Link>
          <span className={classes.when}> {versionWords(version)}</span>
        </li>
      ))}
      {others > 0 && <li className={classes.when}>and {others} more</li>}
    </ul>
  );
}

function versionWords({ reference, method, writtenBy }: ChangedVersion): string {
  const version = reference.split('/').at(-1) ?? '';
  const what = method === 'DELETE' ? 'deleted' : version === '1' ? 'new' : `version ${version}`;
  return writtenBy === null ? what : `${what}, by ${writtenBy.display ?? writtenBy.reference}`;
}

export function changedTitle({ measureTitle, groupTitle }: GapTransition): string {
  return groupTitle === null ? measureTitle : `${measureTitle}, ${groupTitle}`;
}

export function statusName(status: GapTransition['to']): string {
  return status === null ? 'no gap kept' : statusWords[status].label.toLowerCase();
}
