import { useParams, useSearchParams } from 'react-router';
import type { MeasureSummary } from '../api.ts';
import card from '../components/card.module.css';
import { DirectionButton } from '../components/direction-form.tsx';
import { Empty } from '../components/empty.tsx';
import { Failure } from '../components/failure.tsx';
import { Funnel } from '../components/funnel.tsx';
import { Loading } from '../components/loading.tsx';
import { PageHeading } from '../components/page-heading.tsx';
import { Rate } from '../components/rate.tsx';
import { TargetButton } from '../components/target-form.tsx';
import { Trend } from '../components/trend.tsx';
import { Worklist } from '../components/worklist.tsx';
import { counted, day } from '../format.ts';
import { useMeasures } from '../queries.ts';
import { directionWords, measureTitle } from '../words.ts';
import { useWorklistView } from '../worklist-address.ts';
import classes from './measure.module.css';

const parents = [{ to: '/', label: 'Measures' }];

/** One group of a measure: how its rate comes about, where it goes, and its patients. */
export function Measure() {
  const { measure: id } = useParams();
  const [query] = useSearchParams();
  const { data, error, refetch } = useMeasures();
  if (data === undefined) {
    return (
      <>
        <PageHeading title="Measure" parents={parents} />
        {error === null ? (
          <Loading what="the measure" heights={[300, 480]} />
        ) : (
          <Failure title="The measure could not be read" error={error} retry={refetch} />
        )}
      </>
    );
  }
  const groups = data.filter(({ measure }) => measure.id === id);
  const group = query.get('group');
  const summary = groups.find((candidate) => candidate.group.id === group) ?? groups[0];
  if (summary !== undefined) return <Group summary={summary} />;
  return (
    <>
      <PageHeading title="Measure" parents={parents} />
      <Empty title="This measure is not installed, or a newer version has replaced it" />
    </>
  );
}

function Group({ summary }: { readonly summary: MeasureSummary }) {
  const [{ population }] = useWorklistView();
  const { measure, period, direction } = summary;
  return (
    <>
      <PageHeading title={measureTitle(summary)} parents={parents}>
        <p className={classes.lead}>
          {measure.description !== null && <>{measure.description} </>}
          <span className={classes.period}>
            {day(period.start)} to {day(period.end)}
            {measure.version !== null && `, version ${measure.version}`}
          </span>
        </p>
      </PageHeading>
      <div className={classes.grid}>
        <section className={card.card} aria-labelledby="rate">
          <div className={classes.head}>
            <h2 id="rate">Rate</h2>
            <TargetButton summary={summary} />
          </div>
          <Rate summary={summary} />
          <div className={classes.direction}>
            <DirectionButton summary={summary} />
            {direction !== null && <span>{overriddenWords(direction)}</span>}
          </div>
          <p className={classes.gaps}>{gapsWords(summary)}</p>
        </section>
        <section className={card.card} aria-labelledby="counted">
          <h2 id="counted">Who is counted</h2>
          <Funnel summary={summary} chosen={population} />
        </section>
        <section className={card.card} aria-labelledby="trend">
          <h2 id="trend">Rolling twelve months</h2>
          <Trend summary={summary} />
        </section>
      </div>
      {measure.warnings.length > 0 && (
        <details className={classes.warnings}>
          <summary>{counted(measure.warnings.length, 'warning')} about this measure’s content</summary>
          <ul>
            {measure.warnings.map((warning) => (
              <li key={warning}>{warning}</li>
            ))}
          </ul>
        </details>
      )}
      <Worklist summary={summary} />
    </>
  );
}

function overriddenWords({ published, givenBy }: NonNullable<MeasureSummary['direction']>): string {
  const said = published === null ? 'nothing' : directionWords[published].toLowerCase();
  return `By ${givenBy}. The measure says: ${said}.`;
}

function gapsWords({ open, prospective, period }: MeasureSummary): string {
  const inTime = `${counted(prospective, 'gap')} to close by ${day(period.end)}`;
  const late = `${counted(open, 'gap')} open past the end of the period`;
  if (open === 0) return prospective === 0 ? 'No gaps to close' : inTime;
  return prospective === 0 ? late : `${inTime}, ${late}`;
}
