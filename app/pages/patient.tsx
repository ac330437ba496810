import { useParams } from 'react-router';
import type { PatientGaps } from '../api.ts';
import card from '../components/card.module.css';
import { Empty } from '../components/empty.tsx';
import { Failure } from '../components/failure.tsx';
import { GapCard } from '../components/gap-card.tsx';
import { GapTimeline } from '../components/gap-timeline.tsx';
import { LatestChanges } from '../components/latest-changes.tsx';
import { Loading } from '../components/loading.tsx';
import { PageHeading } from '../components/page-heading.tsx';
import { PeriodSwitch, usePeriodView } from '../components/period-switch.tsx';
import { RiskScore } from '../components/risk-score.tsx';
import { aboutPatient } from '../components/worklist-columns.ts';
import { counted, day, moment } from '../format.ts';
import { practitionerNames } from '../names.ts';
import { usePatient, usePractitioners } from '../queries.ts';
import { isToClose } from '../words.ts';
import classes from './patient.module.css';

const parents = [
  { to: '/', label: 'Measures' },
  { to: '/patients', label: 'Patients' },
];

/** One patient: what to close, why, on what evidence, and what changed when. */
export function Patient() {
  const { patient: id = '' } = useParams();
  const { data, error, refetch } = usePatient(id);
  if (data !== undefined) return <Chart key={data.patient.id} view={data} />;
  return (
    <>
      <PageHeading title="Patient" parents={parents} />
      {error === null ? (
        <Loading what="the patient" heights={[60, 280, 200]} />
      ) : (
        <Failure title="The patient could not be read" error={error} retry={refetch} />
      )}
    </>
  );
}

function Chart({ view }: { readonly view: PatientGaps }) {
  const { patient, pending } = view;
  const { gaps, history, periods, chosen } = usePeriodView(view);
  const toClose = gaps.filter(({ status }) => isToClose(status));
  const applicable = gaps.filter(({ status }) => !isToClose(status) && status !== 'not-applicable');
  const others = gaps.filter(({ status }) => status === 'not-applicable');
  const evaluated = gaps.map(({ evaluatedAt }) => evaluatedAt).sort()[0];
  return (
    <>
      <PageHeading title={patient.name} documentTitle="Patient" parents={parents}>
        <Facts patient={patient} />
      </PageHeading>
      <div role="status">
        {pending && (
          <p className={classes.pending}>
            The chart has just changed and waits to be evaluated again. What you see is from before.
          </p>
        )}
        <LatestChanges history={view.history} />
      </div>
      <PeriodSwitch periods={periods} chosen={chosen} />
      <div className={classes.grid}>
        <div>
          <section aria-labelledby="to-close">
            <h2 id="to-close">
              {toClose.length === 0 ? 'No gaps to close' : `${counted(toClose.length, 'gap')} to close`}
            </h2>
            {gaps.length === 0 && <Empty title="No measure has been evaluated for this patient yet" />}
            <Cards gaps={toClose} patient={patient.id} />
          </section>
          {applicable.length > 0 && (
            <section aria-labelledby="done">
              <h2 id="done">Nothing left to do</h2>
              <Cards gaps={applicable} patient={patient.id} />
            </section>
          )}
          {others.length > 0 && (
            <details className={classes.others}>
              <summary>{counted(others.length, 'measure')} not about this patient</summary>
              <Cards gaps={others} patient={patient.id} />
            </details>
          )}
          <RiskScore patient={patient.id} />
        </div>
        <section className={card.card} aria-labelledby="history">
          <h2 id="history">What changed</h2>
          <GapTimeline history={history} />
          {evaluated !== undefined && <p className={classes.evaluated}>Evaluated {moment(evaluated)}</p>}
        </section>
      </div>
    </>
  );
}

function Cards({ gaps, patient }: { readonly gaps: PatientGaps['gaps']; readonly patient: string }) {
  return (
    <div className={classes.cards}>
      {gaps.map((gap) => (
        <GapCard key={`${gap.measure.id} ${gap.group.id} ${gap.period.start}`} gap={gap} patient={patient} />
      ))}
    </div>
  );
}

function Facts({ patient }: { readonly patient: PatientGaps['patient'] }) {
  const practitioners = practitionerNames(usePractitioners().data);
  const { provider, phone, lastVisit } = patient;
  return (
    <dl className={classes.facts}>
      <Fact term="Person">{aboutPatient(patient)}</Fact>
      {provider !== null && (
        <Fact term="Provider">{provider.name ?? practitioners.get(provider.reference) ?? provider.reference}</Fact>
      )}
      {phone !== null && (
        <Fact term="Phone">
          <a href={`tel:${phone.replace(/[^+\d]/g, '')}`}>{phone}</a>
        </Fact>
      )}
      <Fact term="Last visit">{lastVisit === null ? 'none on record' : day(lastVisit)}</Fact>
    </dl>
  );
}

function Fact({ term, children }: { readonly term: string; readonly children: React.ReactNode }) {
  return (
    <div>
      <dt>{term}</dt>
      <dd>{children}</dd>
    </div>
  );
}
