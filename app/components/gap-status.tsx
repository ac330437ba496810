import { IconAlertTriangle, IconCircleCheck, IconCircleDashed, IconClock, IconMinus } from '@tabler/icons-react';
import type { GapStatus as Code } from '../api.ts';
import { statusWords } from '../words.ts';
import classes from './gap-status.module.css';

const icons = {
  'open-gap': IconCircleDashed,
  'prospective-gap': IconClock,
  'closed-gap': IconCircleCheck,
  'not-applicable': IconMinus,
  error: IconAlertTriangle,
} as const;

/** The status of a gap in a word, with a sign that does not need colour. */
export function GapStatus({ status }: { readonly status: Code | null }) {
  if (status === null) return <span className={classes.status}>No gap is kept</span>;
  const Icon = icons[status];
  const { label, meaning } = statusWords[status];
  return (
    <span className={classes.status} data-status={status} title={meaning}>
      <Icon size={14} stroke={2.2} aria-hidden="true" />
      {label}
    </span>
  );
}
