import type {
  ChangedVersion,
  GapTransition,
  MeasureSummary,
  PatientGaps,
  RiskView,
  ServerStatus,
  WorklistItem,
} from '../../app/api.ts';

/** What the API answers for a small practice, in the shapes of the server's views. */

const months = ['12-31', '01-31', '02-28', '03-31', '04-30', '05-31', '06-30', '07-31', '08-31', '09-30', '10-31'];

function trend(rates: readonly number[]): MeasureSummary['trend'] {
  return rates.map((rate, index) => {
    const date = `${index === 0 ? 2025 : 2026}-${months[index] ?? '11-30'}`;
    return { date, rate, numerator: Math.round(rate * 78), denominator: 78 };
  });
}

const screening: MeasureSummary = {
  measure: {
    id: 'BreastCancerScreening-1.0.0',
    url: 'http://gapless.health/Measure/BreastCancerScreening',
    version: '1.0.0',
    title: 'Breast cancer screening',
    description: 'Share of women of 42 to 74 who had a mammogram in the 27 months before the end of the period.',
    warnings: [],
  },
  group: { id: 'screening', title: 'Women of 42 to 74 with a mammogram within 27 months' },
  period: { start: '2026-01-01', end: '2026-12-31' },
  improvementNotation: 'increase',
  direction: null,
  target: { rate: 0.7, source: 'Practice goal' },
  initialPopulation: 84,
  denominator: 84,
  denominatorExclusion: 6,
  denominatorException: 0,
  numerator: 51,
  numeratorExclusion: 0,
  rate: 51 / 78,
  open: 0,
  prospective: 27,
  closed: 57,
  notApplicable: 116,
  errors: 0,
  pending: 0,
  trend: trend([0.612, 0.608, 0.62, 0.631, 0.629, 0.64, 0.644, 0.652, 0.641, 0.65, 0.654]),
};

const readmission: MeasureSummary = {
  ...screening,
  measure: {
    id: 'PoorControl-1.0.0',
    url: 'http://gapless.health/Measure/PoorControl',
    version: '1.0.0',
    title: 'Diabetes out of control',
    description: 'Share of patients with diabetes whose most recent HbA1c is above 9 %, or who have none.',
    warnings: ['Value set Diabetes holds 300 of 412 codes'],
  },
  group: { id: 'control', title: null },
  improvementNotation: 'decrease',
  target: { rate: 0.25, source: 'Contract 2026' },
  initialPopulation: 41,
  denominator: 41,
  denominatorExclusion: 2,
  numerator: 7,
  rate: 7 / 39,
  prospective: 7,
  closed: 34,
  notApplicable: 158,
  errors: 1,
  trend: trend([0.23, 0.22, 0.22, 0.21, 0.21, 0.2, 0.2, 0.19, 0.185, 0.18, 0.179]),
};

export const measures: readonly MeasureSummary[] = [readmission, screening];

export const status: ServerStatus = {
  mode: 'demo',
  tenant: 'demo',
  patients: 200,
  evaluated: 200,
  pending: 0,
  errors: 1,
  lastEvaluated: '2026-11-22T14:32:00.000Z',
  version: '0.1.0',
};

const given = ['Amelia', 'Beatrice', 'Carmen', 'Dolores', 'Esther', 'Frances', 'Graciela', 'Hannah', 'Ingrid'];
const families = ['Okafor', 'Lindqvist', 'Ramirez', 'Whitfield-Castellanos', 'Nguyen', 'Abernathy', 'Kowalski'];
const physicians = [
  { reference: 'Practitioner/p1', name: null },
  { reference: 'Practitioner/p2', name: 'Dr. Omar Haddad' },
];

/** 84 patients who are counted: 27 with a gap to close. */
export const patients: readonly WorklistItem[] = Array.from({ length: 84 }, (_, index) => ({
  patient: {
    id: `patient-${index}`,
    name: index === 0 ? '=HYPERLINK("x") Okafor' : `${given[index % 9]} ${families[index % 7]}`,
    birthDate: `${1954 + (index % 30)}-0${1 + (index % 9)}-1${index % 9}`,
    gender: 'female',
    phone: index % 4 === 0 ? null : `555-01${10 + index}`,
    provider: physicians[index % 2] ?? null,
  },
  groupId: 'screening',
  status: index < 27 ? ('prospective-gap' as const) : ('closed-gap' as const),
  since: '2026-01-01T00:00:00.000Z',
  dueBy: index < 27 ? '2026-12-31' : null,
  reasonText: index < 27 ? 'No mammography between 1 Oct 2024 and 31 Dec 2026 was found' : null,
  nextStepText: index < 27 ? 'Record a mammography by 31 Dec 2026' : null,
  error: null,
  lastVisit: index % 5 === 0 ? null : `2026-0${1 + (index % 9)}-03`,
  populations: [
    { code: 'initial-population' as const, count: 1 },
    { code: 'denominator' as const, count: 1 },
    { code: 'denominator-exclusion' as const, count: index >= 27 && index < 33 ? 1 : 0 },
    { code: 'numerator' as const, count: index >= 33 ? 1 : 0 },
  ],
}));

const history: GapTransition = {
  id: 1,
  periodStart: '2026-01-01',
  groupTitle: null,
  measureUrl: screening.measure.url,
  measureTitle: screening.measure.title,
  groupId: 'screening',
  at: '2026-02-03T09:12:00.000Z',
  from: null,
  to: 'prospective-gap',
  cause: { kind: 'data', resourceTypes: ['Patient', 'Encounter', 'MedicationRequest'], resources: [] },
};

