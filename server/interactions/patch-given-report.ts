import type { MeasureReport } from '@medplum/fhirtypes';
import { isReportId, type ReportedSubject, readReportId } from '../../bundles/index.ts';
import type { FhirResource } from '../../cql/index.ts';
import { reportedGroups } from '../../measures/index.ts';
import type { RequestContext } from '../context.ts';
import { currentPatient, keepRemarks, patientsByDigest, remarksFor } from '../gaps/remarks.ts';
import { PatchFailed, ResourceNotFound } from '../store/errors.ts';
import { plain } from '../store/exact-json.ts';
import { readResource } from '../store/read.ts';
import { assertValid } from '../store/validate.ts';
import { formatCanonical } from '../terminology/canonical.ts';
import { assertOnlyRemarks, groupsWith, readRemarks } from './care-gap-remarks.ts';
import { ComputedReportChanged } from './errors.ts';
import type { AddressedRequest, FhirResponse, InteractionServices } from './interaction.ts';
import { information } from './respond.ts';

/** A report that was given out: whose, of which measure, with which groups. */
interface GivenReport extends ReportedSubject {
  readonly measureUrl: string;
  readonly groups: readonly string[];
}

/**
 * PATCH of a MeasureReport that `$care-gaps` or `$evaluate` gave out and that nobody stored: its id says whose gap it is
 * about, and the remarks are kept with that gap (DEQM deqm-caregapremarkpatchparameters).
 *
 * @returns null when it is not such a report, or when it is stored: then the patch is one like any other
 * @throws InvalidRemark, ComputedReportChanged, PatchFailed
 */
export async function patchGivenReport(
  patch: (resource: FhirResource) => FhirResource,
  request: AddressedRequest,
  context: RequestContext,
  services: InteractionServices,
): Promise<FhirResponse | null> {
  const { id } = request;
  const { tenant, actor } = context;
  if (readReportId(id) === null || (await isStored(id, context, services))) return null;
  const given = await givenReport(id, context, services);
  if (given === null) return null;
  const { measureUrl, groups, measure, period, subject } = given;
  const kept = await services.database.transaction(async (sql) => {
    const patient = (await currentPatient(sql, tenant, subject)) ?? subject;
    const known = (await remarksFor(sql, tenant, [patient])).get(patient) ?? [];
    const own = known.filter((remark) => remark.measureUrl === measureUrl);
    const before: MeasureReport = {
      resourceType: 'MeasureReport',
      id,
      status: 'complete',
      type: 'individual',
      measure,
      subject: { reference: `Patient/${subject}` },
      period: { ...period },
      group: groupsWith(groups, own),
    };
    const after = patched(patch, before, groups);
    assertOnlyRemarks(before, after);
    const remarks = readRemarks(after, { measureUrl, patient, groups });
    const left = new Set(remarks.flatMap(({ extension }) => extension.id ?? []));
    if (own.some((remark) => !left.has(remark.id))) throw new ComputedReportChanged(['remarks that are there already']);
    return keepRemarks(sql, tenant, remarks, actor.reference, new Date());
  });
  await services.audit.record(context, {
    action: 'U',
    interaction: 'patch',
    resources: [{ type: 'MeasureReport', id, version: null, patient: subject }],
    query: null,
  });
  const what = kept === 0 ? 'The remark was there already' : 'The remark is kept';
  const text = `${what}: it is on the gap in every report from now on. It changes neither its status nor any count`;
  return { status: 200, headers: {}, body: information(text) };
}

async function isStored(id: string, { tenant }: RequestContext, { database }: InteractionServices): Promise<boolean> {
  try {
    await readResource(database, tenant, 'MeasureReport', id);
    return true;
  } catch (error) {
    if (error instanceof ResourceNotFound) return false;
    throw error;
  }
}

async function givenReport(
  id: string,
  { tenant }: RequestContext,
  { database, measures }: InteractionServices,
): Promise<GivenReport | null> {
  const parts = readReportId(id);
  if (parts === null) return null;
  const patients = await patientsByDigest(database, tenant, parts.subject);
  if (patients.length === 0) return null;
  for (const { url, version, definition } of await measures(tenant)) {
    const measure = formatCanonical({ url, version }).replace(/\s/g, encodeURIComponent);
    for (const subject of patients) {
      const about = { measure, period: parts.period, subject };
      const groups = reportedGroups(definition).map((group) => group.id ?? '');
      if (isReportId(id, about)) return { ...about, measureUrl: url, groups };
    }
  }
  return null;
}

function patched(
  patch: (resource: FhirResource) => FhirResource,
  before: MeasureReport,
  groups: readonly string[],
): MeasureReport {
  try {
    const result = patch(JSON.parse(JSON.stringify(before)) as FhirResource);
    assertValid(plain(result));
    return plain(result) as MeasureReport;
  } catch (error) {
    if (!(error instanceof PatchFailed)) throw error;
    const known = groups.filter((group) => group !== '').map((group) => `MeasureReport.group.where(id='${group}')`);
    throw new PatchFailed(`${error.message}. Remarks can be added at ${known.join(', ')}`, error.expression);
  }
}
