import type { TrendPoint } from '../api.ts';
import { month, percent, points } from '../format.ts';
import classes from './sparkline.module.css';

const width = 160;
const height = 40;
const inset = 4;
/** So that a wobble of a point does not look like a fall. */
const leastSpan = 0.1;

/** How the rate moved over the rolling twelve months: drawn, and in a sentence. */
export function Sparkline({ trend }: { readonly trend: readonly TrendPoint[] }) {
  const known = trend.flatMap(({ date, rate }) => (rate === null ? [] : [{ date, rate }]));
  const [first] = known;
  const last = known.at(-1);
  if (first === undefined || last === undefined || known.length < 2) {
    return <p className={classes.words}>No trend yet</p>;
  }
  const change = last.rate - first.rate;
  const drawn = place(known.map(({ rate }) => rate));
  const end = drawn.at(-1);
  return (
    <figure className={classes.figure}>
      <svg viewBox={`0 0 ${width} ${height}`} width={width} height={height} aria-hidden="true">
        <polyline className={classes.stroke} points={drawn.map(({ x, y }) => `${x},${y}`).join(' ')} />
        {end && <circle className={classes.end} cx={end.x} cy={end.y} r="3.5" />}
      </svg>
      <figcaption className={classes.words}>
        <b>{Math.abs(change) < 0.0005 ? 'Unchanged' : `${change > 0 ? 'Up' : 'Down'} ${points(change)} points`}</b>
        <br />
        from {percent(first.rate)} in {month(first.date)}
      </figcaption>
    </figure>
  );
}

function place(rates: readonly number[]): { x: number; y: number }[] {
  const low = Math.min(...rates);
  const span = Math.max(leastSpan, Math.max(...rates) - low);
  const floor = (low + Math.max(...rates) - span) / 2;
  return rates.map((rate, index) => ({
    x: round(inset + (index / (rates.length - 1)) * (width - 2 * inset)),
    y: round(height - inset - ((rate - floor) / span) * (height - 2 * inset)),
  }));
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