const brought: ChangedVersion = {
  reference: 'Encounter/visit-1/_history/2',
  summary: 'Office visit, 3 Feb 2026',
  date: '2026-02-03',
  method: 'PUT',
  at: '2026-03-07T09:11:59.000Z',
  writtenBy: { reference: 'Practitioner/p2', display: 'Dr. Omar Haddad' },
};

export function chart(id: string): PatientGaps | null {
  const item = patients.find(({ patient }) => patient.id === id);
  if (item === undefined) return null;
  const { period, measure, group } = screening;
  return {
    patient: { ...item.patient, lastVisit: item.lastVisit },
    pending: false,
    gaps: [
      {
        measure,
        group,
        period,
        current: true,
        reportId: 'report-1',
        directionReason: null,
        remarks: [
          {
            id: 'remark-1',
            author: 'Dr. Omar Haddad',
            at: '2026-10-08',
            code: { code: 'order-placed', display: 'Order placed' },
            text: ['Mammogram booked for 2 December.'],
          },
        ],
        status: item.status,
        since: item.since,
        evaluatedAt: '2026-11-22T14:32:00.000Z',
        dueBy: item.dueBy,
        reasons: [{ code: 'NotFound', text: item.reasonText ?? 'A mammography was found', reference: null }],
        evidence: [{ reference: 'Encounter/visit-1', summary: 'Office visit, 3 Feb 2026', date: '2026-02-03' }],
        nextSteps: item.nextStepText === null ? [] : [{ text: item.nextStepText }],
        populations: [
          { code: 'initial-population', count: 1 },
          { code: 'denominator', count: 1 },
        ],
        error: null,
      },
      {
        measure: readmission.measure,
        group: readmission.group,
        period,
        current: true,
        reportId: 'report-2',
        directionReason: null,
        remarks: [],
        status: 'not-applicable',
        since: item.since,
        evaluatedAt: '2026-11-22T14:32:00.000Z',
        dueBy: null,
        reasons: [],
        evidence: [],
        nextSteps: [],
        populations: [{ code: 'initial-population', count: 0 }],
        error: null,
      },
      {
        measure,
        group,
        period: { start: '2025-01-01', end: '2025-12-31' },
        current: false,
        reportId: 'report-3',
        directionReason: 'The rate counts what should be rare',
        remarks: [],
        status: 'closed-gap',
        since: '2025-11-02T10:00:00.000Z',
        evaluatedAt: '2026-01-01T00:10:00.000Z',
        dueBy: null,
        reasons: [],
        evidence: [],
        nextSteps: [],
        populations: [{ code: 'numerator', count: 1 }],
        error: null,
      },
    ],
    history: [
      {
        ...history,
        id: 4,
        at: '2026-10-07T09:12:00.000Z',
        from: 'closed-gap',
        cause: { kind: 'measures', resourceTypes: [], resources: [] },
      },
      {
        ...history,
        id: 3,
        at: '2026-03-07T09:12:00.000Z',
        from: 'prospective-gap',
        to: 'closed-gap',
        cause: {
          ...history.cause,
          resources: [
            brought,
            { ...brought, reference: 'Encounter/visit-2/_history/3', method: 'DELETE', writtenBy: null },
          ],
        },
      },
      history,
      { ...history, id: 0, periodStart: '2025-01-01', at: '2025-11-02T10:00:00.000Z', to: 'closed-gap' },
    ],
  };
}

export const visit = {
  resourceType: 'Encounter',
  id: 'visit-1',
  status: 'finished',
  subject: { reference: 'Patient/patient-3' },
  period: { start: '2026-02-03T09:00:00Z' },
};

/** The version that the history names. */
export const visitVersion = { ...visit, meta: { versionId: '2' } };

export const practitioners = {
  resourceType: 'Bundle',
  entry: [
    {
      resource: {
        resourceType: 'Practitioner',
        id: 'p1',
        name: [{ family: 'Ferreira', given: ['Inês'], prefix: ['Dr.'] }],
      },
    },
    { resource: { resourceType: 'Practitioner', id: 'p2', name: [{ text: 'Dr. Omar Haddad' }] } },
  ],
};

export const risk: RiskView = {
  paymentYear: 2027,
  collection: { start: '2026-01-01', end: '2026-12-31' },
  score: 0.489,
  status: 'provisional',
  models: [
    {
      model: 'V28',
      title: 'CMS-HCC V28',
      segment: { code: 'CNA', reason: 'community, not dual, aged' },
      age: 70,
      diagnoses: [
        {
          code: 'E119',
          categories: [38],
          evidence: [{ reference: 'Encounter/visit-1/_history/2', date: '2026-02-03' }],
        },
      ],
      categories: [
        { category: 38, label: 'Diabetes', droppedBy: null, notCounted: null },
        { category: 329, label: 'Chronic Kidney Disease, Moderate', droppedBy: 327, notCounted: null },
      ],
      contributions: [
        { kind: 'demographic', variable: 'F70_74', label: 'Age, sex, status', coefficient: 0.395, categories: [] },
        { kind: 'category', variable: 'HCC38', label: 'Diabetes', coefficient: 0.166, categories: [38] },
      ],
      raw: 0.561,
      normalized: 0.52,
      adjusted: 0.489,
      refused: null,
    },
  ],
  services: [
    {
      reference: 'Claim/phone/_history/1',
      counts: false,
      gates: [{ gate: 'face-to-face', passed: false, reason: 'by sound alone' }],
    },
  ],
  assumptions: ['No Coverage of Medicare is known: scored as if Medicare covered'],
};
