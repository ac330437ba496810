import type { Resource } from '@medplum/fhirtypes';
import { hccModels, isHccModelId } from '../../measures/index.ts';
import { type RiskScoreQuery, riskScores, scoredTypes } from '../billing/risk-scores.ts';
import { dayIn } from '../gaps/practice-day.ts';
import { invalidArgument } from './errors.ts';
import { absentPatients } from './evaluation.ts';
import { ManyResources } from './many-resources.ts';
import { defineOperation, type OperationContext } from './operation.ts';
import { riskAssessment } from './risk-assessment.ts';
import type { OperationServices } from './services.ts';
import { resolveSubjects } from './subjects.ts';

const patientsPerAudit = 200;

/** Our own operation: HCC risk scores of a Patient, or of the members of a Group, with every step. */
export const riskScore = defineOperation({
  code: 'risk-score',
  resources: ['Patient', 'Group'],
  levels: ['instance'],
  definition: 'http://gapless.health/OperationDefinition/risk-score',
  title: 'HCC risk score',
  description:
    'Scores a patient, or the members of a Group, by the CMS-HCC models of a payment year: a RiskAssessment for each, with every step from services to payment.',
  scopes: ['Patient', ...scoredTypes].map((type) => ({
    type,
    permission: 'r' as const,
  })),
  safe: true,
  input: {
    paymentYear: {
      type: 'integer?',
      documentation: 'The year that is paid, for services of the year before. Unless told: the year after today’s.',
    },
    model: {
      type: 'code*',
      documentation: 'The models. Unless told, those that pay in the year, with their blend.',
      codes: Object.fromEntries(Object.keys(hccModels).map((id): [string, string[]] => [id, []])),
    },
    collectionStart: { type: 'date?', documentation: 'First day of service that counts, with collectionEnd.' },
    collectionEnd: { type: 'date?', documentation: 'Last day of service that counts, with collectionStart.' },
    asOf: { type: 'date?', documentation: 'As the score stood on this day: services that ended later do not count.' },
    segment: {
      type: 'code?',
      documentation: 'The segment that a payer tells (CNA, CFD, INS, NE, DI …), instead of what Coverage says.',
    },
  },
  async run(args, context, services): Promise<Resource> {
    const { tenant, resourceType, resourceId, now } = context;
    const query = queryOf(args, context);
    services.hcc.year(query.paymentYear);
    const subject = `${resourceType}/${resourceId}`;
    const subjects = await resolveSubjects({ subject, subjectGroup: null }, [], context, services);
    const { patients, single } = subjects;
    const answer = new ManyResources(context, patients.length);
    await answer.tell(...subjects.leftOut);
    const seen = new Set<string>();
    const unaudited: string[] = [];
    try {
      for await (const scored of riskScores(services.database, services.hcc, tenant, patients, query)) {
        context.signal.throwIfAborted();
        const { patient } = scored;
        seen.add(patient);
        unaudited.push(patient);
        if ('error' in scored && single) throw scored.error;
        if ('error' in scored)
          await answer.tell({
            severity: 'error',
            code: 'not-supported',
            diagnostics: `Patient/${patient}: ${scored.error.message}`,
          });
        else {
          const assessment = riskAssessment(patient, scored.score, now);
          if (single) return assessment;
          await answer.add(assessment);
        }
        if (unaudited.length < patientsPerAudit) continue;
        await audit(unaudited.splice(0), context, services);
        await context.progress(seen.size / patients.length, `${seen.size} of ${patients.length} patients`);
      }
    } finally {
      if (unaudited.length > 0) await audit(unaudited, context, services);
    }
    for (const [, error] of await absentPatients(patients, seen, context, services)) {
      if (single) throw error;
      await answer.tell({ severity: 'error', code: 'not-found', diagnostics: error.message });
    }
    return answer.whole();
  },
});

interface Asked {
  readonly paymentYear: string | null;
  readonly model: readonly string[];
  readonly collectionStart: string | null;
  readonly collectionEnd: string | null;
  readonly asOf: string | null;
  readonly segment: string | null;
}

/** @throws InvalidArguments */
function queryOf(args: Asked, { now, timezone }: OperationContext): RiskScoreQuery {
  const { collectionStart: start, collectionEnd: end, asOf, segment } = args;
  if ((start === null) !== (end === null))
    throw invalidArgument(
      start === null ? 'collectionStart' : 'collectionEnd',
      'is required beside the other',
      'required',
    );
  for (const [name, day] of Object.entries({ collectionStart: start, collectionEnd: end, asOf }))
    if (day !== null && !isDay(day)) throw invalidArgument(name, 'must be a day such as 2026-03-31');
  if (start !== null && end !== null && start > end)
    throw invalidArgument('collectionEnd', 'must not lie before collectionStart');
  const today = dayIn(now, timezone);
  return {
    paymentYear: args.paymentYear === null ? Number(today.slice(0, 4)) + 1 : Number(args.paymentYear),
    models: args.model.filter(isHccModelId),
    segment,
    collection: start === null || end === null ? null : { start, end },
    asOf,
  };
}

/** A day of the calendar: 2026-02-30 is none. */
function isDay(text: string): boolean {
  const at = new Date(`${text}T00:00:00Z`);
  return /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(at.getTime()) && at.toISOString().startsWith(text);
}

async function audit(patients: readonly string[], context: OperationContext, services: OperationServices) {
  await services.audit.record(context, {
    action: 'E',
    interaction: '$risk-score',
    resources: patients.map((id) => ({ type: 'Patient', id, version: null, patient: id })),
    query: null,
  });
}
