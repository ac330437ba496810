import { CmpStr } from 'cmpstr';
import { type Features, mistakenDates } from './features.ts';
import { nicknamesOf } from './nicknames.ts';
import { ceilings, grades, type MatchGrade, similarity, weights } from './weights.ts';

/** A field that was compared: `family.similar`, with its bits of evidence. */
export interface Finding {
  readonly code: string;
  readonly bits: number;
}

export interface MatchScore {
  /** Probability that both are one person, between 0 and 1. */
  readonly score: number;
  /** Null: no match. */
  readonly grade: MatchGrade | null;
  /** What speaks for and against it; fields that one of them lacks are not compared. */
  readonly findings: readonly Finding[];
}

/** How likely two Patients are one person. Symmetrical, and pure. */
export function matchScore(a: Features, b: Features): MatchScore {
  const findings = [
    ...identifiers(a, b),
    ...best(a.families, b.families, familyFinding, 'family'),
    ...best(a.givens, b.givens, givenFinding, 'given'),
    ...birthDate(a.birthDate, b.birthDate),
    ...equal(a.gender === null ? [] : [a.gender], b.gender === null ? [] : [b.gender], 'gender'),
    ...equal(a.telecoms, b.telecoms, 'telecom'),
    ...equal(a.postalCodes, b.postalCodes, 'postalCode'),
    ...best(a.streets, b.streets, (x, y) => (alike(x, y) >= similarity.street ? 'same' : 'differs'), 'street'),
  ];
  const bits = findings.reduce((sum: number, one) => sum + one.bits, weights.prior);
  const ceiling = Math.min(1, ...findings.map(({ code }) => ceilings[code] ?? 1));
  const score = Math.min(ceiling, 1 / (1 + 2 ** -bits));
  return { score, grade: grades.find(([, from]) => score >= from)?.[0] ?? null, findings };
}

const winkler = CmpStr.create().setMetric('jaroWinkler');

function alike(a: string, b: string): number {
  if (a === b) return 1;
  // The first of each pair in order, so that the measure is symmetrical.
  const [first, second] = a < b ? [a, b] : [b, a];
  return Number(winkler.compare(first, second));
}

type Kind =
  | 'same'
  | 'similar'
  | 'alike'
  | 'part'
  | 'nickname'
  | 'initial'
  | 'transposed'
  | 'near'
  | 'other'
  | 'differs';
type Field = Exclude<keyof typeof weights, 'prior'>;

function finding(field: Field, kind: Kind): Finding {
  const bits = (weights[field] as Partial<Record<Kind, number>>)[kind];
  if (bits === undefined) throw new TypeError(`${field} knows no ${kind}`);
  return { code: `${field}.${kind}`, bits };
}

/** The finding that says most of the pairs of two people's names, addresses, …; none when one of them has none. */
function best(a: readonly string[], b: readonly string[], of: (x: string, y: string) => Kind, field: Field): Finding[] {
  const all = a.flatMap((x) => b.map((y) => finding(field, of(x, y))));
  const [first, ...others] = all;
  return first === undefined ? [] : [others.reduce((most, one) => (one.bits > most.bits ? one : most), first)];
}

function familyFinding(a: string, b: string): Kind {
  if (a === b) return 'same';
  const [short = '', long = ''] = a.length < b.length ? [a, b] : [b, a];
  if (long.split(' ').includes(short)) return 'part';
  const degree = alike(a, b);
  return degree >= similarity.similar ? 'similar' : degree >= similarity.alike ? 'alike' : 'differs';
}

function givenFinding(a: string, b: string): Kind {
  if (a === b) return 'same';
  if (nicknamesOf(a).includes(b)) return 'nickname';
  if (a.length === 1 || b.length === 1) return a.charAt(0) === b.charAt(0) ? 'initial' : 'differs';
  return alike(a, b) >= similarity.similar ? 'similar' : 'differs';
}

function birthDate(a: string | null, b: string | null): Finding[] {
  if (a === null || b === null) return [];
  if (a === b) return [finding('birthDate', 'same')];
  const [short, long] = a.length < b.length ? [a, b] : [b, a];
  if (long.startsWith(`${short}-`)) return [finding('birthDate', 'part')];
  const mistaken = mistakenDates(a).includes(b) || mistakenDates(b).includes(a);
  if (!mistaken) return [finding('birthDate', 'differs')];
  const digits = (date: string): string => [...date].toSorted().join('');
  return [finding('birthDate', digits(a) === digits(b) ? 'transposed' : 'near')];
}

function equal(a: readonly string[], b: readonly string[], field: 'gender' | 'telecom' | 'postalCode'): Finding[] {
  if (a.length === 0 || b.length === 0) return [];
  return [finding(field, a.some((value) => b.includes(value)) ? 'same' : 'differs')];
}

/** Another value of a system that numbers each person once speaks against; an identifier without a system says nothing. */
function identifiers({ identifiers: a }: Features, { identifiers: b }: Features): Finding[] {
  if ([...a].some(([token, system]) => system !== '' && b.has(token))) return [finding('identifier', 'same')];
  const systems = new Set(b.values());
  return [...a.values()].some((system) => system !== '' && systems.has(system)) ? [finding('identifier', 'other')] : [];
}
