import { Link } from 'react-router';
import type { PatientHeader, WorklistItem } from '../api.ts';
import { day } from '../format.ts';
import { GapStatus } from './gap-status.tsx';
import { ReasonAndStep } from './reason-and-step.tsx';
import classes from './worklist.module.css';
import { aboutPatient } from './worklist-columns.ts';

/** The list on a phone: one card per patient. */
export function WorklistCards(props: {
  readonly caption: string;
  readonly items: readonly WorklistItem[];
  readonly providerName: (provider: NonNullable<PatientHeader['provider']>) => string;
}) {
  const { caption, items, providerName } = props;
  return (
    <ul className={classes.cards} aria-label={caption}>
      {items.map((item) => {
        const { patient, status, dueBy, lastVisit } = item;
        return (
          <li key={patient.id}>
            <div className={classes.cardHead}>
              <Link className={classes.name} to={`/patients/${encodeURIComponent(patient.id)}`}>
                {patient.name}
              </Link>
              <GapStatus status={status} />
            </div>
            <div className={classes.soft}>{aboutPatient(patient)}</div>
            <div className={classes.cardReason}>
              <ReasonAndStep item={item} />
            </div>
            <div className={classes.soft}>
              {[
                dueBy === null ? null : `Due by ${day(dueBy)}`,
                lastVisit === null ? null : `Last visit ${day(lastVisit)}`,
                patient.provider === null ? null : providerName(patient.provider),
                patient.phone,
              ]
                .filter((part) => part !== null)
                .join(' · ')}
            </div>
          </li>
        );
      })}
    </ul>
  );
}
