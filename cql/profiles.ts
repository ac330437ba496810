import type { FhirResource } from './values.ts';

/**
 * Whether a retrieve of a profile finds a resource.
 *
 * Data says what it is in two ways, and each alone is wrong: `meta.profile` is absent from much real data, and type and
 * code alone cannot tell an act from its negation (a medication that was *not* requested has the same code).
 * So, in this order:
 *
 * 1. A base profile (http://hl7.org/fhir/StructureDefinition/X) finds every resource of its type.
 * 2. A resource that declares the profile is found, whatever its elements say. Versions in the canonical and the
 *    dress of the URL (`.../StructureDefinition-bp.html`) don't matter.
 * 3. A resource that declares a *sibling* is not: QI-Core's profiles of an act and of its negation exclude each other,
 *    and so do the two of Condition and the categories of Observation; the simple observation is what none of the more
 *    specific profiles is for, vital signs included. Profiles that say less (qicore-observation, us-core-vital-signs,
 *    FHIR's own) and profiles that nobody here knows decide nothing.
 * 4. A resource that declares US Core's profile of the same name is found, unless its elements say that it is a negation.
 * 5. Otherwise the elements decide, by the table below, which follows QI-Core 6.0.0 and US Core 6.1.0. A profile that is
 *    not in the table finds everything of its type that is not a negation.
 *
 * Rules 2 and 3 and the table are held to the published cases of the official measures (tests/cql/profiles.test.ts).
 *
 * @param profile canonical, with or without version
 */
export function matchesProfile(profile: string, resource: FhirResource): boolean {
  return profileTest(profile)(resource);
}

/** `matchesProfile` for many resources: what depends on the profile alone is found once. */
export function profileTest(profile: string): (resource: FhirResource) => boolean {
  if (isBase(profile)) return () => true;
  const wanted = nameOf(profile);
  const stem = stemOf(wanted);
  const isNegation = negationOf(wanted);
  const test = elements[stem];
  return (resource) => {
    const declared = declaredBy(resource);
    if (declared.includes(wanted)) return true;
    if (declared.length > 0) {
      const siblings = siblingsOf(wanted, resource.resourceType);
      if (declared.some((name) => siblings.has(name))) return false;
    }
    if (isNegation !== isNegated(resource)) return false;
    return declared.some((name) => stemOf(name) === stem) || test === undefined || test(resource);
  };
}

/**
 * What a profile that is told by its codes fixes, as `system|code`: a retrieve of it finds no resource but those that have
 * one of them in `code` and those that declare a profile that fixes the same. Null for every other profile.
 */
export function codesFixedBy(profile: string): readonly string[] | null {
  const stem = isBase(profile) ? '' : stemOf(nameOf(profile));
  return Object.hasOwn(vitalSigns, stem) ? (vitalSigns[stem] ?? []).map((code) => `${loinc}|${code}`) : null;
}

/** Names by canonical: a population has few canonicals, each in thousands of resources. */
const names = new Map<string, string>();
const namesKept = 1_000;

/** Last part of a canonical, without version and without what a web page's address adds. */
function nameOf(canonical: string): string {
  const known = names.get(canonical);
  if (known !== undefined) return known;
  const [url = canonical] = canonical.split('|');
  const name = url
    .slice(url.lastIndexOf('/') + 1)
    .replace(/^StructureDefinition-/, '')
    .replace(/\.html$/, '');
  if (names.size >= namesKept) names.clear();
  names.set(canonical, name);
  return name;
}

function isBase(profile: string): boolean {
  return profile.startsWith('http://hl7.org/fhir/StructureDefinition/') && /^[A-Z]/.test(nameOf(profile));
}

const undeclared: readonly string[] = [];

function declaredBy(resource: FhirResource): readonly string[] {
  const meta = resource['meta'];
  const profiles: unknown = typeof meta === 'object' && meta !== null && 'profile' in meta ? meta.profile : null;
  return Array.isArray(profiles) ? profiles.filter((p) => typeof p === 'string').map(nameOf) : undeclared;
}

/** `observation-lab` of `us-core-observation-lab` and of `qicore-observation-lab`. */
function stemOf(name: string): string {
  return name.replace(/^(qicore|us-core)-/, '');
}

/** Names of negations: notdone, notrequested, notadministered, notdispensed, declined, rejected, cancelled. */
function negationOf(name: string): boolean {
  return /not-?(done|requested|administered|dispensed)$|(declined|rejected|cancelled)$/.test(name);
}

/** QI-Core's pairs of an act and its negation, with the names that earlier versions gave them. */
const acts: Readonly<Record<string, { readonly done: readonly string[]; readonly not: readonly string[] }>> = {
  MedicationRequest: {
    done: ['qicore-medicationrequest'],
    not: ['qicore-medicationnotrequested', 'qicore-mednotrequested'],
  },
  MedicationAdministration: {
    done: ['qicore-medicationadministration'],
    not: ['qicore-medicationadministrationnotdone', 'qicore-mednotadministered'],
  },
  MedicationDispense: {
    done: ['qicore-medicationdispense'],
    not: ['qicore-medicationdispensedeclined', 'qicore-mednotdispensed'],
  },
  ServiceRequest: { done: ['qicore-servicerequest'], not: ['qicore-servicenotrequested'] },
  DeviceRequest: { done: ['qicore-devicerequest'], not: ['qicore-devicenotrequested'] },
  Procedure: { done: ['qicore-procedure'], not: ['qicore-procedurenotdone'] },
  Immunization: { done: ['qicore-immunization'], not: ['qicore-immunizationnotdone'] },
  Communication: { done: ['qicore-communication'], not: ['qicore-communicationnotdone'] },
  Task: { done: ['qicore-task'], not: ['qicore-taskrejected', 'qicore-tasknotdone'] },
};

