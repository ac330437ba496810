/** Where a diagnosis stands, pinned by version, and the service that it was coded at. */
export interface DiagnosisEvidence {
  /** The resource that holds the code: `Condition/x/_history/2`, or the claim itself. */
  readonly reference: string;
  /** The encounter or claim that passed the gates. */
  readonly service: string;
  /** Day on which the service ended: YYYY-MM-DD. */
  readonly date: string;
}

/** A code that services of the collection year submitted. */
export interface Diagnosis {
  /** ICD-10-CM without a dot, in upper case. */
  readonly code: string;
  readonly evidence: readonly DiagnosisEvidence[];
}

/** `e11.22 ` is `E1122`. */
export function plainCode(code: string): string {
  return code.replace(/[.\s]/g, '').toUpperCase();
}

/** `E1122` is written `E11.22`. */
export function dottedCode(code: string): string {
  return code.length > 3 ? `${code.slice(0, 3)}.${code.slice(3)}` : code;
}

/** Each code once, with all its evidence, in the order of codes: so that order and duplicates never matter. */
export function mergeDiagnoses(diagnoses: Iterable<Diagnosis>): readonly Diagnosis[] {
  const byCode = new Map<string, Map<string, DiagnosisEvidence>>();
  for (const { code, evidence } of diagnoses) {
    const plain = plainCode(code);
    const known = byCode.get(plain) ?? new Map<string, DiagnosisEvidence>();
    for (const one of evidence) known.set(`${one.date} ${one.reference} ${one.service}`, one);
    byCode.set(plain, known);
  }
  return [...byCode]
    .map(([code, evidence]): Diagnosis => ({ code, evidence: [...evidence].sort(byKey).map(([, one]) => one) }))
    .sort((a, b) => (a.code < b.code ? -1 : a.code > b.code ? 1 : 0));
}

function byKey([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
