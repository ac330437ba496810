import { useState } from 'react';
import type { GapTransition } from '../api.ts';
import { changedTitle, statusName } from './gap-timeline.tsx';
import classes from './latest-changes.module.css';

const shown = 3;

/** What changed since the page was opened, told as it happens: whoever looks at a gap must see that it was closed. */
export function LatestChanges({ history }: { readonly history: readonly GapTransition[] }) {
  const newest = history[0]?.id ?? 0;
  const [seen, setSeen] = useState(newest);
  const changes = history.filter(({ id }) => id > seen);
  if (changes.length === 0) return null;
  return (
    <div className={classes.changes}>
      <div>
        {changes.slice(0, shown).map((change) => (
          <p key={change.id}>
            Just now: {changedTitle(change)} is <b>{statusName(change.to)}</b>
            {change.from !== null && `, was ${statusName(change.from)}`}.
          </p>
        ))}
        {changes.length > shown && <p>And {changes.length - shown} more changes.</p>}
      </div>
      <button type="button" onClick={() => setSeen(newest)}>
        Got it
      </button>
    </div>
  );
}