const conditions = ['condition-encounter-diagnosis', 'condition-problems-health-concerns'];

const simple = 'simple-observation';

const categories = ['observation-lab', 'observation-clinical-result', 'observation-screening-assessment', simple];

const cancelled = ['qicore-observationcancelled', 'qicore-observationnotdone'];

/** The known profiles of a type that say something else than `wanted`. */
function siblingsOf(wanted: string, resourceType: string): ReadonlySet<string> {
  const key = `${resourceType} ${wanted}`;
  const known = siblings.get(key);
  if (known !== undefined) return known;
  const found = new Set(others(wanted, resourceType));
  siblings.set(key, found);
  return found;
}

const siblings = new Map<string, ReadonlySet<string>>();

function others(wanted: string, resourceType: string): readonly string[] {
  const act = acts[resourceType];
  if (act !== undefined) return negationOf(wanted) ? act.done : act.not;
  const both = (stems: readonly string[]): string[] =>
    stems.filter((stem) => stem !== stemOf(wanted)).flatMap((stem) => [`qicore-${stem}`, `us-core-${stem}`]);
  if (resourceType === 'Condition') return both(conditions);
  if (resourceType !== 'Observation') return [];
  if (negationOf(wanted)) return both([...categories, ...Object.keys(vitalSigns)]);
  if (categories.includes(stemOf(wanted))) return [...both(categories), ...cancelled];
  return stemOf(wanted) in vitalSigns ? [...both([simple]), ...cancelled] : cancelled;
}

/** What a negation looks like in its elements (QI-Core 6.0.0, Negation in QI-Core). */
function isNegated(resource: FhirResource): boolean {
  switch (resource.resourceType) {
    case 'MedicationRequest':
    case 'ServiceRequest':
    case 'CommunicationRequest':
      return resource['doNotPerform'] === true;
    case 'DeviceRequest':
      return doNotPerform(resource);
    case 'Procedure':
    case 'Immunization':
    case 'MedicationAdministration':
    case 'Communication':
      return resource['status'] === 'not-done';
    case 'MedicationDispense':
      return resource['status'] === 'declined';
    case 'Task':
      return resource['status'] === 'rejected';
    case 'Observation':
      return resource['status'] === 'cancelled';
    default:
      return false;
  }
}

/** DeviceRequest has no such element in R4: it is a modifier extension. */
function doNotPerform(resource: FhirResource): boolean {
  const extensions: readonly unknown[] = Array.isArray(resource['modifierExtension'])
    ? resource['modifierExtension']
    : [];
  return extensions.some(
    (extension) =>
      typeof extension === 'object' &&
      extension !== null &&
      'url' in extension &&
      /doNotPerform$/.test(String(extension.url)) &&
      'valueBoolean' in extension &&
      extension.valueBoolean === true,
  );
}

const loinc = 'http://loinc.org';

/** US Core's profiles of one thing: told by the codes that they fix. */
const vitalSigns: Readonly<Record<string, readonly string[]>> = {
  bmi: ['39156-5'],
  'body-height': ['8302-2'],
  'body-weight': ['29463-7'],
  'body-temperature': ['8310-5'],
  'heart-rate': ['8867-4'],
  'respiratory-rate': ['9279-1'],
  'blood-pressure': ['85354-9'],
  'average-blood-pressure': ['96607-7'],
  'head-circumference': ['9843-4'],
  'pulse-oximetry': ['59408-5', '2708-6'],
  'pediatric-bmi-for-age': ['59576-9'],
  'pediatric-weight-for-height': ['77606-2'],
  'head-occipital-frontal-circumference-percentile': ['8289-1'],
  smokingstatus: ['72166-2'],
  'observation-pregnancystatus': ['82810-3'],
  'observation-pregnancyintent': ['86645-9'],
  'observation-occupation': ['11341-5'],
  'observation-sexual-orientation': ['76690-7'],
};

/** By the profile's name without its guide. */
const elements: Readonly<Record<string, (resource: FhirResource) => boolean>> = {
  // A condition without a category could be either.
  'condition-encounter-diagnosis': (resource) => hasCategory(resource, ['encounter-diagnosis']) ?? true,
  'condition-problems-health-concerns': (resource) =>
    hasCategory(resource, ['problem-list-item', 'health-concern']) ?? true,
  'observation-lab': (resource) => hasCategory(resource, ['laboratory']) ?? false,
  'observation-screening-assessment': (resource) => hasCategory(resource, ['survey', 'screening-assessment']) ?? false,
  'observation-clinical-result': (resource) =>
    hasCategory(resource, ['laboratory', 'imaging', 'procedure', 'exam', 'therapy', 'activity']) ?? true,
  'vital-signs': (resource) => hasCategory(resource, ['vital-signs']) ?? false,
  ...Object.fromEntries(
    Object.entries(vitalSigns).map(([stem, codes]) => [
      stem,
      (resource: FhirResource) => codings(resource['code']).some((c) => c.system === loinc && codes.includes(c.code)),
    ]),
  ),
};

/** Whether one of the resource's categories is among `codes`; null when it has none. */
function hasCategory(resource: FhirResource, codes: readonly string[]): boolean | null {
  const found = codings(resource['category']);
  return found.length === 0 ? null : found.some(({ code }) => codes.includes(code));
}

function codings(value: unknown): { readonly system: string; readonly code: string }[] {
  if (Array.isArray(value)) return value.flatMap(codings);
  if (typeof value !== 'object' || value === null) return [];
  if ('coding' in value) return codings(value.coding);
  return 'code' in value && typeof value.code === 'string'
    ? [{ system: 'system' in value ? String(value.system) : '', code: value.code }]
    : [];
}
