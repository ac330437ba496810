import type { CodeableConcept } from '@medplum/fhirtypes';
import { concept } from './codes.ts';
import type { Random } from './random.ts';

/** Facts that the chance of a problem depends on. */
export interface Risk {
  readonly age: number;
  readonly sex: 'female' | 'male';
  readonly smoking: 'never' | 'former' | 'current';
  has(problem: ProblemKey): boolean;
}

interface Problem {
  readonly code: CodeableConcept;
  /** Earliest age at onset. */
  readonly from: number;
  /** Point prevalence at the person's age. README: sources. */
  readonly prevalence: (risk: Risk) => number;
}

/** Ages of a table are upper bounds (exclusive); the last value holds beyond. */
function byAge(age: number, ...bands: readonly (readonly [below: number, value: number])[]): number {
  return (bands.find(([below]) => age < below) ?? bands.at(-1) ?? [0, 0])[1];
}

function problem(
  icd10: string,
  snomed: string,
  display: string,
  from: number,
  prevalence: Problem['prevalence'],
): Problem {
  return { code: concept(['icd10', icd10, display], ['snomed', snomed, display]), from, prevalence };
}

const times = (condition: boolean, factor: number): number => (condition ? factor : 1);
const female = ({ sex }: Risk): boolean => sex === 'female';

