import { ageOn, type Day } from './calendar.ts';
import type { Person } from './person.ts';
import type { Random } from './random.ts';

export interface Pregnancy {
  readonly begin: Day;
  readonly end: Day;
  readonly lost: boolean;
}

/** Live births a year by age of the mother, near the national rates; one pregnancy in seven is lost. */
function birthRate(age: number): number {
  if (age < 15 || age > 46) return 0;
  return age < 20 ? 0.015 : age < 25 ? 0.06 : age < 30 ? 0.09 : age < 35 ? 0.095 : age < 40 ? 0.053 : 0.011;
}

/** Pregnancies while in the practice, the current one included. */
export function drawPregnancies(person: Person, random: Random): Pregnancy[] {
  const found: Pregnancy[] = [];
  if (person.sex === 'male' || person.story !== undefined) return found;
  for (let day = person.joined; day < person.end - 60; day += 365) {
    if (!random.chance(birthRate(ageOn(person.birth, day)) * 1.15)) continue;
    const lost = random.chance(0.14);
    const begin = day + random.integer(0, 200);
    found.push({ begin, end: begin + (lost ? random.integer(50, 110) : random.integer(262, 287)), lost });
    day += 365;
  }
  return found.filter(({ begin }) => begin < person.end - 60);
}

export function isPregnant(pregnancies: readonly Pregnancy[], day: Day): boolean {
  return pregnancies.some(({ begin, end }) => begin + 42 <= day && day <= end);
}
