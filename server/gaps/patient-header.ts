import type { Patient } from '@medplum/fhirtypes';

/** What worklists show of a patient. */
export interface PatientHeader {
  readonly id: string;
  readonly name: string;
  /** `family, given`, lower case. */
  readonly sortName: string;
  readonly birthDate: string | null;
  readonly gender: string | null;
  readonly phone: string | null;
  /** Reference to the general practitioner. */
  readonly provider: string | null;
  readonly providerName: string | null;
  /** Date of the latest encounter that has begun by `asOf`. */
  readonly lastVisit: string | null;
}

/**
 * The header of a record.
 * @param contents the patient's resources as stored
 * @param asOf date (YYYY-MM-DD) up to which visits count
 * @returns null when there is no Patient that can be read
 */
export function patientHeader(contents: readonly string[], asOf: string): PatientHeader | null {
  let patient: Patient | null = null;
  let lastVisit: string | null = null;
  for (const content of contents) {
    const type = /"resourceType"\s*:\s*"(Patient|Encounter)"/.exec(content)?.[1];
    if (type === undefined) continue;
    const resource = parse(content);
    if (resource?.resourceType === 'Patient') patient = resource as Patient;
    else if (resource?.resourceType === 'Encounter') {
      const day = resource.period?.start?.slice(0, 10);
      if (day !== undefined && day <= asOf && (lastVisit === null || day > lastVisit)) lastVisit = day;
    }
  }
  return patient === null ? null : { ...ofPatient(patient), lastVisit };
}

function parse(content: string): { resourceType?: string; period?: { start?: string } } | null {
  try {
    return JSON.parse(content);
  } catch {
    return null; // the evaluation names the error; the worklist shows what else there is
  }
}

function ofPatient(patient: Patient): Omit<PatientHeader, 'lastVisit'> {
  const names = patient.name ?? [];
  const name = names.find(({ use }) => use === 'official') ?? names.find(({ use }) => use === 'usual') ?? names[0];
  const given = (name?.given ?? []).join(' ');
  const family = name?.family ?? '';
  const full = [given, family].filter((part) => part !== '').join(' ') || (name?.text ?? `Patient ${patient.id ?? ''}`);
  const practitioner = patient.generalPractitioner?.[0];
  return {
    id: patient.id ?? '',
    name: full,
    sortName: (family === '' ? full : `${family}, ${given}`).toLowerCase(),
    birthDate: patient.birthDate ?? null,
    gender: patient.gender ?? null,
    phone: patient.telecom?.find(({ system }) => system === 'phone')?.value ?? null,
    provider: practitioner?.reference ?? null,
    providerName: practitioner?.display ?? null,
  };
}
