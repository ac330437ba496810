/**
 * What agreement and disagreement of each field say, as bits of evidence (Fellegi and Sunter): log2 of how much likelier
 * the finding is between records of one person than between records of two. Estimated from how common values are in the
 * United States; `prior` is what has to be overcome by chance alone in a practice of 100,000.
 */
export const weights = {
  prior: -17,
  identifier: { same: 24, other: -6 },
  family: { same: 9, similar: 6, alike: 3, part: 5, differs: -4 },
  given: { same: 6, nickname: 5, similar: 4, initial: 2, differs: -6 },
  birthDate: { same: 14, part: 7, transposed: 9, near: 7, differs: -8 },
  gender: { same: 1, differs: -5 },
  telecom: { same: 12, differs: -1 },
  postalCode: { same: 7, differs: -1 },
  street: { same: 8, differs: -1 },
} as const;

/** Jaro-Winkler similarity of names from which on they count as similar, or alike. */
export const similarity = { similar: 0.93, alike: 0.85, street: 0.92 } as const;

/** Probabilities from which on a match has its grade (http://terminology.hl7.org/CodeSystem/match-grade). */
export const grades = [
  ['certain', 0.999],
  ['probable', 0.95],
  ['possible', 0.3],
] as const;

export type MatchGrade = (typeof grades)[number][0];

/**
 * The best grade with a finding, however much speaks for the match: twins share all but their given names, and a relative's
 * insurance number is entered by mistake.
 */
export const ceilings: Readonly<Record<string, number>> = {
  'given.differs': 0.9,
  'birthDate.differs': 0.9,
  'gender.differs': 0.98,
  'family.differs': 0.998,
  'identifier.other': 0.998,
};
