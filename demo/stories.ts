import type { ProblemKey } from './problems.ts';

/** How breast cancer screening went: of the kinds of gap that a quality manager sees, each has a name. */
export type MammogramHistory = 'regular' | 'one-breast' | 'lapsed' | 'never' | 'mastectomy';

/** How the last blood pressure of the year reads. */
export type PressureHistory = 'controlled' | 'uncontrolled' | 'not-measured';

/** Facts that are fixed for a patient instead of drawn. */
export interface Story {
  readonly tells: string;
  readonly age: number;
  readonly sex: 'female' | 'male';
  readonly problems?: readonly ProblemKey[];
  readonly mammogram?: MammogramHistory;
  readonly pressure?: PressureHistory;
  readonly hospice?: boolean;
}

/** Every 200th patient from these on: so each kind of gap is there in the smallest practice that is worth showing. */
const stories = new Map<number, Story>([
  [
    7,
    {
      tells: 'screened on time, pressure controlled',
      age: 58,
      sex: 'female',
      problems: ['hypertension'],
      mammogram: 'regular',
      pressure: 'controlled',
    },
  ],
  [23, { tells: 'never had a mammogram', age: 49, sex: 'female', mammogram: 'never' }],
  [41, { tells: 'last mammogram before the look-back', age: 63, sex: 'female', mammogram: 'lapsed' }],
  [59, { tells: 'bilateral mastectomy', age: 61, sex: 'female', problems: ['breast-cancer'], mammogram: 'mastectomy' }],
  [
    71,
    {
      tells: 'in hospice',
      age: 71,
      sex: 'female',
      problems: ['hypertension', 'heart-failure'],
      mammogram: 'lapsed',
      pressure: 'uncontrolled',
      hospice: true,
    },
  ],
  [
    97,
    {
      tells: 'pressure too high',
      age: 54,
      sex: 'male',
      problems: ['hypertension', 'obesity'],
      pressure: 'uncontrolled',
    },
  ],
  [
    113,
    {
      tells: 'no pressure this year, video visits only',
      age: 47,
      sex: 'male',
      problems: ['hypertension'],
      pressure: 'not-measured',
    },
  ],
  [
    131,
    {
      tells: 'end-stage renal disease on dialysis',
      age: 66,
      sex: 'male',
      problems: ['hypertension', 'diabetes', 'esrd'],
      pressure: 'uncontrolled',
    },
  ],
  [
    149,
    {
      tells: 'diabetes out of control',
      age: 52,
      sex: 'female',
      problems: ['diabetes', 'hypertension', 'obesity'],
      mammogram: 'never',
      pressure: 'uncontrolled',
    },
  ],
  [
    173,
    {
      tells: 'one breast removed, still screened',
      age: 66,
      sex: 'female',
      problems: ['breast-cancer'],
      mammogram: 'one-breast',
    },
  ],
]);

export function storyOf(number: number): Story | undefined {
  return stories.get(((number - 1) % 200) + 1);
}
