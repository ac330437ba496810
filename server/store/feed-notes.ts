import { codesFixedBy } from '../../cql/index.ts';
import { typesOutsidePatient } from '../search/compartment.ts';
import type { Write } from './change.ts';

/**
 * What changed in one patient's data, as the change feed keeps it (`change_feed`): `Type system|code` for every code that
 * a version before or after carries in one of its elements, `Type` alone where no code tells which retrieves are concerned.
 */
export interface PatientChange {
  readonly types: Set<string>;
  readonly changed: Set<string>;
  /** `Type/id/_history/version`, as far as there is room. */
  readonly resources: Set<string>;
  /** `Type/id` in no compartment that the patient's resources refer to. */
  readonly references: Set<string>;
}

/** Codes of one patient and transaction beyond so many are noted by their types. */
const maxCodes = 64;
const maxResources = 20;
const notDoneValueSet = 'http://hl7.org/fhir/us/qicore/StructureDefinition/qicore-notDoneValueSet';
const references = /"reference":"(([A-Z][A-Za-z]+)\/[A-Za-z0-9.-]{1,64})/g;

/** By patient: what the writes change in the compartments that they touch, the one that a resource leaves included. */
export function patientChanges(writes: readonly Write[]): Map<string, PatientChange> {
  const changes = new Map<string, PatientChange>();
  for (const { version, index, previous } of writes) {
    const patients = version.leaves === null ? [version.patient] : [version.patient, version.leaves];
    if (patients.every((patient) => patient === '')) continue;
    const { changed, references: found } = notesOf(version.type, index.resource, version.content, previous);
    for (const patient of patients) {
      if (patient === '') continue;
      const change = changeOf(changes, patient);
      change.types.add(version.type);
      for (const note of changed) change.changed.add(note);
      for (const reference of found) change.references.add(reference);
      if (change.resources.size < maxResources)
        change.resources.add(`${version.type}/${version.id}/_history/${version.version}`);
    }
  }
  for (const { changed } of changes.values()) if (changed.size > maxCodes) forgetCodes(changed);
  return changes;
}

/** The entry of a patient, made when there is none. */
export function changeOf(changes: Map<string, PatientChange>, patient: string): PatientChange {
  const known = changes.get(patient);
  if (known !== undefined) return known;
  const made: PatientChange = { types: new Set(), changed: new Set(), resources: new Set(), references: new Set() };
  changes.set(patient, made);
  return made;
}

function forgetCodes(changed: Set<string>): void {
  for (const note of [...changed]) {
    changed.delete(note);
    changed.add(note.split(' ', 1)[0] ?? note);
  }
}

function notesOf(
  type: string,
  resource: object | null,
  content: string | null,
  previous: string | null,
): { readonly changed: ReadonlySet<string>; readonly references: ReadonlySet<string> } {
  const changed = new Set<string>();
  const found = new Set<string>();
  if (type === 'Patient') changed.add(type);
  else {
    if (resource !== null) noteCodes(type, resource, changed);
    if (previous !== null) noteCodes(type, JSON.parse(previous), changed);
    // Retrieves that filter by no code find it, whatever its codes; with none at all, that has to be said.
    if (changed.size === 0) changed.add(type);
  }
  const outside = typesOutsidePatient();
  for (const text of [content, previous]) {
    for (const [, reference = '', target = ''] of text?.matchAll(references) ?? []) {
      if (!outside.has(target)) continue;
      changed.add(target); // comes into the record, or leaves it
      found.add(reference);
    }
  }
  return { changed, references: found };
}

/**
 * Codes of the elements of a resource, at the top: retrieves look at no other (CQL, FHIR model info: primaryCodePath). And
 * those that its profiles fix: a retrieve of such a profile finds it by what it declares.
 */
function noteCodes(type: string, resource: object, changed: Set<string>): void {
  for (const profile of declaredBy(resource))
    for (const code of codesFixedBy(profile) ?? []) changed.add(`${type} ${code}`);
  for (const value of Object.values(resource)) {
    if (typeof value === 'object' && value !== null) noteCodings(type, value, changed);
  }
}

function declaredBy(resource: object): string[] {
  const meta = 'meta' in resource ? resource.meta : null;
  const profiles = typeof meta === 'object' && meta !== null && 'profile' in meta ? meta.profile : null;
  return Array.isArray(profiles) ? profiles.filter((profile) => typeof profile === 'string') : [];
}

function noteCodings(type: string, value: object, changed: Set<string>): void {
  if (Array.isArray(value)) {
    for (const item of value) if (typeof item === 'object' && item !== null) noteCodings(type, item, changed);
    return;
  }
  if ('coding' in value && Array.isArray(value.coding)) noteCodings(type, value.coding, changed);
  // "None of this value set was done" names no code.
  if ('extension' in value && JSON.stringify(value.extension).includes(notDoneValueSet)) changed.add(type);
  if (!('code' in value) || typeof value.code !== 'string') return;
  const system = 'system' in value && typeof value.system === 'string' ? value.system : '';
  const note = `${type} ${system}|${value.code}`;
  changed.add(note.length > 500 || [...note].some((character) => character < ' ') ? type : note);
}
