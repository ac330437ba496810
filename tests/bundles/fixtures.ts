import type { CqlValue, FhirResource } from '../../cql/index.ts';
import type {
  DataNeed,
  GapAnswer,
  GapStatus,
  GroupDefinition,
  MeasureDefinition,
  PopulationCode,
  PopulationResult,
  SubjectResult,
} from '../../measures/index.ts';

const populationSystem = 'http://terminology.hl7.org/CodeSystem/measure-population';

export function group(n: number, changes: Partial<GroupDefinition> = {}): GroupDefinition {
  const codes: PopulationCode[] = ['initial-population', 'denominator', 'denominator-exclusion', 'numerator'];
  return {
    id: `group-${n}`,
    linkId: `group-link-${n}`,
    code: { text: `Rate ${n}` },
    description: `Rate ${n} <b>& more</b>`,
    scoring: 'proportion',
    basis: 'boolean',
    improvementNotation: 'increase',
    rateAggregation: null,
    scoringUnit: null,
    populations: codes.map((code) => ({
      id: `${code}-${n}`,
      linkId: `${code}-link-${n}`,
      code,
      concept: { coding: [{ system: populationSystem, code, display: code }] },
      description: `The ${code}`,
      expression: code,
      criteriaReference: null,
      aggregateMethod: null,
    })),
    stratifiers: [
      {
        id: `age-${n}`,
        linkId: `age-link-${n}`,
        code: { text: 'Age' },
        expression: 'Older',
        components: [],
        appliesTo: [],
      },
      {
        id: `place-${n}`,
        linkId: `place-link-${n}`,
        code: null,
        expression: null,
        components: [
          { id: `sex-${n}`, linkId: `sex-link-${n}`, code: { text: 'Sex' }, expression: 'Sex' },
          { id: `state-${n}`, linkId: `state-link-${n}`, code: { text: 'State' }, expression: 'State' },
        ],
        appliesTo: [],
      },
    ],
    ...changes,
  };
}

export function measure(changes: Partial<MeasureDefinition> = {}): MeasureDefinition {
  return {
    url: 'http://example.org/Measure/screening',
    version: '1.2.0',
    name: 'Screening',
    title: 'Screening <script>',
    library: 'http://example.org/Library/screening|1.2.0',
    scoring: null,
    scoringAtRoot: false,
    improvementNotation: null,
    compositeScoring: null,
    effectivePeriod: null,
    groups: [group(1), group(2)],
    supplementalData: [
      sde('sde-race', 'SDE Race'),
      sde('sde-payer', 'SDE Payer'),
      { ...sde('raf-smoker', 'RAF Smoker'), usage: 'risk-adjustment-factor' },
      { ...sde('sde-summary', 'SDE Only In Summaries'), includeInReportTypes: ['summary'] },
    ],
    components: [],
    ...changes,
  };
}

function sde(id: string, expression: string): MeasureDefinition['supplementalData'][number] {
  return {
    id,
    linkId: `${id}-link`,
    code: null,
    description: expression,
    expression,
    usage: 'supplemental-data',
    includeInReportTypes: [],
  };
}

/** A measure as CMS publishes it: scoring by group, ids, no linkIds, no codes of groups and stratifiers. */
export function withoutLinkIds(definition: MeasureDefinition): MeasureDefinition {
  return {
    ...definition,
    groups: definition.groups.map((g) => ({
      ...g,
      linkId: null,
      code: null,
      populations: g.populations.map((p) => ({ ...p, linkId: null })),
      stratifiers: g.stratifiers
        .filter(({ components }) => components.length === 0)
        .map((s) => ({ ...s, linkId: null, code: null })),
    })),
    supplementalData: definition.supplementalData.map((s) => ({ ...s, linkId: null })),
  };
}

export const patient: FhirResource = { resourceType: 'Patient', id: 'p1', gender: 'female', birthDate: '1960-02-01' };
export const mammogram: FhirResource = {
  resourceType: 'Procedure',
  id: 'm1',
  meta: { versionId: '3' },
  status: 'completed',
  code: { text: 'Mammography' },
  subject: { reference: 'Patient/p1' },
};
export const coverage: FhirResource = {
  resourceType: 'Coverage',
  id: 'c1',
  status: 'active',
  beneficiary: { reference: 'Patient/p1' },
  payor: [{ display: 'A payer' }],
};

export function population(code: PopulationCode, id: string | null, count: number): PopulationResult {
  return { id, code, count, members: [], criterion: count > 0, observations: [] };
}

export function subjectResult(
  definition: MeasureDefinition,
  counts = [1, 1, 0, 0],
  score: number | null = 0,
): SubjectResult {
  return {
    subject: 'p1',
    groups: definition.groups.map((g) => {
      const populations = g.populations.map(({ code, id }, index) => population(code, id, counts[index] ?? 0));
      return {
        id: g.id,
        populations,
        stratifiers: g.stratifiers.map(({ id, components }) => ({
          id,
          strata: [{ values: components.length === 0 ? [true] : ['female', null], populations, score }],
        })),
        score,
      };
    }),
    supplementalData: [
      { expression: 'SDE Race', value: race },
      { expression: 'SDE Payer', value: [{ type: 'Resource', resource: coverage }] },
      { expression: 'RAF Smoker', value: false },
      { expression: 'SDE Only In Summaries', value: true },
    ],
    evaluatedResources: [
      { resource: mammogram, criteria: ['numerator-link-1'] },
      { resource: mammogram, criteria: ['denominator-link-1'] },
    ],
    trace: null,
    components: [],
  };
}

const race: CqlValue = {
  type: 'Tuple',
  elements: {
    codes: [
      { type: 'Code', code: '2028-9', system: 'urn:oid:2.16.840.1.113883.6.238', version: null, display: 'Asian' },
    ],
    display: 'Asian',
  },
};

export const need: DataNeed = {
  resourceType: 'Observation',
  profile: null,
  codePath: 'code',
  valueSet: 'http://example.org/ValueSet/mammography',
  title: 'Mammography',
  codes: [],
  datePath: 'effective',
  dateFrom: '2024-10-01',
  dateTo: '2026-12-31',
  valuePath: 'value',
  valueComparator: 'lt',
  value: 140,
  unit: 'mm[Hg]',
};

export function gap(g: GroupDefinition, status: GapStatus): GapAnswer {
  const open = status === 'open-gap' || status === 'prospective-gap';
  return {
    group: g,
    status,
    reasons: open
      ? [
          { code: 'NotFound', need, reference: null, path: null, text: 'No mammography was found & none <planned>.' },
          {
            code: 'DateOutOfRange',
            need,
            reference: 'Procedure/m1/_history/3',
            path: 'Procedure.performed',
            text: 'The last one is too old.',
          },
        ]
      : [],
    evidence: status === 'closed-gap' ? ['Procedure/m1'] : [],
    nextSteps: open ? [{ text: 'Do a mammography by 31 Dec 2026', need }] : [],
  };
}
