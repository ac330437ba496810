import type { MeasureSummary } from '../api.ts';
import { percent, points } from '../format.ts';
import { directionWords, standing } from '../words.ts';
import classes from './rate.module.css';

/** The rate, large, with how it stands against its target in words and on a scale from 0 to 100 %. */
export function Rate({ summary }: { readonly summary: MeasureSummary }) {
  const { rate, target, improvementNotation, direction } = summary;
  const lower = improvementNotation === 'decrease';
  const stands = standing(summary);
  const kind = stands === null ? 'none' : stands.met ? 'met' : 'short';
  return (
    <div className={classes.rate} data-kind={kind}>
      <div className={classes.line}>
        <span className={classes.value}>{percent(rate)}</span>
        <span className={classes.standing}>{standingWords(summary)}</span>
      </div>
      <div className={classes.track} aria-hidden="true">
        <div className={classes.fill} style={{ width: `${(rate ?? 0) * 100}%` }} />
        {target !== null && <div className={classes.target} style={{ left: `${target.rate * 100}%` }} />}
      </div>
      <div className={classes.caption}>
        <span>
          {target === null ? 'No target set' : `Target ${lower ? 'at most' : 'at least'} ${percent(target.rate)}`}
        </span>
        <span>{directions[improvementNotation ?? 'none']}</span>
      </div>
      {direction !== null && <p className={classes.overridden}>Direction overridden by operator: {direction.reason}</p>}
    </div>
  );
}

const directions = { ...directionWords, none: '' } as const;

function standingWords(summary: MeasureSummary): string {
  if (summary.rate === null) return 'Nobody to assess yet';
  const stands = standing(summary);
  if (stands === null) return '';
  if (stands.met) return 'Meets its target';
  return `${points(stands.short)} points ${summary.improvementNotation === 'increase' ? 'below' : 'above'} target`;
}
