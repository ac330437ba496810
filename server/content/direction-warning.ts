import type { Measure } from '@medplum/fhirtypes';
import type { MeasureDefinition } from '../../measures/index.ts';
import type { ContentIssue } from './errors.ts';

/**
 * Words that measures use which count something bad. A word proves nothing (a measure may count those who were spared
 * it), so what follows from it is a warning, and only that.
 */
const telling: readonly RegExp[] = [
  /\bpoor(ly)?( \w+)? control(led)?\b/i,
  /\binverse measure\b/i,
  /\blower (score|rate|percentage|performance)s? (is|are|indicates?|means?|represents?)( \w+)? (better|improve\w*|higher quality)/i,
  /\b(a1c|hba1c|glycemic|glycaemic)\b[^.]*(greater than|above|over|>|&gt;) ?9/i,
  /\buse of high-risk medications?\b/i,
];

/** Code of the warning, which nothing else that is said of content has. */
export const doubtfulDirection = 'business-rule';

/**
 * A warning when a Measure says that a higher rate is better, and its title or description sounds as if it counted what
 * should be rare. The first group that says so is named; null when nothing sounds wrong.
 */
export function directionWarning(
  about: string,
  { title = '', description = '' }: Pick<Measure, 'title' | 'description'>,
  { groups }: Pick<MeasureDefinition, 'groups'>,
): ContentIssue | null {
  const index = groups.findIndex(
    ({ scoring, improvementNotation }) =>
      (scoring === 'proportion' || scoring === 'ratio') && improvementNotation === 'increase',
  );
  if (index === -1) return null;
  const said = [title, description].flatMap((text) => telling.flatMap((words) => words.exec(text)?.[0] ?? []))[0];
  if (said === undefined) return null;
  return {
    severity: 'warning',
    code: doubtfulDirection,
    diagnostics:
      `${about} says that a higher rate is better, and speaks of "${said}": if it counts what should be rare, its gaps ` +
      `are told the wrong way. Check it, and set the direction on the measure's page or by: gapless measures direction`,
    expression: [`Measure.group[${index}]`],
  };
}
