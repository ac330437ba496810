import { Button, VisuallyHidden } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { IconX } from '@tabler/icons-react';
import type { MeasureSummary } from '../api.ts';
import { counted } from '../format.ts';
import { practitionerNames } from '../names.ts';
import { usePractitioners, useWorklist } from '../queries.ts';
import { measureTitle, populationWords } from '../words.ts';
import { pageSize, useWorklistView, worklistRequest } from '../worklist-address.ts';
import { Empty } from './empty.tsx';
import { ExportButton } from './export-button.tsx';
import { Failure } from './failure.tsx';
import { Loading } from './loading.tsx';
import { PageSteps } from './page-steps.tsx';
import classes from './worklist.module.css';
import { WorklistCards } from './worklist-cards.tsx';
import { describeStatuses, StatusTabs, WorklistFilters } from './worklist-filters.tsx';
import { WorklistTable } from './worklist-table.tsx';

/** The patients of a measure: by status or population, narrowed, sorted, in pages, and as a file. */
export function Worklist({ summary }: { readonly summary: MeasureSummary }) {
  const [view, change, address] = useWorklistView();
  const request = worklistRequest(summary.group.id, view);
  const { data, error, isPlaceholderData, refetch } = useWorklist(summary.measure.id, request);
  const practitioners = practitionerNames(usePractitioners().data);
  const providerName = ({ reference, name }: { reference: string; name: string | null }): string =>
    name ?? practitioners.get(reference) ?? reference;
  const wide = useMediaQuery('(min-width: 62em)', undefined, { getInitialValueInEffect: false });
  const shown = view.population === null ? describeStatuses(view.status) : populationWords[view.population];
  const caption = `${shown}: patients of ${measureTitle(summary)}`;
  return (
    <section className={classes.panel} aria-labelledby="patients">
      <h2 id="patients">Patients</h2>
      <StatusTabs summary={summary} view={view} address={address} />
      <WorklistFilters view={view} practitioners={practitioners} change={change}>
        {view.population !== null && (
          <Button
            variant="light"
            rightSection={<IconX size={14} aria-hidden="true" />}
            onClick={() => change({ population: null })}
          >
            {populationWords[view.population]} only
          </Button>
        )}
        <ExportButton measure={summary.measure.id} request={request} disabled={(data?.total ?? 0) === 0} />
      </WorklistFilters>
      <VisuallyHidden role="status">
        {data !== undefined && !isPlaceholderData && counted(data.total, 'patient')}
      </VisuallyHidden>
      {data === undefined && error === null && (
        <div className={classes.stateWithin}>
          <Loading what="patients" heights={Array.from({ length: 8 }, () => 48)} />
        </div>
      )}
      {data === undefined && error !== null && (
        <div className={classes.stateWithin}>
          <Failure title="The patients could not be read" error={error} retry={refetch} />
        </div>
      )}
      {data !== undefined && data.items.length === 0 && (
        <div className={classes.stateWithin}>
          <NoOne
            narrowed={view.text !== '' || view.provider !== null || view.page > 1}
            clear={() => change({ text: '', provider: null, page: null })}
          />
        </div>
      )}
      {data !== undefined && data.items.length > 0 && (
        <div className={isPlaceholderData ? classes.stale : undefined} aria-busy={isPlaceholderData}>
          {wide ? (
            <WorklistTable
              caption={caption}
              items={data.items}
              sort={view.descending ? `-${view.sort}` : view.sort}
              onSort={(sort) => change({ sort })}
              providerName={providerName}
            />
          ) : (
            <WorklistCards caption={caption} items={data.items} providerName={providerName} />
          )}
          <PageSteps
            page={view.page}
            size={pageSize}
            total={data.total}
            address={(page) => address({ page: page === 1 ? null : String(page) })}
            state={{ text: view.text }}
          />
        </div>
      )}
    </section>
  );
}

function NoOne({ narrowed, clear }: { readonly narrowed: boolean; readonly clear: () => void }) {
  if (!narrowed) return <Empty title="No patients here" />;
  return (
    <Empty title="No patient matches">
      <Button mt="xs" variant="default" onClick={clear}>
        Show all
      </Button>
    </Empty>
  );
}
