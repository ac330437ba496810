import type { WorklistItem } from '../api.ts';
import classes from './worklist.module.css';
import { reasonAndStep } from './worklist-columns.ts';

/** What would close the gap, and beneath it why it is one; of the rest, only why. */
export function ReasonAndStep({ item }: { readonly item: WorklistItem }) {
  const { reason, step } = reasonAndStep(item);
  if (step === null) return <>{reason ?? '–'}</>;
  return (
    <>
      <div>{step}</div>
      {reason !== null && <div className={classes.soft}>{reason}</div>}
    </>
  );
}
