import type { EventFilter } from '../../connectors/subscription-filters.ts';
import type { Sql } from '../../db/database.ts';
import { findIds } from '../../store/find-ids.ts';

/** Of an event, what filters look at. A change of a Group has no patient and no measure. */
export interface FilteredEvent {
  readonly number: number;
  readonly patient: string | null;
  readonly measureUrl: string | null;
  readonly measureVersion: string | null;
  readonly group: string | null;
}

/**
 * The events for which every filter holds. Rosters and practitioners are asked as they are now, once for all events.
 */
export async function matchingEvents<E extends FilteredEvent>(
  sql: Sql,
  tenant: string,
  events: readonly E[],
  filters: readonly EventFilter[],
): Promise<E[]> {
  let left = [...events];
  // What needs no question first.
  for (const { name, values } of filters) {
    if (name === 'patient') left = left.filter(({ patient }) => patient !== null && values.includes(patient));
    if (name === 'measure') left = left.filter((event) => values.some((value) => isMeasure(value, event)));
    if (name === 'group') left = left.filter(({ group }) => group === null || values.includes(group));
  }
  for (const { name, values } of filters) {
    const patients = [...new Set(left.flatMap(({ patient }) => patient ?? []))];
    if (patients.length === 0) break;
    if (name === 'group') left = keep(left, await membersAmong(sql, tenant, values, patients));
    if (name === 'practitioner') left = keep(left, await caredFor(sql, tenant, values, patients));
  }
  return left;
}

function keep<E extends FilteredEvent>(events: readonly E[], patients: ReadonlySet<string>): E[] {
  return events.filter(({ patient }) => patient === null || patients.has(patient));
}

function isMeasure(canonical: string, { measureUrl, measureVersion }: FilteredEvent): boolean {
  const [url, version] = canonical.split('|', 2);
  return url === measureUrl && (version === undefined || version === measureVersion);
}

const deepest = 5;

/** Which of the patients are members of any of the Groups, or of Groups in them, and are not inactive there. */
async function membersAmong(
  sql: Sql,
  tenant: string,
  groups: readonly string[],
  patients: readonly string[],
): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  const seen = new Set<string>();
  let next: readonly string[] = groups;
  for (let depth = 0; next.length > 0 && depth < deepest; depth += 1) {
    for (const id of next) seen.add(id);
    const { rows } = await sql.query<{ patient: string; inner: string | null }>(
      `SELECT patient, substring(content::json #>> '{entity,reference}' FROM '^Group/([A-Za-z0-9.-]{1,64})$') AS inner
       FROM group_member
       WHERE tenant = $1 AND group_id = ANY ($2) AND patient = ANY ($3) AND until_version IS NULL AND NOT inactive`,
      [tenant, next, ['', ...patients]],
    );
    for (const { patient } of rows) if (patient !== '') found.add(patient);
    next = rows.flatMap(({ inner }) => (inner !== null && !seen.has(inner) ? [inner] : []));
  }
  return found;
}

const patientsAtOnce = 200;

/** Which of the patients have one of the providers as their generalPractitioner. */
async function caredFor(
  sql: Sql,
  tenant: string,
  providers: readonly string[],
  patients: readonly string[],
): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  for (let start = 0; start < patients.length; start += patientsAtOnce) {
    const query = new URLSearchParams({
      'general-practitioner': providers.join(','),
      _id: patients.slice(start, start + patientsAtOnce).join(','),
    });
    for (const id of await findIds(sql, tenant, 'Patient', query.toString())) found.add(id);
  }
  return found;
}
