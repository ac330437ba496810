import { NativeSelect, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { type ReactNode, useEffect, useState } from 'react';
import { Link } from 'react-router';
import type { GapStatus, MeasureSummary } from '../api.ts';
import { count } from '../format.ts';
import { statusWords, toClose } from '../words.ts';
import type { WorklistView } from '../worklist-address.ts';
import classes from './worklist.module.css';

/** Ways to the parts of a list by status, each with how many it has. */
export function StatusTabs(props: {
  readonly summary: MeasureSummary;
  readonly view: WorklistView;
  readonly address: (changes: { status: string; population: null }) => string;
}) {
  const { summary, view, address } = props;
  const { open, prospective, closed, notApplicable, errors } = summary;
  const tabs: readonly (readonly [string, string, number])[] = [
    [toClose.join(), 'To close', open + prospective],
    ['closed-gap', statusWords['closed-gap'].label, closed],
    ['not-applicable', statusWords['not-applicable'].label, notApplicable],
    ...(errors > 0 ? [['error', statusWords.error.label, errors] as const] : []),
    ['any', 'Everyone', open + prospective + closed + notApplicable + errors],
  ];
  const chosen = view.status.length === 0 ? 'any' : view.status.join();
  return (
    <nav className={classes.statuses} aria-label="Patients by status">
      {tabs.map(([status, label, patients]) => (
        <Link
          key={status}
          to={address({ status, population: null })}
          state={{ text: view.text }}
          preventScrollReset
          aria-current={view.population === null && chosen === status ? 'true' : undefined}
        >
          {label} {count(patients)}
        </Link>
      ))}
    </nav>
  );
}

/** Narrows a list by text and provider, and by one status where several are on show. */
export function WorklistFilters(props: {
  readonly view: WorklistView;
  /** By reference. */
  readonly practitioners: ReadonlyMap<string, string>;
  readonly change: (changes: { text?: string; provider?: string; status?: string }) => void;
  readonly children: ReactNode;
}) {
  const { view, practitioners, change, children } = props;
  const [text, setText] = useState(view.text);
  const send = useDebouncedCallback((wanted: string) => change({ text: wanted }), 250);
  useEffect(() => setText(view.text), [view.text]);
  return (
    <div className={classes.toolbar}>
      <TextInput
        type="search"
        label="Search this list"
        placeholder="Name"
        autoComplete="off"
        value={text}
        onChange={({ currentTarget: { value } }) => {
          setText(value);
          send(value);
        }}
      />
      <NativeSelect
        label="Provider"
        value={view.provider ?? ''}
        onChange={({ currentTarget: { value } }) => change({ provider: value })}
        data={[
          { value: '', label: 'All providers' },
          ...[...practitioners].map(([value, label]) => ({ value, label })),
        ]}
      />
      {children}
    </div>
  );
}

export function describeStatuses(status: readonly GapStatus[]): string {
  return status.length === 0
    ? 'Everyone'
    : status.join() === toClose.join()
      ? 'Gaps to close'
      : status.map((code) => statusWords[code].label).join(', ');
}
