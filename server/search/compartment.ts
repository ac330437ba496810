import type { Resource } from '@medplum/fhirtypes';
import { compartmentDefinitions, resourceTypes, searchParameter, searchParametersOf } from './definitions.ts';
import { type Collector, compileExpression, type Walk } from './fhirpath.ts';
import { once, perKey } from './once.ts';
import { parseReference } from './references.ts';

const parameters = once(
  () =>
    new Map(
      compartmentDefinitions().map(({ code, resource }) => [
        code as string,
        new Map((resource ?? []).map((entry) => [entry.code as string, entry.param ?? []])),
      ]),
    ),
);

/** Names of R4's compartments: Patient, Encounter, Practitioner, RelatedPerson, Device. */
export function compartments(): readonly string[] {
  return [...parameters().keys()];
}

/**
 * Codes of the reference parameters by which resources of a type belong to a compartment (FHIR R4, CompartmentDefinition);
 * empty when they can't.
 */
export function compartmentParameters(compartment: string, type: string): readonly string[] {
  const codes = parameters().get(compartment)?.get(type) ?? [];
  return codes.filter((code) => searchParameter(type, code)?.kind === 'reference');
}

/** Types that can lie in no Patient's compartment: Medication, Location, Practitioner, Organization, … */
export const typesOutsidePatient = once(
  (): ReadonlySet<string> =>
    new Set(
      resourceTypes().filter((type) => type !== 'Patient' && compartmentParameters('Patient', type).length === 0),
    ),
);

interface Patients extends Collector {
  readonly ids: string[];
  readonly baseUrl: string | null;
}

/**
 * Logical id of the one Patient in whose compartment the resource lies (R4 CompartmentDefinition Patient): a Patient's
 * own id; '' when it lies in none or in several, or names its patient only by `urn:uuid` or by another server's URL.
 *
 * @param baseUrl our own FHIR base without a slash at the end: absolute references below it are local
 */
export function patientOf(resource: Resource, baseUrl: string | null = null): string {
  if (resource.resourceType === 'Patient') return resource.id ?? '';
  const found: Patients = { root: resource, ids: [], baseUrl };
  for (const walk of walks(resource.resourceType)) walk(resource, found);
  const [first = '', ...others] = found.ids;
  return others.every((id) => id === first) ? first : '';
}

/**
 * Codes of the parameters whose every reference to a Patient puts the resource into that Patient's compartment: those of
 * the CompartmentDefinition, and those that select the same elements by another name, as `patient` does for `subject`.
 */
export const patientParameters = perKey((type: string): ReadonlySet<string> => {
  const member = new Set(compartmentParameters('Patient', type).flatMap((code) => pathsOf(type, code)));
  const covered = [...searchParametersOf(type).keys()].filter((code) => {
    const paths = pathsOf(type, code);
    return paths.length > 0 && paths.every((path) => member.has(path));
  });
  return new Set(covered);
});

function pathsOf(type: string, code: string): string[] {
  const alternatives = (searchParameter(type, code)?.expression ?? '').split('|').map((path) => path.trim());
  return alternatives
    .filter((path) => path.startsWith(`${type}.`))
    .map((path) => path.replace('.where(resolve() is Patient)', ''));
}

const walks = perKey((type: string): readonly Walk<Patients>[] =>
  compartmentParameters('Patient', type).flatMap((code) => {
    const expression = searchParameter(type, code)?.expression ?? '';
    return compileExpression<Patients>(expression, type, (found) => (found === 'Reference' ? collect : null)) ?? [];
  }),
);

function collect(value: unknown, { ids, baseUrl }: Patients): void {
  const { reference } = value as { reference?: unknown };
  if (typeof reference !== 'string') return;
  const target = parseReference(reference, baseUrl);
  if (target?.type === 'Patient') ids.push(target.id);
}
