import type { ReactNode } from 'react';
import classes from './states.module.css';

/** What is on show when there is nothing: that this is so, and why or what to do. */
export function Empty({ title, children }: { readonly title: string; readonly children?: ReactNode }) {
  return (
    <div className={classes.state}>
      <p className={classes.title}>{title}</p>
      {children}
    </div>
  );
}
