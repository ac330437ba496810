import classes from './worklist.module.css';

/** What would close the gap, and beneath it why it is one; of the rest, only why. */
export function ReasonAndStep({ reason, step }: { readonly reason: string | null; readonly step: string | null }) {
  if (step === null) return <>{reason ?? '–'}</>;
  return (
    <>
      <div>{step}</div>
      {reason !== null && <div className={classes.soft}>{reason}</div>}
    </>
  );
}
