import { IconArrowDown, IconArrowsSort, IconArrowUp } from '@tabler/icons-react';
import { Link } from 'react-router';
import type { PatientHeader, WorklistItem } from '../api.ts';
import { day } from '../format.ts';
import { GapStatus } from './gap-status.tsx';
import { ReasonAndStep } from './reason-and-step.tsx';
import classes from './worklist.module.css';
import { aboutPatient, columns } from './worklist-columns.ts';

/** The list as a table, where there is room for one. */
export function WorklistTable(props: {
  readonly caption: string;
  readonly items: readonly WorklistItem[];
  readonly sort: string;
  readonly onSort: (sort: string) => void;
  readonly providerName: (provider: NonNullable<PatientHeader['provider']>) => string;
}) {
  const { caption, items, sort, onSort, providerName } = props;
  return (
    <table className={classes.table}>
      <caption>{caption}</caption>
      <thead>
        <tr>
          {columns.map(({ label, sort: key }) => (
            <th key={label} scope="col" aria-sort={key === null ? undefined : ordered(sort, key)}>
              {key === null ? (
                label
              ) : (
                <SortButton
                  label={label}
                  order={ordered(sort, key)}
                  onClick={() => onSort(sort === key ? `-${key}` : key)}
                />
              )}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {items.map((item) => (
          <tr key={item.patient.id}>
            <th scope="row">
              <Link className={classes.name} to={`/patients/${encodeURIComponent(item.patient.id)}`}>
                {item.patient.name}
              </Link>
              <div className={classes.soft}>{aboutPatient(item.patient)}</div>
              {item.patient.phone !== null && <div className={classes.soft}>{item.patient.phone}</div>}
            </th>
            <td className={classes.status}>
              <GapStatus status={item.status} />
              <div className={classes.soft}>since {day(item.since)}</div>
            </td>
            <td className={classes.reason}>
              <ReasonAndStep item={item} />
            </td>
            <td className={classes.date}>{day(item.dueBy)}</td>
            <td className={classes.date}>{day(item.lastVisit)}</td>
            <td>{item.patient.provider === null ? '–' : providerName(item.patient.provider)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

type Order = 'ascending' | 'descending' | 'none';

function ordered(sort: string, key: string): Order {
  if (sort === key) return 'ascending';
  return sort === `-${key}` ? 'descending' : 'none';
}

function SortButton({
  label,
  order,
  onClick,
}: {
  readonly label: string;
  readonly order: Order;
  readonly onClick: () => void;
}) {
  const Icon = order === 'none' ? IconArrowsSort : order === 'ascending' ? IconArrowUp : IconArrowDown;
  return (
    <button type="button" className={classes.sort} data-sorted={order !== 'none'} onClick={onClick}>
      {label}
      <Icon size={14} aria-hidden="true" />
    </button>
  );
}
