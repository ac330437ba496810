import { Button } from '@mantine/core';
import { IconCloudOff, IconFlask, IconRefresh } from '@tabler/icons-react';
import { clock, count, counted } from '../format.ts';
import { useStatus } from '../queries.ts';
import classes from './notices.module.css';

/** What to know before trusting a number: whose data it is, whether it is still being worked out, whether it is stale. */
export function Notices() {
  const { data, error, dataUpdatedAt, isFetching, refetch } = useStatus();
  return (
    <div className={classes.notices}>
      <div className={classes.line} data-kind="demo" hidden={data !== undefined && data.mode !== 'demo'}>
        <IconFlask size={16} aria-hidden="true" />
        <span>
          <strong>Demo mode:</strong> synthetic data, no login, loopback only
        </span>
      </div>
      <div role="status">
        {error !== null && (
          <div className={classes.line} data-kind="stale">
            <IconCloudOff size={16} aria-hidden="true" />
            <span>
              {error.message}
              {dataUpdatedAt > 0 && ` What you see is from ${clock(new Date(dataUpdatedAt))} and may be out of date.`}
            </span>
            <Button
              size="compact-xs"
              variant="default"
              loading={isFetching}
              leftSection={<IconRefresh size={14} aria-hidden="true" />}
              onClick={() => refetch()}
            >
              Try again
            </Button>
          </div>
        )}
        {error === null && data !== undefined && data.pending > 0 && (
          <div className={classes.line} data-kind="pending">
            <progress
              className={classes.progress}
              aria-label="Patients evaluated"
              max={Math.max(1, data.patients)}
              value={Math.max(0, data.patients - data.pending)}
            />
            <span>
              Evaluating: {counted(data.pending, 'patient')} of {count(data.patients)} to go. Numbers change until it is
              done.
            </span>
          </div>
        )}
      </div>
    </div>
  );
}
