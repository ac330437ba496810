import type { PlainResource } from './stored.ts';

export interface SmallMeasure {
  readonly name?: string;
  readonly version?: string;
  readonly status?: string;
  /** Definitions of the library; the measure names Initial Population, Denominator and Numerator. */
  readonly cql?: string;
  readonly library?: string;
  readonly numerator?: string;
}

export const visits = 'http://example.org/ValueSet/visits';

export const definitions = `
define "Initial Population": exists [Encounter: "Visits"]
define "Denominator": "Initial Population"
define "Numerator": exists ([Observation] O where O.status.value = 'final')`;

/** A proportion measure with a library of CQL only and one value set. */
export function smallMeasure({
  name = 'Small',
  version = '1.0.0',
  status = 'active',
  cql = definitions,
  library = `http://example.org/Library/${name}|${version}`,
  numerator = 'Numerator',
}: SmallMeasure = {}): { measure: PlainResource; library: PlainResource; valueSet: PlainResource } {
  const id = `${name}-${version}`.replaceAll('.', '-');
  const population = (code: string, expression: string): unknown => ({
    id: code,
    code: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/measure-population', code }] },
    criteria: { language: 'text/cql-identifier', expression },
  });
  const text = `library ${name} version '${version}'
using FHIR version '4.0.1'
valueset "Visits": '${visits}'
parameter "Measurement Period" Interval<DateTime>
context Patient
${cql}
`;
  return {
    measure: {
      resourceType: 'Measure',
      id,
      url: `http://example.org/Measure/${name}`,
      version,
      status,
      title: name,
      library: [library],
      scoring: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/measure-scoring', code: 'proportion' }] },
      improvementNotation: {
        coding: [{ system: 'http://terminology.hl7.org/CodeSystem/measure-improvement-notation', code: 'increase' }],
      },
      group: [
        {
          id: 'main',
          population: [
            population('initial-population', 'Initial Population'),
            population('denominator', 'Denominator'),
            population('numerator', numerator),
          ],
        },
      ],
    },
    library: {
      resourceType: 'Library',
      id,
      url: `http://example.org/Library/${name}`,
      version,
      name,
      status: 'active',
      type: { coding: [{ code: 'logic-library' }] },
      content: [{ contentType: 'text/cql', data: Buffer.from(text).toString('base64') }],
    },
    valueSet: {
      resourceType: 'ValueSet',
      id: 'visits',
      url: visits,
      status: 'active',
      compose: { include: [{ system: 'http://codes', concept: [{ code: 'visit' }] }] },
    },
  };
}

export function patient(id: string, { visited = false, observed = false } = {}): PlainResource[] {
  const subject = { reference: `Patient/${id}` };
  const encounter = {
    resourceType: 'Encounter',
    id: `${id}-visit`,
    status: 'finished',
    class: { code: 'AMB' },
    type: [{ coding: [{ system: 'http://codes', code: 'visit' }] }],
    subject,
    period: { start: '2026-03-01T10:00:00Z', end: '2026-03-01T10:30:00Z' },
  };
  const observation = {
    resourceType: 'Observation',
    id: `${id}-observation`,
    status: 'final',
    code: { text: 'Something' },
    subject,
    effectiveDateTime: '2026-03-01',
  };
  return [
    {
      resourceType: 'Patient',
      id,
      name: [{ family: `Family ${id}`, given: ['Given'] }],
      birthDate: '1970-01-01',
      gender: 'female',
    },
    ...(visited ? [encounter] : []),
    ...(observed ? [observation] : []),
  ];
}
