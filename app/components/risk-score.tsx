import { useState } from 'react';
import type { RiskModel, RiskView } from '../api.ts';
import { day } from '../format.ts';
import { useRisk } from '../queries.ts';
import { Failure } from './failure.tsx';
import { ResourceLink } from './gap-card.tsx';
import { Loading } from './loading.tsx';
import classes from './risk-score.module.css';

/** The HCC risk score with every step, read when somebody opens it: a score is asked for more seldom than gaps are. */
export function RiskScore({ patient }: { readonly patient: string }) {
  const [opened, setOpened] = useState(false);
  return (
    <details className={classes.risk} onToggle={({ currentTarget }) => setOpened(currentTarget.open)}>
      <summary>Risk score (HCC)</summary>
      {opened && <Score patient={patient} />}
    </details>
  );
}

function Score({ patient }: { readonly patient: string }) {
  const { data, error, refetch } = useRisk(patient);
  if (data !== undefined) return <Steps view={data} />;
  if (error === null) return <Loading what="the risk score" heights={[120]} />;
  return <Failure title="The risk score could not be told" error={error} retry={refetch} />;
}

function Steps({ view }: { readonly view: RiskView }) {
  const { paymentYear, collection, score, status, models, services, assumptions } = view;
  const passedOver = services.filter(({ counts }) => !counts);
  return (
    <>
      <p>
        <strong>{score === null ? 'No payment score' : score.toFixed(3)}</strong> for payment year {paymentYear}, from
        services of {day(collection.start)} to {day(collection.end)}
        {status !== 'final' && ` (${status})`}.
      </p>
      {models.map((model) => (
        <Model key={model.model} model={model} />
      ))}
      <List title="Assumed, because nothing says it" lines={assumptions} />
      {passedOver.length > 0 && (
        <>
          <h3>Services that do not count</h3>
          <ul>
            {passedOver.map(({ reference, gates }) => (
              <li key={reference}>
                <ResourceLink reference={reference} label={reference.split('/_history/')[0] ?? reference} />
                {': '}
                {gates.at(-1)?.reason}
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}

function Model({ model }: { readonly model: RiskModel }) {
  const { title, segment, age, contributions, raw, normalized, adjusted, categories, diagnoses, refused } = model;
  const sources = (of: readonly number[]): readonly string[] => {
    const found = diagnoses.filter((diagnosis) => diagnosis.categories.some((category) => of.includes(category)));
    return [...new Set(found.flatMap(({ evidence }) => evidence.map(({ reference }) => reference)))];
  };
  const dropped = categories.filter(({ droppedBy, notCounted }) => droppedBy !== null || notCounted !== null);
  return (
    <section aria-label={title}>
      <h3>
        {title}, segment {segment.code}: {segment.reason}, aged {age} on 1 February
      </h3>
      {refused !== null && <p>No score: {refused}</p>}
      <div className={classes.scroll}>
        <table>
          <thead>
            <tr>
              <th scope="col">Variable</th>
              <th scope="col">What it is</th>
              <th scope="col">Coefficient</th>
              <th scope="col">From</th>
            </tr>
          </thead>
          <tbody>
            {contributions.map(({ kind, variable, label, coefficient, categories: of }) => (
              <tr key={variable}>
                <th scope="row">{variable}</th>
                <td>{label}</td>
                <td className={classes.number}>{coefficient.toFixed(3)}</td>
                <td>
                  {kind === 'category' &&
                    sources(of)
                      .slice(0, 3)
                      .map((reference) => (
                        <div key={reference}>
                          <ResourceLink reference={reference} label={reference.split('/_history/')[0] ?? reference} />
                        </div>
                      ))}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p>
        {raw !== null && `Raw ${raw.toFixed(3)}`}
        {normalized !== null && `, normalized ${normalized.toFixed(3)}`}
        {adjusted !== null && `, after the coding adjustment ${adjusted.toFixed(3)}`}
      </p>
      <List
        title="Categories that do not count"
        lines={dropped.map(
          ({ category, label, droppedBy, notCounted }) =>
            `${category} ${label}: ${droppedBy === null ? notCounted : `${droppedBy} stands above it`}`,
        )}
      />
    </section>
  );
}

function List({ title, lines }: { readonly title: string; readonly lines: readonly string[] }) {
  if (lines.length === 0) return null;
  return (
    <>
      <h3>{title}</h3>
      <ul>
        {lines.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
    </>
  );
}
