import { Button } from '@mantine/core';
import { IconAlertTriangle, IconRefresh } from '@tabler/icons-react';
import { RequestFailed } from '../fhir.ts';
import classes from './states.module.css';

/** What is on show instead of what could not be read: why, and what to do. */
export function Failure(props: { readonly title: string; readonly error: Error; readonly retry?: () => unknown }) {
  const { title, error, retry } = props;
  const requestId = error instanceof RequestFailed ? error.requestId : null;
  return (
    <div role="alert" className={classes.state} data-kind="failure">
      <IconAlertTriangle size={28} aria-hidden="true" />
      <p className={classes.title}>{title}</p>
      <p>{error.message}</p>
      {requestId !== null && (
        <p className={classes.detail}>
          Request <code>{requestId}</code>, for whoever reads the log
        </p>
      )}
      {retry && (
        <Button
          mt="sm"
          variant="default"
          leftSection={<IconRefresh size={16} aria-hidden="true" />}
          onClick={() => retry()}
        >
          Try again
        </Button>
      )}
    </div>
  );
}
