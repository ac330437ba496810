import { z } from 'zod';
import { type HccTables, measurementPeriod } from '../../measures/index.ts';
import type { Access, AuditTrail } from '../auth/audit.ts';
import { type Permission, requireScope } from '../auth/scopes.ts';
import { riskScores, scoredTypes } from '../billing/risk-scores.ts';
import { riskRoster } from '../billing/views/risk-roster.ts';
import type { Catalogue } from '../content/catalogue.ts';
import { removeDirection, setDirection } from '../content/directions.ts';
import type { RequestContext } from '../context.ts';
import type { Database } from '../db/database.ts';
import { compareList } from '../gaps/attribution-comparison.ts';
import { livePeriods } from '../gaps/live-period.ts';
import { type LiveMeasure, type LivePlan, livePlan } from '../gaps/live-plan.ts';
import { dayIn } from '../gaps/practice-day.ts';
import { gapProgress } from '../gaps/progress.ts';
import { removeTarget, setTarget } from '../gaps/targets.ts';
import { measurePatients, patientSorts } from '../gaps/views/measure-patients.ts';
import { measuresOverview } from '../gaps/views/measures-overview.ts';
import { patientGapsView } from '../gaps/views/patient-gaps.ts';
import type { FhirRequest, FhirResponse } from '../interactions/interaction.ts';
import { InvalidRequest, ResourceNotFound, UnsupportedInteraction } from '../store/errors.ts';

/** What the page asks beside FHIR: views of the gap state, below /api. */
export interface ApiServices {
  readonly database: Database;
  readonly catalogue: Catalogue;
  readonly hcc: HccTables;
  readonly audit: AuditTrail;
  readonly version: string;
}

interface Call {
  readonly context: RequestContext;
  readonly services: ApiServices;
  /** What stands in the path where the route has a `:`. */
  readonly id: string;
  readonly body: string | null;
  /** Leaves an AuditEvent of a read of clinical data. */
  record(access: Pick<Access, 'interaction' | 'resources'>): Promise<void>;
}

interface Route {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly path: readonly string[];
  readonly scopes: readonly (readonly [type: string, permission: Permission])[];
  run(call: Call): Promise<object>;
}

const worklist = z.object({
  groupId: z.string().nullable().default(null),
  status: z.array(z.enum(['open-gap', 'prospective-gap', 'closed-gap', 'not-applicable', 'error'])).default([]),
  population: z
    .enum([
      'initial-population',
      'denominator',
      'denominator-exclusion',
      'denominator-exception',
      'numerator',
      'numerator-exclusion',
    ])
    .nullable()
    .default(null),
  text: z.string().max(200).nullable().default(null),
  provider: z.string().max(200).nullable().default(null),
  sort: z.enum(patientSorts).default('status'),
  descending: z.boolean().default(false),
  offset: z.int().min(0).default(0),
  count: z.int().min(1).max(500).default(50),
});

const riskOf = z.object({ paymentYear: z.int().nullable().default(null) });

const riskPage = riskOf.extend({
  group: z.string().max(64).nullable().default(null),
  descending: z.boolean().default(true),
  offset: z.int().min(0).default(0),
  count: z.int().min(1).max(500).default(50),
});

const riskScopes = ['Patient', ...scoredTypes].map((type) => [type, 'r'] as const);

const target = z.object({
  groupId: z.string().nullable().default(null),
  /** Null removes it. */
  target: z.number().min(0).max(1).nullable(),
  source: z.string().min(1).max(200).default('Set on the page'),
});

const direction = z.object({
  groupId: z.string().nullable().default(null),
  /** Null: what the Measure says holds again. */
  improvementNotation: z.enum(['increase', 'decrease']).nullable(),
  reason: z.string().trim().max(500).default(''),
});

const attributionPage = z.object({
  year: z
    .string()
    .regex(/^\d{4}$/)
    .nullable()
    .default(null),
  offset: z.int().min(0).default(0),
  count: z.int().min(1).max(500).default(50),
});

