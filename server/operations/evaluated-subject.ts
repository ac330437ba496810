import type { FhirResource } from '../../cql/index.ts';
import type { MeasureDefinition, SubjectResult } from '../../measures/index.ts';
import { type KeptResult, readKept } from '../jobs/kept-result.ts';
import type { EvaluatedSubject, MeasureOutcome } from './services.ts';

/** What there is of a measure: an outcome, or its text; null where the answer shows nothing of the measure. */
export type Answer =
  | MeasureOutcome
  | {
      readonly definition: MeasureDefinition;
      readonly kept: (Pick<KeptResult, 'references' | 'text'> & { readonly evaluatedAt?: string }) | null;
    };

/** @param contentOf the text of a resource by `Type/id`; null when it is not there */
export function evaluatedSubject(
  subject: string,
  contentOf: (reference: string) => string | null,
  answers: readonly Answer[],
): EvaluatedSubject {
  const parsed = new Map<string, FhirResource | null>();
  const find = (reference: string): FhirResource | null => {
    const known = parsed.get(reference);
    if (known !== undefined) return known;
    const content = contentOf(reference);
    const resource = content === null ? null : (JSON.parse(content) as FhirResource);
    parsed.set(reference, resource);
    return resource;
  };
  const found = (reference: string): FhirResource => find(reference) ?? stub(reference);
  return {
    subject,
    patient: () => found(`Patient/${subject}`),
    measures: answers.map((answer): MeasureOutcome => {
      if (!('kept' in answer)) return answer;
      const { definition, kept } = answer;
      if (kept === null) return { definition, result: emptyResult(subject), gaps: [] };
      const { evaluatedAt } = kept;
      return { definition, ...readKept(subject, kept, definition, found), ...(evaluatedAt && { evaluatedAt }) };
    }),
    find,
  };
}

/** What counts need of a resource: which one it is. */
function stub(reference: string): FhirResource {
  const [resourceType = '', id = ''] = reference.split('/');
  return { resourceType, id };
}

function emptyResult(subject: string): SubjectResult {
  return { subject, groups: [], supplementalData: [], evaluatedResources: [], components: [], trace: null };
}
