import { type FhirResource, matchesProfile, type RetrieveRequirement } from '../../cql/index.ts';

/** What a measure's retrieves find in a record (DEQM glossary: data of interest). */
export interface DataOfInterest {
  readonly resourceTypes: ReadonlySet<string>;
  /** @param find a resource of the record by `Type/id`; null when it is not there */
  includes(resource: FhirResource, find: (reference: string) => FhirResource | null): boolean;
}

/** Has the value set this code? `system` null: the element has a code alone. Null when the value set is not known. */
export type MembershipTest = (
  valueSet: NonNullable<RetrieveRequirement['valueSet']>,
) => ((system: string | null, code: string) => boolean) | null;

/**
 * The data that the retrieves ask for, by type, profile and code; a retrieve whose codes are computed asks for all of
 * its type, and so does one of a value set that is not known. Dates say nothing: which time counts is for the measure.
 * The Patient is always of interest.
 */
export function dataOfInterest(retrieves: readonly RetrieveRequirement[], membership: MembershipTest): DataOfInterest {
  const byType = Map.groupBy(
    retrieves.map((retrieve) => filterOf(retrieve, membership)),
    ({ type }) => type,
  );
  return {
    resourceTypes: new Set(['Patient', ...byType.keys()]),
    includes: (resource, find) =>
      resource.resourceType === 'Patient' ||
      (byType.get(resource.resourceType) ?? []).some(({ accepts }) => accepts(resource, find)),
  };
}

interface Filter {
  readonly type: string;
  readonly accepts: DataOfInterest['includes'];
}

type CodeTest = (system: string | null, code: string) => boolean;

function filterOf(retrieve: RetrieveRequirement, membership: MembershipTest): Filter {
  const { resourceType: type, profile, codeProperty } = retrieve;
  const hasProfile = (resource: FhirResource): boolean => profile === null || matchesProfile(profile, resource);
  const codes = codeProperty === null ? null : codeTest(retrieve, membership);
  if (codes === null || codeProperty === null) return { type, accepts: hasProfile };
  return {
    type,
    accepts: (resource, find) => hasProfile(resource) && hasCode(resource, codeProperty, codes, find),
  };
}

function codeTest({ valueSet, codes, dynamicCodes }: RetrieveRequirement, membership: MembershipTest): CodeTest | null {
  if (dynamicCodes) return null;
  if (valueSet !== null) return membership(valueSet);
  if (codes.length === 0) return null;
  return (system, code) => codes.some((each) => each.code === code && (system === null || each.system === system));
}

function hasCode(
  resource: FhirResource,
  property: string,
  test: CodeTest,
  find: (reference: string) => FhirResource | null,
): boolean {
  return Object.entries(resource).some(([key, value]) => {
    if (key !== property && !(key.startsWith(property) && /^[A-Z]/.test(key.slice(property.length)))) return false;
    return [value].flat().some((element) => elementHasCode(element, test, find));
  });
}

/** A code, a Coding, a CodeableConcept, or a reference to a resource (Medication) that has the code. */
function elementHasCode(element: unknown, test: CodeTest, find: (reference: string) => FhirResource | null): boolean {
  if (typeof element === 'string') return test(null, element);
  if (typeof element !== 'object' || element === null) return false;
  const { coding, system, code, reference } = element as Record<string, unknown>;
  if (Array.isArray(coding)) return coding.some((each) => elementHasCode(each, test, find));
  if (typeof code === 'string') return test(typeof system === 'string' ? system : null, code);
  if (typeof reference !== 'string') return false;
  const referenced = find(reference);
  return referenced !== null && hasCode(referenced, 'code', test, () => null);
}