const routes: readonly Route[] = [
  {
    method: 'POST',
    path: ['attribution', ':id'],
    scopes: [
      ['Group', 'r'],
      ['Patient', 'r'],
      ['Encounter', 'r'],
      ['ExplanationOfBenefit', 'r'],
    ],
    async run({ context, services, id, body, record }) {
      const { year, offset, count } = parse(attributionPage, body);
      const { tenant, now, timezone, signal } = context;
      const period = measurementPeriod(
        year ?? dayIn(now, timezone).slice(0, 4),
        year ?? dayIn(now, timezone).slice(0, 4),
      );
      const settings = { ...period, signal, progress: async () => {} };
      const { patients, ...compared } = await compareList(services.database, tenant, id, settings);
      const shown = patients.slice(offset, offset + count);
      await record({ interaction: 'search-type', resources: shown.map(({ patient }) => patientResource(patient)) });
      const page = shown.map(({ leakage, visits, ...one }) => ({
        ...one,
        visits: visits.length,
        leakage: [...leakage],
      }));
      return { ...compared, total: patients.length, patients: page };
    },
  },
  {
    method: 'GET',
    path: ['status'],
    scopes: [['Measure', 'r']],
    async run({ context: { tenant }, services: { database, version } }) {
      return { mode: 'demo', tenant, version, ...(await gapProgress(database, tenant)) };
    },
  },
  {
    method: 'GET',
    path: ['measures'],
    scopes: [['Measure', 's']],
    async run(call) {
      const { context, services } = call;
      return { measures: await measuresOverview(services.database, context.tenant, await planOf(call)) };
    },
  },
  {
    method: 'POST',
    path: ['measures', ':id', 'patients', '_search'],
    scopes: [
      ['Measure', 'r'],
      ['Patient', 's'],
    ],
    async run(call) {
      const { context, services, body } = call;
      const wanted = parse(worklist, body);
      const { measure, period } = liveMeasure(await planOf(call), call.id);
      const found = await measurePatients(services.database, {
        ...wanted,
        tenant: context.tenant,
        measureUrl: measure.url,
        measureVersion: measure.version,
        periodStart: period.start,
      });
      const resources = found.items.map(({ patient }) => patientResource(patient.id));
      await call.record({ interaction: 'search-type', resources });
      return found;
    },
  },
  {
    method: 'PUT',
    path: ['measures', ':id', 'target'],
    scopes: [['Measure', 'u']],
    async run(call) {
      const { context, services } = call;
      const { groupId, target: rate, source } = parse(target, call.body);
      const { measure, groups } = liveMeasure(await planOf(call), call.id);
      requireGroup(groups, groupId);
      const about = { measureUrl: measure.url, groupId };
      if (rate === null) await removeTarget(services.database, context.tenant, about);
      else await setTarget(services.database, context.tenant, { ...about, target: rate, source });
      return { groupId, target: rate, source };
    },
  },
  {
    method: 'PUT',
    path: ['measures', ':id', 'direction'],
    scopes: [['Measure', 'u']],
    async run(call) {
      const { context, services } = call;
      const { groupId, improvementNotation, reason } = parse(direction, call.body);
      const { measure, groups } = liveMeasure(await planOf(call), call.id);
      requireGroup(groups, groupId);
      const about = { measureUrl: measure.url, groupId };
      if (improvementNotation === null) await removeDirection(services.database, context.tenant, about);
      else {
        if (reason === '') throw new InvalidRequest('reason: say why, since it is shown wherever results are');
        const givenBy = context.actor.display;
        await setDirection(services.database, context.tenant, { ...about, improvementNotation, reason, givenBy });
      }
      const resources = [{ type: 'Measure', id: measure.id, version: null, patient: '' }];
      await services.audit.record(context, { action: 'U', interaction: 'update', resources, query: null });
      return { groupId, improvementNotation, reason };
    },
  },
  {
    method: 'GET',
    path: ['patients', ':id'],
    scopes: [['Patient', 'r']],
    async run(call) {
      const { context, services, id } = call;
      const view = await patientGapsView(services.database, context.tenant, id, await planOf(call));
      if (view === null) throw new ResourceNotFound(`Patient/${id} does not exist, or is not evaluated yet`);
      await call.record({ interaction: 'read', resources: [patientResource(id)] });
      return view;
    },
  },
  {
    method: 'POST',
    path: ['patients', ':id', 'risk', '_search'],
    scopes: riskScopes,
    async run(call) {
      const { context, services, id } = call;
      const paymentYear = paymentYearOf(call, parse(riskOf, call.body).paymentYear);
      const asked = { paymentYear, models: [], segment: null, collection: null, asOf: null };
      for await (const scored of riskScores(services.database, services.hcc, context.tenant, [id], asked)) {
        await call.record({ interaction: 'read', resources: [patientResource(id)] });
        if ('error' in scored) throw scored.error;
        return scored.score;
      }
      throw new ResourceNotFound(`Patient/${id} does not exist`);
    },
  },
  {
    method: 'POST',
    path: ['risk-scores', '_search'],
    scopes: [...riskScopes, ['Patient', 's'], ['Group', 'r']],
    async run(call) {
      const { context, services, body } = call;
      const wanted = parse(riskPage, body);
      const paymentYear = paymentYearOf(call, wanted.paymentYear);
      const { tenant } = context;
      const roster = await riskRoster(services.database, services.hcc, { ...wanted, paymentYear, tenant });
      const resources = roster.items.map(({ patient }) => patientResource(patient.id));
      await call.record({ interaction: 'search-type', resources });
      return roster;
    },
  },
];

