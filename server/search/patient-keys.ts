import { patientParameters } from './compartment.ts';
import type { Criterion } from './criteria.ts';
import type { SearchRequest } from './request.ts';

/**
 * The patient keys that all matches of a type have, when the search says so: by a compartment, a binding to one patient,
 * or a reference to a Patient by a parameter of the Patient compartment. '' is among them, for resources that lie in
 * several compartments. With that a search stays within one patient's rows. Null when it doesn't say.
 *
 * @param open does the binding to a patient not apply to the type?
 */
export function patientKeys(
  { compartment, patient, criteria }: SearchRequest,
  type: string,
  open: boolean,
): readonly string[] | null {
  if (patient !== null && !open) return [patient, ''];
  if (compartment?.type === 'Patient') return [compartment.id, ''];
  for (const criterion of criteria.get(type) ?? []) {
    const keys = type === 'Patient' ? ownKeys(criterion) : keysOf(criterion, type);
    if (keys !== null) return keys;
  }
  return null;
}

/** A Patient's key is its own id. */
function ownKeys(criterion: Criterion): readonly string[] | null {
  return criterion.kind === 'id' && !criterion.not ? criterion.ids : null;
}

function keysOf(criterion: Criterion, type: string): readonly string[] | null {
  if (criterion.kind !== 'values' || criterion.not) return null;
  if (!patientParameters(type).has(criterion.definition.code)) return null;
  const ids = criterion.predicates.map((predicate) => {
    if (predicate.kind !== 'reference' || predicate.target.url !== '') return null;
    const { target, types } = predicate;
    const toPatient = target.type === 'Patient' || (target.type === '' && types.length === 1 && types[0] === 'Patient');
    return toPatient ? target.id : null;
  });
  return ids.every((id) => id !== null) ? [...ids, ''] : null;
}
