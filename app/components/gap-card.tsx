import { Link } from 'react-router';
import type { PatientGap } from '../api.ts';
import { count, day } from '../format.ts';
import { measurePath, measureTitle, populationWords, settledWords, statusWords, typeWords } from '../words.ts';
import classes from './gap-card.module.css';
import { GapStatus } from './gap-status.tsx';
import { Remarks } from './remarks.tsx';

/** One gap of a patient: how it stands, what would close it, why, on what evidence, and where the patient counts. */
export function GapCard({ gap, patient }: { readonly gap: PatientGap; readonly patient: string }) {
  const { status, dueBy, period, directionReason, nextSteps, reasons, evidence, populations, error } = gap;
  const steps = [...new Set(nextSteps.map(({ text }) => text))];
  const settled = error === null && reasons.length === 0 && evidence.length === 0 ? settledWords(populations) : null;
  const member = populations.filter((population) => population.count > 0);
  return (
    <article className={classes.card} data-status={status}>
      <header className={classes.head}>
        <h3>
          <Link to={measurePath(gap)}>{measureTitle(gap)}</Link>
        </h3>
        <GapStatus status={status} />
      </header>
      <p className={classes.soft}>
        {status !== null && `${statusWords[status].label} since ${day(gap.since)}. `}
        {dueBy !== null && <strong>Due by {day(dueBy)}. </strong>}
        Measured {day(period.start)} to {day(period.end)}.
      </p>
      {directionReason !== null && <p className={classes.soft}>Direction overridden by operator: {directionReason}</p>}
      {error !== null && (
        <Part title="Why it could not be evaluated">
          <p>{error}</p>
        </Part>
      )}
      {settled !== null && (
        <Part title="Why">
          <p>{settled}</p>
        </Part>
      )}
      {nextSteps.length > 0 && (
        <Part title="What would close it">
          <ul className={classes.steps}>
            {steps.map((text) => (
              <li key={text}>{text}</li>
            ))}
          </ul>
        </Part>
      )}
      {reasons.length > 0 && (
        <Part title="Why">
          <ul>
            {reasons.map(({ code, text, reference }) => (
              <li key={`${code} ${text} ${reference}`}>
                {text}{' '}
                {reference !== null && (
                  <ResourceLink reference={reference} label={`See the ${typeWords(reference.split('/')[0] ?? '')}`} />
                )}
              </li>
            ))}
          </ul>
        </Part>
      )}
      {evidence.length > 0 && (
        <Part title="Evidence in the chart">
          <ul>
            {evidence.map(({ reference, summary }) => (
              <li key={reference}>
                <ResourceLink reference={reference} label={summary} />
              </li>
            ))}
          </ul>
        </Part>
      )}
      <p className={classes.counted}>
        {member.length === 0 ? 'Counted in no population' : 'Counted in: '}
        {member.map(({ code, count: times }) => (
          <span key={code} className={classes.population}>
            {populationWords[code] ?? code}
            {times > 1 && ` × ${count(times)}`}
          </span>
        ))}
      </p>
      <Remarks gap={gap} patient={patient} />
    </article>
  );
}

function Part({ title, children }: { readonly title: string; readonly children: React.ReactNode }) {
  return (
    <section className={classes.part}>
      <h4>{title}</h4>
      {children}
    </section>
  );
}

export function ResourceLink({ reference, label }: { readonly reference: string; readonly label: string }) {
  return <Link to={`/resources/${reference}`}>{label}</Link>;
}
