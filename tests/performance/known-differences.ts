import type { MeasureFigures } from './rounds.ts';

/** Why cql-execution 3.3.2 with cql-exec-fhir 2.2.0, unrepaired, finds something else in a measure than our engines. */
interface KnownDifference {
  /** Beginnings of the measures' names. */
  readonly measures: readonly string[];
  /** It can't evaluate patients, or counts other criteria for them. */
  readonly kind: 'fails' | 'counts';
  readonly reason: string;
}

export const knownDifferences: readonly KnownDifference[] = [
  {
    measures: ['CMS69FHIR'],
    kind: 'fails',
    reason: 'a retrieve names one code where it takes a value set for granted (Reason Not Performed BMI)',
  },
  {
    measures: ['CMS771FHIR'],
    kind: 'fails',
    reason:
      'a FHIR Quantity without a value (one with a data-absent-reason) is an error to it, and null by FHIRHelpers and CQL',
  },
  {
    measures: ['CMS104FHIR', 'CMS135FHIR', 'CMS144FHIR', 'CMS347FHIR', 'CMS645FHIR'],
    kind: 'counts',
    reason: 'it does not look at profiles, so that what was not requested or not done counts as requested or done',
  },
];

/**
 * Where cql-execution and we do different things, which makes their times worth less: one line each, with the reason where it
 * is known and `!` where it isn't. Counts may differ by a fifth: of few patients, single ones make a difference.
 */
export function differencesIn(shown: readonly MeasureFigures[]): string[] {
  return shown.flatMap(({ measure, engines }) => {
    const [ours, peers] = ['compiled', 'cql-execution'].map((name) =>
      engines.find(({ engine, mode }) => engine === name && mode === 'evaluation'),
    );
    if (ours === undefined || peers === undefined) return [];
    const found: string[] = [];
    if (peers.failures > 0 || ours.failures > 0)
      found.push(
        line(measure, 'fails', `compiled fails for ${ours.failures} patients, cql-execution for ${peers.failures}`),
      );
    else if (ours.met !== null && peers.met !== null && !isNear(ours.met, peers.met))
      found.push(line(measure, 'counts', `${ours.met} criteria hold for compiled, ${peers.met} for cql-execution`));
    return found;
  });
}

function isNear(a: number, b: number): boolean {
  return Math.abs(a - b) <= 0.2 * Math.max(a, b);
}

function line(measure: string, kind: KnownDifference['kind'], what: string): string {
  const known = knownDifferences.find(
    (each) => each.kind === kind && each.measures.some((name) => measure.startsWith(name)),
  );
  return known === undefined
    ? `! ${measure}: ${what}, and nothing is known that explains it`
    : `  ${measure}: ${what}: ${known.reason}`;
}
