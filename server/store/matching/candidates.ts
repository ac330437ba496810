import type { Patient } from '@medplum/fhirtypes';
import type { Sql } from '../../db/database.ts';
import { searchParameter } from '../../search/definitions.ts';
import { normalize } from '../../search/values.ts';
import { type Features, mistakenDates } from './features.ts';
import { nicknamesOf } from './nicknames.ts';

const perBlock = 200;

/**
 * Patients who may be the one that is looked for, by what the search index finds at once: an identifier, a telephone number
 * or an e-mail address, the birth date (as it is, or as it is often mistaken), or the whole name with nicknames. Those
 * that were merged into another are left out.
 *
 */
export async function matchCandidates(
  sql: Sql,
  tenant: string,
  wanted: Patient,
  features: Features,
): Promise<readonly Patient[]> {
  // The index has telephone numbers as they were written, and names with their punctuation.
  const telecoms = (wanted.telecom ?? []).flatMap(({ value }) => value ?? []);
  const families = (wanted.name ?? []).flatMap(({ family }) => (family === undefined ? [] : normalize(family)));
  const givens = (wanted.name ?? []).flatMap(({ given = [] }) => given.slice(0, 1).map(normalize));
  const tokens = [...features.identifiers].map(([token, system]) => [system, token.slice(system.length + 1)] as const);
  const dates = features.birthDate === null ? [] : [features.birthDate, ...mistakenDates(features.birthDate)];
  const days = dates.filter((date) => date.length === 10).map((date) => `${date}T00:00:00Z`);
  const { rows } = await sql.query<{ content: string }>({
    name: 'match.candidates',
    text: candidatesSql,
    values: [
      tenant,
      param('identifier'),
      tokens.map(([system]) => system),
      tokens.map(([, code]) => code),
      [param('phone'), param('email'), param('telecom')],
      telecoms,
      param('birthdate'),
      days,
      param('family'),
      families,
      param('given'),
      [...givens, ...features.givens.flatMap(nicknamesOf)],
    ],
  });
  return rows.map(({ content }): Patient => JSON.parse(content));
}

/** The blocks are kept apart, so that a common one does not push the others out. */
const candidatesSql = `WITH found AS (
    (SELECT s.patient FROM unnest($3::text[], $4::text[]) AS w (system, code)
       JOIN search_token AS s ON s.tenant = $1 AND s.param = $2 AND s.code = w.code AND s.system = w.system LIMIT ${perBlock})
    UNION
    (SELECT s.patient FROM search_token AS s
      WHERE s.tenant = $1 AND s.param = ANY ($5::int[]) AND s.code = ANY ($6::text[]) LIMIT ${perBlock})
    UNION
    (SELECT s.patient FROM search_date AS s
      WHERE s.tenant = $1 AND s.param = $7 AND s.low = ANY ($8::timestamptz[]) LIMIT ${perBlock * 5})
    UNION
    (SELECT s.patient FROM search_string AS s
      WHERE s.tenant = $1 AND s.param = $9 AND "left"(s.value, 200) = ANY ($10::text[])
        AND EXISTS (SELECT FROM search_string AS g
          WHERE g.patient = s.patient AND g.tenant = $1 AND g.id = s.id AND g.param = $11 AND g.value = ANY ($12::text[]))
      LIMIT ${perBlock})
  )
  SELECT r.content FROM found AS f
    JOIN resource AS r ON r.patient = f.patient AND r.tenant = $1 AND r.type = 'Patient' AND r.id = f.patient
   WHERE NOT r.deleted AND strpos(r.content, '"replaced-by"') = 0`;

function param(code: string): number {
  const found = searchParameter('Patient', code);
  if (found === null) throw new TypeError(`R4 has the search parameter Patient.${code}`);
  return found.id;
}
