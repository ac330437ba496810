import { Button } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import type { WorklistItem, WorklistRequest } from '../api.ts';
import { csv } from '../csv.ts';
import { download } from '../download.ts';
import { searchWorklist } from '../fhir.ts';
import { exportHeader, exportRow } from './worklist-columns.ts';

const portion = 500;

/** Writes all pages of the list, as filtered and sorted, to a CSV file. */
export function ExportButton(props: {
  readonly measure: string;
  readonly request: WorklistRequest;
  readonly disabled: boolean;
}) {
  const { measure, request, disabled } = props;
  const { mutate, isPending, error } = useMutation({
    mutationFn: async () => {
      const items = await everything(measure, request);
      const today = new Date().toLocaleDateString('sv-SE');
      download(`${measure}-patients-${today}.csv`, 'text/csv;charset=utf-8', csv(exportHeader, items.map(exportRow)));
    },
  });
  return (
    <div>
      <Button
        variant="default"
        loading={isPending}
        disabled={disabled}
        leftSection={<IconDownload size={16} aria-hidden="true" />}
        onClick={() => mutate()}
      >
        Export CSV
      </Button>
      {error !== null && <div role="alert">{error.message}</div>}
    </div>
  );
}

async function everything(measure: string, request: WorklistRequest): Promise<WorklistItem[]> {
  const items: WorklistItem[] = [];
  for (;;) {
    const page = await searchWorklist(measure, { ...request, count: portion, offset: items.length });
    items.push(...page.items);
    if (page.items.length === 0 || items.length >= page.total) return items;
  }
}