/** In the order in which they are drawn: what raises the chance of another stands before it. */
export const problems: Readonly<Record<ProblemKey, Problem>> = {
  obesity: problem('E66.9', '414916001', 'Obesity', 6, ({ age }) =>
    byAge(age, [6, 0.05], [12, 0.17], [20, 0.2], [40, 0.36], [60, 0.42], [75, 0.38], [120, 0.24]),
  ),
  hypertension: problem(
    'I10',
    '59621000',
    'Essential hypertension',
    18,
    (r) =>
      byAge(r.age, [18, 0], [30, 0.04], [40, 0.12], [50, 0.26], [60, 0.42], [70, 0.56], [80, 0.66], [120, 0.72]) *
      times(r.has('obesity'), 1.3),
  ),
  diabetes: problem(
    'E11.9',
    '44054006',
    'Type 2 diabetes mellitus',
    18,
    (r) =>
      byAge(r.age, [18, 0.002], [35, 0.015], [45, 0.05], [55, 0.11], [65, 0.16], [75, 0.22], [120, 0.2]) *
      times(r.has('obesity'), 1.6) *
      times(r.has('hypertension'), 1.2),
  ),
  prediabetes: problem('R73.03', '714628002', 'Prediabetes', 20, (r) =>
    r.has('diabetes') ? 0 : byAge(r.age, [20, 0], [40, 0.05], [60, 0.12], [120, 0.16]),
  ),
  hyperlipidemia: problem(
    'E78.5',
    '55822004',
    'Hyperlipidemia',
    20,
    (r) => byAge(r.age, [20, 0.005], [35, 0.05], [50, 0.2], [65, 0.38], [120, 0.52]) * times(r.has('diabetes'), 1.4),
  ),
  'coronary-disease': problem(
    'I25.10',
    '53741008',
    'Coronary artery disease',
    38,
    (r) =>
      byAge(r.age, [40, 0.002], [55, 0.025], [65, 0.07], [75, 0.14], [120, 0.22]) *
      times(female(r), 0.65) *
      times(r.smoking === 'current', 1.6),
  ),
  'ckd-3': problem(
    'N18.30',
    '433144002',
    'Chronic kidney disease, stage 3',
    40,
    (r) =>
      byAge(r.age, [40, 0.003], [55, 0.02], [65, 0.05], [75, 0.13], [120, 0.24]) *
      times(r.has('diabetes'), 1.8) *
      times(r.has('hypertension'), 1.3),
  ),
  'ckd-4': problem('N18.4', '431857002', 'Chronic kidney disease, stage 4', 50, (r) =>
    r.has('ckd-3') ? 0 : byAge(r.age, [50, 0.0005], [65, 0.003], [120, 0.009]) * times(r.has('diabetes'), 2),
  ),
  esrd: problem(
    'N18.6',
    '46177005',
    'End-stage renal disease',
    35,
    (r) => byAge(r.age, [35, 0.0003], [65, 0.002], [120, 0.005]) * times(r.has('diabetes'), 3),
  ),
  'atrial-fibrillation': problem(
    'I48.91',
    '49436004',
    'Atrial fibrillation',
    45,
    (r) =>
      byAge(r.age, [45, 0.001], [60, 0.01], [70, 0.04], [80, 0.09], [120, 0.16]) * times(r.has('hypertension'), 1.2),
  ),
  'heart-failure': problem(
    'I50.9',
    '42343007',
    'Congestive heart failure',
    45,
    (r) =>
      byAge(r.age, [45, 0.001], [60, 0.01], [70, 0.03], [80, 0.06], [120, 0.12]) *
      times(r.has('coronary-disease'), 2.2),
  ),
  stroke: problem('I63.9', '230690007', 'Cerebral infarction', 45, (r) =>
    byAge(r.age, [45, 0.002], [65, 0.018], [75, 0.045], [120, 0.09]),
  ),
  copd: problem(
    'J44.9',
    '13645005',
    'Chronic obstructive pulmonary disease',
    42,
    (r) =>
      byAge(r.age, [40, 0.002], [55, 0.03], [65, 0.06], [120, 0.1]) *
      { never: 0.35, former: 1.7, current: 2.6 }[r.smoking],
  ),
  asthma: problem(
    'J45.909',
    '195967001',
    'Asthma',
    2,
    (r) => byAge(r.age, [3, 0.02], [18, 0.085], [120, 0.08]) * times(female(r) && r.age > 17, 1.3),
  ),
  'allergic-rhinitis': problem('J30.9', '61582004', 'Allergic rhinitis', 3, () => 0.12),
  eczema: problem('L20.9', '24079001', 'Atopic dermatitis', 0, ({ age }) => (age < 18 ? 0.1 : 0.04)),
  adhd: problem(
    'F90.9',
    '406506008',
    'Attention deficit hyperactivity disorder',
    5,
    (r) => byAge(r.age, [5, 0], [18, 0.1], [40, 0.04], [120, 0.01]) * times(female(r), 0.6),
  ),
  depression: problem(
    'F32.A',
    '35489007',
    'Depressive disorder',
    12,
    (r) => byAge(r.age, [12, 0.003], [18, 0.08], [40, 0.13], [65, 0.13], [120, 0.09]) * times(female(r), 1.35),
  ),
  'recurrent-depression': problem('F33.9', '66344007', 'Recurrent major depression', 16, (r) =>
    r.has('depression') ? 0 : byAge(r.age, [16, 0], [120, 0.035]),
  ),
  anxiety: problem(
    'F41.1',
    '21897009',
    'Generalized anxiety disorder',
    10,
    (r) =>
      byAge(r.age, [10, 0.01], [18, 0.06], [65, 0.1], [120, 0.06]) *
      times(female(r), 1.3) *
      times(r.has('depression'), 2),
  ),
  'opioid-dependence': problem('F11.20', '75544000', 'Opioid dependence', 18, ({ age }) =>
    byAge(age, [18, 0], [60, 0.009], [120, 0.003]),
  ),
  hypothyroidism: problem(
    'E03.9',
    '40930008',
    'Hypothyroidism',
    20,
    (r) => byAge(r.age, [20, 0.003], [50, 0.04], [120, 0.09]) * times(female(r), 1.7),
  ),
  osteoarthritis: problem('M19.90', '396275006', 'Osteoarthritis', 40, ({ age }) =>
    byAge(age, [40, 0.005], [55, 0.1], [65, 0.22], [120, 0.36]),
  ),
  osteoporosis: problem(
    'M81.0',
    '64859006',
    'Osteoporosis',
    50,
    (r) => byAge(r.age, [50, 0], [65, 0.07], [75, 0.16], [120, 0.26]) * times(!female(r), 0.25),
  ),
  reflux: problem('K21.9', '235595009', 'Gastroesophageal reflux disease', 18, ({ age }) =>
    byAge(age, [18, 0.01], [40, 0.08], [120, 0.17]),
  ),
  'sleep-apnea': problem(
    'G47.33',
    '78275009',
    'Obstructive sleep apnea',
    25,
    (r) => byAge(r.age, [25, 0.005], [45, 0.04], [120, 0.09]) * times(r.has('obesity'), 2),
  ),
  migraine: problem(
    'G43.909',
    '37796009',
    'Migraine',
    10,
    (r) => byAge(r.age, [10, 0.01], [60, 0.1], [120, 0.04]) * times(!female(r), 0.4),
  ),
  // M54.5 was retired on 2021-10-01; charts still carry it.
  'back-pain': problem('M54.5', '279039007', 'Low back pain', 20, ({ age }) =>
    byAge(age, [20, 0.01], [40, 0.09], [120, 0.15]),
  ),
  'breast-cancer': problem('C50.919', '254837009', 'Malignant neoplasm of breast', 35, (r) =>
    female(r) ? byAge(r.age, [40, 0.002], [55, 0.014], [65, 0.03], [120, 0.055]) : 0,
  ),
  'prostate-cancer': problem('C61', '399068003', 'Malignant neoplasm of prostate', 50, (r) =>
    female(r) ? 0 : byAge(r.age, [50, 0], [65, 0.025], [75, 0.07], [120, 0.11]),
  ),
  'colon-cancer': problem('C18.9', '363406005', 'Malignant neoplasm of colon', 45, ({ age }) =>
    byAge(age, [45, 0.0005], [65, 0.005], [120, 0.016]),
  ),
  dementia: problem('F03.90', '52448006', 'Dementia', 65, ({ age }) =>
    byAge(age, [65, 0], [75, 0.03], [85, 0.1], [120, 0.25]),
  ),
  frailty: problem('R54', '248279007', 'Frailty', 70, ({ age }) => byAge(age, [70, 0], [80, 0.05], [120, 0.15])),
};

