import { compartmentParameters } from './compartment.ts';
import type { Criterion } from './criteria.ts';
import { resourceTypes, type SearchKind, searchParameter } from './definitions.ts';
import { once } from './once.ts';
import { ownColumns, predicateSql } from './predicate-sql.ts';
import type { Predicate } from './predicates.ts';
import type { Statement } from './statement.ts';

const tables: Readonly<Record<Exclude<SearchKind, 'special'>, string>> = {
  token: 'search_token',
  string: 'search_string',
  date: 'search_date',
  number: 'search_quantity',
  quantity: 'search_quantity',
  reference: 'search_reference',
  uri: 'search_uri',
  composite: 'search_composite',
};

export function tableOf(kind: SearchKind): string {
  return kind === 'special' ? 'search_token' : tables[kind];
}

/** Types that hold no patient's data: a search that is bound to one patient sees all of them. */
const openTypes = new Set(
  `Practitioner PractitionerRole Organization OrganizationAffiliation Location HealthcareService Endpoint InsurancePlan
  Medication MedicationKnowledge Substance Measure Library ValueSet CodeSystem ConceptMap PlanDefinition
  ActivityDefinition Questionnaire StructureDefinition SearchParameter OperationDefinition CapabilityStatement`.split(
    /\s+/,
  ),
);

export function isOpen(type: string): boolean {
  return openTypes.has(type);
}

/** The rows of `r`, of that type, that a criterion accepts. */
export function criterionSql(criterion: Criterion, r: string, type: string, to: Statement): string {
  switch (criterion.kind) {
    case 'id': {
      const ids = `${r}.id = ANY (${to.bind(criterion.ids)}::text[])`;
      return criterion.not ? `NOT ${ids}` : ids;
    }
    case 'lastUpdated':
      return any(criterion.predicates.map((predicate) => lastUpdatedSql(predicate, r, to)));
    case 'missing':
      return missingSql(criterion, r, to);
    case 'list':
      return listSql(criterion, r, type, to);
    case 'values':
      return valuesSql(criterion, r, to);
    case 'chain':
      return chainSql(criterion, r, to);
    case 'has':
      return hasSql(criterion, r, type, to);
  }
}

/** What a search that is bound to a patient may see of a type (CompartmentDefinition Patient). */
export function scopeSql(r: string, type: string, to: Statement): string[] {
  return to.patient === null || isOpen(type) ? [] : [compartmentSql('Patient', to.patient, r, type, to)];
}

/** As scopeSql, for rows of any type. */
export function scopeOfAnySql(r: string, to: Statement): string {
  const [t, key] = [to.alias(), to.bind(to.patient)];
  return `(${r}.patient = ${key} OR ${r}.type = ANY (${to.bind([...openTypes])}::text[]) OR (${r}.patient = '' AND EXISTS (
    SELECT 1 FROM search_reference ${t} WHERE ${rowOf(t, r, to)} AND ${t}.param = ANY (${to.bind(patientParameters())}::int4[])
    AND ${t}.target_type = 'Patient' AND ${t}.target_id = ${key} AND ${t}.target_id <> '')))`;
}

const patientParameters = once(() => resourceTypes().flatMap((type) => numbersOf('Patient', type)));

function numbersOf(compartment: string, type: string): number[] {
  return compartmentParameters(compartment, type).flatMap((code) => searchParameter(type, code)?.id ?? []);
}

/** Membership in a compartment. A resource of one patient has that patient's key; others are found by reference. */
export function compartmentSql(compartment: string, id: string, r: string, type: string, to: Statement): string {
  const numbers = numbersOf(compartment, type);
  const t = to.alias();
  const refers = `EXISTS (SELECT 1 FROM search_reference ${t} WHERE ${rowOf(t, r, to)} AND ${t}.param = ANY (${to.bind(numbers)}::int4[])
    AND ${t}.target_type = ${to.bind(compartment)} AND ${t}.target_id = ${to.bind(id)} AND ${t}.target_id <> '')`;
  if (compartment !== 'Patient') return type === compartment ? `(${r}.id = ${to.bind(id)} OR ${refers})` : refers;
  const key = to.bind(id);
  const own = `${r}.patient = ${key}`;
  return numbers.length === 0 ? own : `(${r}.patient IN (${key}, '') AND (${own} OR ${refers}))`;
}

/** Rows `t` of the index that are those of `r`. */
function rowOf(t: string, r: string, to: Statement): string {
  return `${t}.patient = ${r}.patient AND ${to.ofTenant(t)} AND ${t}.id = ${r}.id`;
}

