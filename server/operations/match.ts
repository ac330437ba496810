import type { Bundle, BundleEntry, Patient } from '@medplum/fhirtypes';
import { matchPatients, type PatientMatch } from '../store/matching/match-patients.ts';
import { informed } from './attribution-answers.ts';
import { invalidArgument } from './errors.ts';
import { defineOperation } from './operation.ts';

const mostMatches = 100;

/** R4 `Patient/$match`. */
export const match = defineOperation({
  code: 'match',
  resources: ['Patient'],
  levels: ['type'],
  definition: 'http://hl7.org/fhir/OperationDefinition/Patient-match',
  title: 'Match a patient',
  description:
    'Patients who may be the one that is given, best first: by identifiers, and by name, birth date, sex, telephone and address as far as both have them. The score is the probability that they are one person; each match tells what speaks for and against it.',
  scopes: [{ type: 'Patient', permission: 's' }],
  safe: true,
  input: {
    resource: { type: 'Resource', documentation: 'The Patient, as much of it as is known.' },
    onlyCertainMatches: {
      type: 'boolean?',
      documentation: 'Only a match that is certain; none when more than one is.',
    },
    count: { type: 'integer?', documentation: `Matches at most: ${mostMatches} unless given, which is the most.` },
  },
  async run({ resource, onlyCertainMatches, count }, context, { database, audit }): Promise<Bundle> {
    const { tenant, baseUrl } = context;
    if (resource.resourceType !== 'Patient') throw invalidArgument('resource', 'must be a Patient');
    const wanted = resource as unknown as Patient;
    if (!hasEnough(wanted))
      throw invalidArgument(
        'resource',
        'must have an identifier, a birth date, a telephone number or a whole name',
        'required',
      );
    const all = await matchPatients(database, tenant, wanted);
    const certain = all.filter(({ grade }) => grade === 'certain');
    const chosen = onlyCertainMatches === true ? (certain.length === 1 ? certain : []) : all;
    const shown = chosen.slice(0, count === null ? mostMatches : Math.min(mostMatches, Number(count)));
    await audit.record(context, {
      action: 'E',
      interaction: '$match',
      resources: shown.map(({ patient: { id = '' } }) => ({ type: 'Patient', id, version: null, patient: id })),
      query: null,
    });
    const ambiguous = onlyCertainMatches === true && certain.length > 1;
    return {
      resourceType: 'Bundle',
      type: 'searchset',
      total: chosen.length,
      entry: [
        ...shown.map((one) => matchEntry(one, baseUrl)),
        ...(ambiguous
          ? [outcome(`${certain.length} Patients match with certainty: merge those that are one person`)]
          : []),
      ],
    };
  },
});

function hasEnough({ identifier = [], birthDate, telecom = [], name = [] }: Patient): boolean {
  const whole = name.some(({ family, given = [] }) => family !== undefined && given.length > 0);
  return identifier.length > 0 || birthDate !== undefined || telecom.length > 0 || whole;
}

export const matchReasonUrl = 'http://gapless.health/StructureDefinition/match-reason';

/** `match-grade` is R4's; the reasons are ours: `family.similar +6.0 bits`. */
function matchEntry({ patient, score, grade, findings }: PatientMatch, baseUrl: string): BundleEntry {
  return {
    fullUrl: `${baseUrl}/Patient/${patient.id}`,
    resource: patient,
    search: {
      extension: [
        { url: 'http://hl7.org/fhir/StructureDefinition/match-grade', valueCode: grade ?? 'certainly-not' },
        ...findings.map(({ code, bits }) => ({
          url: matchReasonUrl,
          extension: [
            { url: 'finding', valueCode: code },
            { url: 'bits', valueDecimal: bits },
          ],
        })),
      ],
      mode: 'match',
      score: Number(score.toFixed(4)),
    },
  };
}

function outcome(text: string): BundleEntry {
  return { resource: informed(text), search: { mode: 'outcome' } };
}