/** @throws UnsupportedInteraction, InvalidRequest, ResourceNotFound, ForbiddenByScope */
export async function answerApi(
  services: ApiServices,
  context: RequestContext,
  { method, path, body }: FhirRequest,
): Promise<FhirResponse> {
  for (const route of routes) {
    if (route.method !== method || route.path.length !== path.length) continue;
    if (!route.path.every((part, position) => part === ':id' || part === path[position])) continue;
    for (const [type, permission] of route.scopes) requireScope(context.scopes, type, permission);
    const id = path[route.path.indexOf(':id')] ?? '';
    const record: Call['record'] = (access) => services.audit.record(context, { action: 'R', query: null, ...access });
    const answer = await route.run({ context, services, id, body, record });
    return { status: 200, headers: { 'Content-Type': 'application/json; charset=utf-8' }, body: answer };
  }
  throw new UnsupportedInteraction(`Nothing answers ${method} below /api at that path`);
}

async function planOf({ context: { tenant, now, timezone, log }, services }: Call): Promise<LivePlan> {
  const kept = await livePeriods(services.database, tenant);
  return livePlan(services.catalogue, tenant, dayIn(now, timezone), log, kept);
}

/** Services of this year are paid in the next. */
function paymentYearOf({ context: { now, timezone } }: Call, asked: number | null): number {
  return asked ?? Number(dayIn(now, timezone).slice(0, 4)) + 1;
}

function liveMeasure(plan: LivePlan, id: string): LiveMeasure {
  const found = plan.measures.find(({ measure }) => measure.id === id);
  if (found === undefined) throw new ResourceNotFound(`Measure/${id} is not among the live measures`);
  return found;
}

function requireGroup(groups: LiveMeasure['groups'], groupId: string | null): void {
  if (groupId === null || groups.some(({ id }) => id === groupId)) return;
  throw new InvalidRequest(`The measure has no group ${groupId}: it has ${groups.map(({ id }) => id).join(', ')}`);
}

function parse<T>(schema: z.ZodType<T>, body: string | null): T {
  let value: unknown;
  try {
    value = JSON.parse(body ?? '{}');
  } catch (error) {
    throw new InvalidRequest(`The body is not JSON: ${(error as Error).message}`);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new InvalidRequest(parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '));
}

function patientResource(id: string): Access['resources'][number] {
  return { type: 'Patient', id, version: null, patient: id };
}
