import { Link, useSearchParams } from 'react-router';
import type { GapTransition, PatientGap, PatientGaps } from '../api.ts';
import { day } from '../format.ts';
import classes from './period-switch.module.css';

/** A period beside the current one, by its first and last day. */
export interface OtherPeriod {
  readonly key: string;
  readonly label: string;
}

interface PeriodView {
  readonly gaps: readonly PatientGap[];
  readonly history: readonly GapTransition[];
  readonly periods: readonly OtherPeriod[];
  /** `key` of the period on show; null for the current one, which may differ from measure to measure. */
  readonly chosen: string | null;
}

/** The gaps of the period that the address names, with their history; the current period where it names none. */
export function usePeriodView({ gaps, history }: PatientGaps): PeriodView {
  const [query] = useSearchParams();
  const others = new Map<string, OtherPeriod>();
  for (const { current, period } of gaps) {
    const key = keyOf(period);
    if (!current) others.set(key, { key, label: labelOf(period) });
  }
  const asked = query.get('period');
  const chosen = asked !== null && others.has(asked) ? asked : null;
  const shown = gaps.filter(({ current, period }) =>
    chosen === null ? current : !current && keyOf(period) === chosen,
  );
  const kept = new Set(shown.map(changeKey));
  const elsewhere = new Set(gaps.filter((gap) => !shown.includes(gap)).map(changeKey));
  return {
    gaps: shown,
    // Of gaps that are kept no longer, the current period tells.
    history: history.filter((change) => {
      const key = `${change.measureUrl} ${change.groupId} ${change.periodStart}`;
      return kept.has(key) || (chosen === null && !elsewhere.has(key));
    }),
    periods: [...others.values()],
    chosen,
  };
}

function changeKey({ measure, group, period }: PatientGap): string {
  return `${measure.url} ${group.id} ${period.start}`;
}

function keyOf({ start, end }: PatientGap['period']): string {
  return `${start}_${end}`;
}

/** "2025" for a calendar year. */
function labelOf({ start, end }: PatientGap['period']): string {
  const year = start.slice(0, 4);
  return start === `${year}-01-01` && end === `${year}-12-31` ? year : `${day(start)} to ${day(end)}`;
}

/** Leads to the gaps of other periods; nothing where there are none. */
export function PeriodSwitch({ periods, chosen }: Pick<PeriodView, 'periods' | 'chosen'>) {
  if (periods.length === 0) return null;
  return (
    <nav aria-label="Measurement period" className={classes.switch}>
      <PeriodLink to="?" isChosen={chosen === null}>
        Current period
      </PeriodLink>
      {periods.map(({ key, label }) => (
        <PeriodLink key={key} to={`?period=${key}`} isChosen={chosen === key}>
          {label}
        </PeriodLink>
      ))}
    </nav>
  );
}

function PeriodLink(props: { readonly to: string; readonly isChosen: boolean; readonly children: React.ReactNode }) {
  return (
    <Link to={props.to} replace preventScrollReset aria-current={props.isChosen ? 'true' : undefined}>
      {props.children}
    </Link>
  );
}
