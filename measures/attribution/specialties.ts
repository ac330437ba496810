/** What a clinician's specialty counts as in attribution (42 CFR 425.402(b), (c)). */
export type SpecialtyClass = 'primary-care-physician' | 'non-physician' | 'specialist' | 'other';

/** NUCC Health Care Provider Taxonomy: beginnings of codes, the longest that fits decides. */
const classes: readonly (readonly [prefix: string, of: SpecialtyClass])[] = [
  ['207Q', 'primary-care-physician'], // family medicine
  ['207R00000X', 'primary-care-physician'], // internal medicine
  ['207RG0300X', 'primary-care-physician'], // geriatric medicine
  ['208D', 'primary-care-physician'], // general practice
  ['2080', 'primary-care-physician'], // pediatrics
  ['363L', 'non-physician'], // nurse practitioner
  ['363A', 'non-physician'], // physician assistant
  ['364S', 'non-physician'], // clinical nurse specialist
  ['207RC0000X', 'specialist'], // cardiology
  ['207RE0101X', 'specialist'], // endocrinology
  ['207RG0100X', 'other'], // gastroenterology
  ['207RH', 'specialist'], // hematology, oncology
  ['207RX', 'specialist'], // oncology
  ['207RN0300X', 'specialist'], // nephrology
  ['207RP1001X', 'specialist'], // pulmonary disease
  ['207RI0200X', 'other'], // infectious disease
  ['207RA0401X', 'specialist'], // addiction medicine
  ['207V', 'specialist'], // obstetrics and gynecology
  ['2081', 'specialist'], // physical medicine and rehabilitation
  ['2083', 'specialist'], // preventive medicine
  ['2084N', 'specialist'], // neurology
  ['2084P', 'specialist'], // psychiatry
  ['204D', 'specialist'], // osteopathic manipulative medicine
];

/** @param taxonomy NUCC codes of the clinician; the class that counts most holds */
export function specialtyClass(taxonomy: readonly string[]): SpecialtyClass {
  const found = new Set(taxonomy.map(classOf));
  const order: readonly SpecialtyClass[] = ['primary-care-physician', 'non-physician', 'specialist'];
  return order.find((one) => found.has(one)) ?? 'other';
}

function classOf(code: string): SpecialtyClass {
  const fitting = classes.filter(([prefix]) => code.startsWith(prefix));
  return fitting.toSorted(([a], [b]) => b.length - a.length)[0]?.[1] ?? 'other';
}
