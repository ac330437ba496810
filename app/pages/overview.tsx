import { Stack } from '@mantine/core';
import type { MeasureSummary, ServerStatus } from '../api.ts';
import { Empty } from '../components/empty.tsx';
import { Failure } from '../components/failure.tsx';
import { Loading } from '../components/loading.tsx';
import { MeasureRow } from '../components/measure-row.tsx';
import { PageHeading } from '../components/page-heading.tsx';
import { count, counted, moment } from '../format.ts';
import { useMeasures, useStatus } from '../queries.ts';
import { measurePath, measureTitle, standing } from '../words.ts';
import classes from './overview.module.css';

/** Every measure, those furthest from their target first. */
export function Overview() {
  const { data: measures, error, isPending, refetch } = useMeasures();
  const { data: status } = useStatus();
  return (
    <>
      <PageHeading title="Quality measures">
        <p className={classes.lead}>
          {measures === undefined ? '\u00a0' : <Summary measures={measures} />}
          {status !== undefined && <span className={classes.asOf}> {asOf(status)}</span>}
        </p>
      </PageHeading>
      {isPending && <Loading what="measures" heights={[196, 196]} />}
      {measures === undefined && error !== null && (
        <Failure title="The measures could not be read" error={error} retry={refetch} />
      )}
      {measures?.length === 0 && (
        <Empty title="No measures are installed">
          <p>
            POST a Bundle with a Measure, its Libraries and ValueSets to <code>/fhir</code>, or run{' '}
            <code>gapless measures install FILE</code>.
          </p>
        </Empty>
      )}
      <Stack gap="md">
        {[...(measures ?? [])].sort(furthestFirst).map((summary) => (
          <MeasureRow key={measurePath(summary)} summary={summary} />
        ))}
      </Stack>
    </>
  );
}

function Summary({ measures }: { readonly measures: readonly MeasureSummary[] }) {
  const toClose = measures.reduce((sum, { open, prospective }) => sum + open + prospective, 0);
  const compared = measures.flatMap((summary) => standing(summary) ?? []);
  const met = compared.filter((stands) => stands.met).length;
  return (
    <>
      <strong>{counted(toClose, 'gap')} to close.</strong>
      {compared.length > 0 &&
        ` ${met === 0 ? 'No measure meets' : `${count(met)} of ${counted(compared.length, 'measure')} ${met === 1 ? 'meets' : 'meet'}`} ${met > 1 ? 'their targets' : 'its target'}.`}
    </>
  );
}

function asOf({ patients, lastEvaluated }: ServerStatus): string {
  return `${counted(patients, 'patient')}${lastEvaluated === null ? ', none evaluated yet' : `, last evaluated ${moment(lastEvaluated)}`}.`;
}

function furthestFirst(one: MeasureSummary, other: MeasureSummary): number {
  const distance = (summary: MeasureSummary): number => standing(summary)?.short ?? Number.NEGATIVE_INFINITY;
  const difference = distance(other) - distance(one);
  return Number.isNaN(difference) || difference === 0
    ? measureTitle(one).localeCompare(measureTitle(other))
    : difference;
}
