import { ageOn, type Day, dayFrom, yearOf } from './calendar.ts';
import { type Chart, has, type VisitKind } from './chart.ts';
import type { Pregnancy } from './pregnancy.ts';

export interface PlannedVisit {
  readonly day: Day;
  readonly kind: VisitKind;
}

/** Ages in days at which the American periodicity schedule wants an infant to be seen. */
const infancy = [4, 31, 61, 122, 183, 274, 366, 457, 549, 731, 913];

/** Video visits became common when the pandemic began. */
const videoSince = dayFrom(2020, 3, 15);

/** When the patient was seen and for what, in order of time, within the time in the practice. */
export function planVisits(chart: Chart, pregnancies: readonly Pregnancy[]): PlannedVisit[] {
  const { person, random } = chart;
  const planned: PlannedVisit[] = [];
  const plan = (day: Day, kind: VisitKind): void => {
    if (day >= person.joined && day < person.end) planned.push({ day: workday(day, kind), kind });
  };
  plan(person.joined, person.joined <= person.birth + 4 ? 'well-child' : 'new-patient');
  for (const age of infancy) if (random.chance(0.93)) plan(person.birth + age + random.integer(-2, 6), 'well-child');
  const lastYear = yearOf(person.end - 1);
  for (let year = yearOf(person.joined); year <= lastYear; year++) {
    const first = dayFrom(year, 1, 2);
    const any = (): Day => first + random.integer(0, 360);
    const age = ageOn(person.birth, first + 180);
    // Whoever still belongs to the practice this year was mostly seen this year; a few are only on the list.
    const soon = (): Day =>
      year === lastYear ? first + random.integer(0, Math.max(7, person.end - first - 8)) : any();
    if (age >= 3 && age < 18) {
      if (random.chance(0.35 + 0.55 * person.engagement)) plan(soon(), 'well-child');
    } else if (age >= 18 && random.chance((age < 40 ? 0.08 : 0.3) + 0.62 * person.engagement)) plan(soon(), 'annual');
    planFollowUps(chart, year === lastYear ? soon : any, plan, first + 180, age);
    for (let left = random.count(age < 6 ? 1.6 : age < 18 ? 0.9 : 0.85); left > 0; left--) plan(any(), 'acute');
    for (let left = random.count(age > 79 ? 0.4 : age < 6 ? 0.3 : 0.13); left > 0; left--) plan(any(), 'emergency');
    if (random.chance(admissionRate(chart, first + 180, age))) plan(any(), 'inpatient');
    if (has(chart, 'frailty', first)) for (let left = random.count(1.2); left > 0; left--) plan(any(), 'home');
  }
  for (const { begin, end, lost } of pregnancies) {
    const visits = lost ? 2 : 9;
    for (let visit = 1; visit <= visits; visit++)
      plan(begin + 42 + Math.floor(((end - begin - 45) * visit) / (visits + 1)), 'prenatal');
    if (!lost) plan(end, 'inpatient');
  }
  if (person.story?.hospice === true) plan(Math.max(person.joined, dayFrom(lastYear, 2, 10)), 'hospice');
  else if (person.died !== undefined && random.chance(0.5)) plan(person.died - random.integer(3, 60), 'hospice');
  return planned.sort((one, other) => one.day - other.day);
}

function planFollowUps(
  chart: Chart,
  day: () => Day,
  plan: (day: Day, kind: VisitKind) => void,
  midyear: Day,
  age: number,
): void {
  const { person, random, problems } = chart;
  if (age < 4) return;
  const active = [...problems.values()].filter((onset) => onset <= midyear).length;
  const heavy = (['diabetes', 'heart-failure', 'copd', 'esrd', 'ckd-4', 'opioid-dependence'] as const).filter((key) =>
    has(chart, key, midyear),
  ).length;
  const mean = Math.min(7, 0.12 + 0.22 * active + 0.75 * heavy) * (0.65 + 0.7 * person.engagement);
  const hasPressure = has(chart, 'hypertension', midyear) ? 0.7 : 0;
  for (let left = random.count(mean + hasPressure); left > 0; left--) {
    const on = day();
    const remote = on >= videoSince ? random.next() : 1;
    plan(on, remote < 0.13 ? 'video' : remote < 0.2 ? 'telephone' : 'follow-up');
  }
  if (
    has(chart, 'heart-failure', midyear) ||
    has(chart, 'coronary-disease', midyear) ||
    has(chart, 'atrial-fibrillation', midyear)
  ) {
    for (let left = random.count(0.8); left > 0; left--) plan(day(), 'specialist');
  }
}

function admissionRate(chart: Chart, day: Day, age: number): number {
  const sick = (['heart-failure', 'copd', 'esrd', 'dementia'] as const).filter((key) => has(chart, key, day)).length;
  return (age < 18 ? 0.015 : age < 65 ? 0.03 : age < 80 ? 0.08 : 0.15) + sick * 0.08;
}

/** The office is closed at weekends: a Saturday or Sunday becomes the Friday before. */
function workday(day: Day, kind: VisitKind): Day {
  if (kind === 'emergency' || kind === 'inpatient') return day;
  const weekday = (((day + 4) % 7) + 7) % 7;
  return weekday === 6 ? day - 1 : weekday === 0 ? day - 2 : day;
}