export type ProblemKey =
  | 'obesity'
  | 'hypertension'
  | 'diabetes'
  | 'prediabetes'
  | 'hyperlipidemia'
  | 'coronary-disease'
  | 'ckd-3'
  | 'ckd-4'
  | 'esrd'
  | 'atrial-fibrillation'
  | 'heart-failure'
  | 'stroke'
  | 'copd'
  | 'asthma'
  | 'allergic-rhinitis'
  | 'eczema'
  | 'adhd'
  | 'depression'
  | 'recurrent-depression'
  | 'anxiety'
  | 'opioid-dependence'
  | 'hypothyroidism'
  | 'osteoarthritis'
  | 'osteoporosis'
  | 'reflux'
  | 'sleep-apnea'
  | 'migraine'
  | 'back-pain'
  | 'breast-cancer'
  | 'prostate-cancer'
  | 'colon-cancer'
  | 'dementia'
  | 'frailty';

const keys = Object.keys(problems) as ProblemKey[];

/** The problems that someone has, each with the years that it has lasted. `given` are had for certain. */
export function drawProblems(
  person: Omit<Risk, 'has'>,
  given: readonly ProblemKey[],
  random: Random,
): Map<ProblemKey, number> {
  const had = new Map<ProblemKey, number>();
  const risk: Risk = { ...person, has: (key) => had.has(key) };
  for (const key of keys) {
    const { from, prevalence } = problems[key];
    const certain = given.includes(key);
    const drawn = random.chance(Math.min(0.9, prevalence(risk)));
    const years = Math.max(0, person.age - from) * random.next() ** 1.7;
    if (certain) had.set(key, Math.max(2, years));
    else if (drawn && person.age >= from) had.set(key, years);
  }
  return had;
}
