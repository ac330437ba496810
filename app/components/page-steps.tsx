import { Button } from '@mantine/core';
import { Link } from 'react-router';
import { count } from '../format.ts';
import classes from './worklist.module.css';

/** Which part of a list is on show, and the ways to the parts beside it. */
export function PageSteps(props: {
  readonly page: number;
  readonly size: number;
  readonly total: number;
  readonly address: (page: number) => string;
  readonly state: unknown;
}) {
  const { page, size, total, address, state } = props;
  const first = (page - 1) * size + 1;
  const last = Math.min(total, page * size);
  return (
    <nav className={classes.foot} aria-label="Pages of the list">
      <span>
        {count(first)} to {count(last)} of {count(total)}
      </span>
      <span className={classes.steps} hidden={total <= size}>
        <Step label="Previous" to={page > 1 ? address(page - 1) : null} state={state} />
        <Step label="Next" to={last < total ? address(page + 1) : null} state={state} />
      </span>
    </nav>
  );
}

function Step({ label, to, state }: { readonly label: string; readonly to: string | null; readonly state: unknown }) {
  if (to === null) {
    return (
      <Button variant="default" size="xs" disabled>
        {label}
      </Button>
    );
  }
  return (
    <Button variant="default" size="xs" component={Link} to={to} state={state} preventScrollReset>
      {label}
    </Button>
  );
}
