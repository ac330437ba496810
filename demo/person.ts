import { ageOn, type Day } from './calendar.ts';
import { familyNames, givenNames, streets, towns } from './names.ts';
import { type Clinician, clinicians, type Payer } from './organizations.ts';
import { type Random, seededRandom } from './random.ts';
import { type Story, storyOf } from './stories.ts';

/** Who someone is and how they live with their care; nothing clinical yet. Cheap to make, so rosters need no charts. */
export interface Person {
  readonly number: number;
  readonly id: string;
  readonly sex: 'female' | 'male';
  readonly birth: Day;
  /** Completed years on the last day of the record. */
  readonly age: number;
  readonly given: string;
  readonly middle: string;
  readonly family: string;
  readonly race: Race;
  readonly hispanic: boolean | undefined;
  readonly language: 'en' | 'es';
  readonly line: string;
  readonly town: (typeof towns)[number];
  /** Undefined: uninsured. */
  readonly payer: Payer | undefined;
  readonly clinician: Clinician;
  /** First day as a patient of the practice. */
  readonly joined: Day;
  /** First day that nothing can happen on any more: the as-of date, or the day after death. */
  readonly end: Day;
  readonly died: Day | undefined;
  /** Chance, 0 to 1, that what is due gets done: the person's own habit and the clinician's. */
  readonly engagement: number;
  readonly smoking: 'never' | 'former' | 'current';
  readonly story: Story | undefined;
}

export type Race = 'white' | 'black' | 'asian' | 'native' | 'pacific' | 'other' | 'unknown';

/** Low age, high age, weight: a family-medicine panel, older than the population because the old come more often. */
const ages: readonly [
  readonly [readonly [number, number], number],
  ...(readonly [readonly [number, number], number])[],
] = [
  [[0, 4], 7],
  [[5, 17], 14],
  [[18, 29], 12],
  [[30, 39], 12],
  [[40, 49], 12],
  [[50, 59], 13],
  [[60, 69], 14],
  [[70, 79], 10],
  [[80, 94], 6],
];

/** The n-th patient (from 1) of a seed; the same whatever the size of the practice. */
export function personOf(seed: string, number: number, asOf: Day): Person {
  const random = seededRandom(`${seed}/${number}/person`);
  const story = storyOf(number);
  const [low, high] = random.weighted(ages);
  const drawnAge = random.integer(low, high);
  const wantsFemale = random.chance(drawnAge < 18 ? 0.49 : drawnAge < 75 ? 0.55 : 0.6);
  const years = story?.age ?? drawnAge;
  const sex = story?.sex ?? (wantsFemale ? 'female' : 'male');
  const birth = asOf - Math.floor(years * 365.2425) - random.integer(1, 364);
  const died = story === undefined && random.chance(deathRate(years)) ? asOf - random.integer(20, 700) : undefined;
  const alive = died === undefined || died <= birth + 30 ? undefined : died;
  const end = alive === undefined ? asOf : alive + 1;
  const age = ageOn(birth, end - 1);
  const clinician = clinicianFor(age, random);
  const tenure = Math.floor(Math.min(11.6, 0.3 + 12 * random.next() ** 0.55) * 365.25);
  return {
    number,
    id: `demo-${number}`,
    sex,
    birth,
    age,
    given: random.pick(givenNames[sex]),
    middle: random.pick(givenNames[sex]),
    family: random.pick(familyNames),
    race: random.weighted<Race>([
      ['white', 62],
      ['black', 14],
      ['asian', 6],
      ['native', 1],
      ['pacific', 0.5],
      ['other', 9.5],
      ['unknown', 7],
    ]),
    hispanic: random.chance(0.05) ? undefined : random.chance(0.17),
    language: random.chance(0.08) ? 'es' : 'en',
    line: `${random.integer(1, 980)} ${random.pick(streets)} Street`,
    town: random.pick(towns),
    payer: payerFor(age, random),
    clinician,
    joined: Math.max(birth + 2, (story === undefined ? end : asOf) - Math.max(tenure, story === undefined ? 0 : 2600)),
    end,
    died: alive,
    engagement: Math.min(0.98, Math.max(0.12, random.normal(0.72, 0.17) + clinician.quality)),
    smoking:
      age < 15
        ? 'never'
        : random.weighted([
            ['never', 62],
            ['former', 25],
            ['current', 13],
          ]),
    story,
  };
}

function deathRate(age: number): number {
  return age < 50 ? 0.001 : age < 70 ? 0.012 : age < 80 ? 0.04 : 0.1;
}

function clinicianFor(age: number, random: Random): Clinician {
  const panel = age < 18 ? 'children' : 'adults';
  const open = clinicians.filter((one) => one.panel === panel || one.panel === 'all');
  return open[random.integer(0, open.length - 1)] ?? clinicians[0];
}

function payerFor(age: number, random: Random): Payer | undefined {
  if (age >= 65)
    return random.weighted<Payer>([
      ['medicare', 47],
      ['advantage', 50],
      ['northwind', 3],
    ]);
  if (age < 19)
    return random.weighted<Payer | undefined>([
      ['medicaid', 39],
      ['northwind', 33],
      ['cedar', 24],
      [undefined, 4],
    ]);
  return random.weighted<Payer | undefined>([
    ['northwind', 42],
    ['cedar', 29],
    ['medicaid', 18],
    ['medicare', 2],
    ['advantage', 2],
    [undefined, 7],
  ]);
}