function any(conditions: readonly string[]): string {
  return conditions.length === 1 ? `(${conditions[0]})` : `(${conditions.map((one) => `(${one})`).join(' OR ')})`;
}

function valuesSql(
  { definition, param, predicates, not }: Criterion & { kind: 'values' },
  r: string,
  to: Statement,
): string {
  const t = to.alias();
  const kind = param === definition.id ? definition.kind : 'token';
  const conditions = any(predicates.map((predicate) => predicateSql(predicate, t, ownColumns(t), to)));
  const exists = `EXISTS (SELECT 1 FROM ${tableOf(kind)} ${t} WHERE ${rowOf(t, r, to)} AND ${t}.param = ${to.bind(param)} AND ${conditions})`;
  return not ? `NOT ${exists}` : exists;
}

function missingSql({ definition, missing }: Criterion & { kind: 'missing' }, r: string, to: Statement): string {
  if (definition.code === '_id' || definition.code === '_lastUpdated') return missing ? 'FALSE' : 'TRUE';
  const t = to.alias();
  const exists = `EXISTS (SELECT 1 FROM ${tableOf(definition.kind)} ${t} WHERE ${rowOf(t, r, to)} AND ${t}.param = ${to.bind(definition.id)})`;
  return missing ? `NOT ${exists}` : exists;
}

function lastUpdatedSql(predicate: Predicate, r: string, to: Statement): string {
  const at = `${r}.last_updated`;
  const until = `${at} + interval '1 millisecond'`;
  return predicateSql(predicate, r, { ...ownColumns(r), dateLow: at, dateHigh: `(${until})` }, to);
}

function listSql({ lists, item }: Criterion & { kind: 'list' }, r: string, type: string, to: Statement): string {
  const [t, list] = [to.alias(), to.alias()];
  return `EXISTS (SELECT 1 FROM search_reference ${t} JOIN resource ${list}
    ON ${list}.patient = ${t}.patient AND ${to.ofTenant(list)} AND ${list}.type = 'List' AND ${list}.id = ${t}.id AND NOT ${list}.deleted
    WHERE ${to.ofTenant(t)} AND ${t}.param = ${to.bind(item.id)} AND ${t}.id = ANY (${to.bind(lists)}::text[])
    AND ${t}.target_type = ${to.bind(type)} AND ${t}.target_id = ${r}.id AND ${t}.target_id <> ''${scoped(list, 'List', to)})`;
}

function chainSql({ definition, targets }: Criterion & { kind: 'chain' }, r: string, to: Statement): string {
  const links = [...targets].map(([type, criterion]) => {
    const [t, next] = [to.alias(), to.alias()];
    const patient = type === 'Patient' ? ` AND ${next}.patient = ${t}.target_id` : '';
    return `EXISTS (SELECT 1 FROM search_reference ${t} JOIN resource ${next}
      ON ${to.ofTenant(next)} AND ${next}.type = ${to.bind(type)} AND ${next}.id = ${t}.target_id AND NOT ${next}.deleted${patient}
      WHERE ${rowOf(t, r, to)} AND ${t}.param = ${to.bind(definition.id)} AND ${t}.target_type = ${to.bind(type)}
      AND ${t}.target_id <> '' AND ${criterionSql(criterion, next, type, to)}${scoped(next, type, to)})`;
  });
  return any(links);
}

function hasSql(
  { definition, criterion }: Criterion & { kind: 'has' },
  r: string,
  type: string,
  to: Statement,
): string {
  const [t, source] = [to.alias(), to.alias()];
  return `EXISTS (SELECT 1 FROM search_reference ${t} JOIN resource ${source}
    ON ${source}.patient = ${t}.patient AND ${to.ofTenant(source)} AND ${source}.type = ${to.bind(definition.type)}
    AND ${source}.id = ${t}.id AND NOT ${source}.deleted
    WHERE ${to.ofTenant(t)} AND ${t}.param = ${to.bind(definition.id)} AND ${t}.target_type = ${to.bind(type)}
    AND ${t}.target_id = ${r}.id AND ${t}.target_id <> '' AND ${criterionSql(criterion, source, definition.type, to)}${scoped(source, definition.type, to)})`;
}

function scoped(r: string, type: string, to: Statement): string {
  return scopeSql(r, type, to)
    .map((condition) => ` AND ${condition}`)
    .join('');
}
