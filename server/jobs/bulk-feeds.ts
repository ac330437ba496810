import { z } from 'zod';
import type { Sql } from '../db/database.ts';
import { isResourceType } from '../search/definitions.ts';
import { InvalidRequest, ResourceNotFound } from '../store/errors.ts';

const url = z
  .url({ protocol: /^https?$/ })
  .transform((text) => text.replace(/\/+$/, ''))
  .refine((text) => !/[?#]/.test(text) && new URL(text).username === '', 'has no query, fragment or user');
const host = z.string().regex(/^[a-z0-9.-]+(:\d+)?$|^\[[\da-f:]+\](:\d+)?$/i, 'is a host, with its port if it has one');
const resourceType = z.string().refine(isResourceType, 'is a resource type of R4');
const cron = z
  .string()
  .regex(/^(\S+\s+){4}\S+$/, 'is a cron expression of five fields, such as "30 2 * * *"')
  .nullable();

/** What is pulled where an operator names no types: what measures are made of. */
const standardTypes = [
  ...[
    'Organization',
    'Location',
    'Practitioner',
    'PractitionerRole',
    'Medication',
    'Patient',
    'Coverage',
    'RelatedPerson',
  ],
  ...['Encounter', 'Condition', 'Procedure', 'Observation', 'DiagnosticReport', 'Immunization', 'AllergyIntolerance'],
  ...['MedicationRequest', 'MedicationDispense', 'MedicationAdministration', 'MedicationStatement', 'ServiceRequest'],
  ...['DeviceRequest', 'Device', 'CarePlan', 'CareTeam', 'Goal', 'Communication', 'Task', 'AdverseEvent', 'Claim'],
  ...['QuestionnaireResponse', 'NutritionOrder'],
];

/** A system that data is pulled from, as an operator registers it. */
export const feedSettings = z
  .object({
    id: z.string().regex(/^[a-z][a-z0-9-]{0,23}$/, 'is up to 24 of a-z, 0-9 and -, and begins with a letter'),
    /** FHIR base. */
    url,
    level: z.enum(['system', 'patient', 'group']).default('patient'),
    /** Id of the Group there; only with level `group`. */
    group: z
      .string()
      .regex(/^[A-Za-z0-9.-]{1,64}$/, 'is the id of a Group')
      .nullable()
      .default(null),
    /** Empty: all that the server gives. */
    types: z.array(resourceType).default(standardTypes),
    typeFilters: z.array(z.string().regex(/^[A-Za-z]+\?/, 'is Type?query')).default([]),
    authorization: z
      .discriminatedUnion('type', [
        z.object({ type: z.literal('none') }),
        z.object({
          type: z.literal('backend-services'),
          clientId: z.string().min(1).max(500),
          tokenUrl: z
            .url({ protocol: /^https?$/ })
            .nullable()
            .default(null),
          scope: z.string().min(1).default('system/*.rs'),
          alg: z.enum(['RS384', 'ES384']).default('ES384'),
        }),
      ])
      .default({ type: 'none' }),
    /** What becomes of the ids of the system (server/connectors/bulk-ids.ts). */
    ids: z.enum(['keep', 'adopt', 'map']).default('keep'),
    /** When it is pulled; null: only when somebody asks. */
    schedule: cron.default(null),
    /** Hosts beside the system's own that may be given its token. */
    tokenHosts: z.array(host).default([]),
  })
  .strict()
  .refine(
    ({ level, group }) => (level === 'group') === (group !== null),
    'group: is given with level "group", and only then',
  );

export type FeedSettings = z.infer<typeof feedSettings>;

export interface Feed {
  readonly settings: FeedSettings;
  /** ISO instant up to which everything was taken; null before the first complete pull. */
  readonly since: string | null;
}

interface FeedRow {
  readonly settings: FeedSettings;
  readonly since: Date | null;
}

/** @throws InvalidRequest with everything that is wrong */
export function readFeedSettings(given: unknown): FeedSettings {
  const { success, data, error } = feedSettings.safeParse(given);
  if (success) return data;
  throw new InvalidRequest(
    error.issues.map(({ path, message }) => (path.length === 0 ? message : `${path.join('.')}: ${message}`)).join('; '),
  );
}

/** Registers a system, or changes what is known of it; where it stands stays. @returns false when it was known */
export async function saveFeed(sql: Sql, tenant: string, settings: FeedSettings): Promise<boolean> {
  const { rows } = await sql.query<{ fresh: boolean }>(
    `INSERT INTO bulk_feed (tenant, id, settings) VALUES ($1, $2, $3)
     ON CONFLICT (tenant, id) DO UPDATE SET settings = excluded.settings RETURNING xmax = 0 AS fresh`,
    [tenant, settings.id, JSON.stringify(settings)],
  );
  return rows[0]?.fresh === true;
}

/** @throws ResourceNotFound */
export async function findFeed(sql: Sql, tenant: string, id: string): Promise<Feed> {
  const { rows } = await sql.query<FeedRow>('SELECT settings, since FROM bulk_feed WHERE tenant = $1 AND id = $2', [
    tenant,
    id,
  ]);
  if (rows[0] === undefined)
    throw new ResourceNotFound(`There is no feed "${id}": gapless feeds list shows those there are`);
  return asFeed(rows[0]);
}

export async function listFeeds(sql: Sql, tenant: string): Promise<readonly Feed[]> {
  const { rows } = await sql.query<FeedRow>('SELECT settings, since FROM bulk_feed WHERE tenant = $1 ORDER BY id', [
    tenant,
  ]);
  return rows.map(asFeed);
}

/** Forgets a system; what it brought stays, and stays its own. @returns false when there is none */
export async function removeFeed(sql: Sql, tenant: string, id: string): Promise<boolean> {
  const { rowCount } = await sql.query('DELETE FROM bulk_feed WHERE tenant = $1 AND id = $2', [tenant, id]);
  return rowCount === 1;
}

/** @param since null: the next pull takes everything */
export async function setSince(sql: Sql, tenant: string, id: string, since: string | null): Promise<void> {
  await sql.query('UPDATE bulk_feed SET since = $3 WHERE tenant = $1 AND id = $2', [tenant, id, since]);
}

function asFeed({ settings, since }: FeedRow): Feed {
  return { settings, since: since?.toISOString() ?? null };
}
