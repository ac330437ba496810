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

const plain = /^[A-Z0-9]+$/;

/** `e11.22 ` is `E1122`. */
export function plainCode(code: string): string {
  return plain.test(code) ? code : code.replace(/[.\s]/g, '').toUpperCase();
}

/** `E1122` is written `E11.22`. */
export function dottedCode(code: string): string {
  return code.length > 3 ? `${code.slice(0, 3)}.${code.slice(3)}` : code;
}

/** Each code once, with all its evidence, in the order of codes: so that order and duplicates never matter. */
export function mergeDiagnoses(diagnoses: Iterable<Diagnosis>): readonly Diagnosis[] {
  const byCode = new Map<string, DiagnosisEvidence[]>();
  for (const { code, evidence } of diagnoses) {
    const own = plainCode(code);
    const known = byCode.get(own);
    if (known === undefined) byCode.set(own, [...evidence]);
    else known.push(...evidence);
  }
  const merged: Diagnosis[] = [];
  for (const code of [...byCode.keys()].sort()) merged.push({ code, evidence: distinct(byCode.get(code) ?? []) });
  return merged;
}

/** By day, then by reference; what is said twice once. */
function distinct(evidence: DiagnosisEvidence[]): readonly DiagnosisEvidence[] {
  if (evidence.length < 2) return evidence;
  evidence.sort(
    (a, b) => compare(a.date, b.date) || compare(a.reference, b.reference) || compare(a.service, b.service),
  );
  return evidence.filter((one, index) => {
    const before = evidence[index - 1];
    return (
      before === undefined ||
      before.date !== one.date ||
      before.reference !== one.reference ||
      before.service !== one.service
    );
  });
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
