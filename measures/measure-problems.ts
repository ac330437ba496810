import type { CodeableConcept, Expression, Measure, MeasureGroup } from '@medplum/fhirtypes';
import type { GroupDefinition, MeasureDefinition, PopulationCode, Scoring } from './definition.ts';
import { InvalidMeasure, type MeasureProblem } from './errors.ts';
import { aggregateMethods } from './evaluation/scoring/aggregate.ts';
import { scorings } from './evaluation/scoring/scorings.ts';
import { extensionCode } from './extensions.ts';

const populationCodes: ReadonlySet<string> = new Set<PopulationCode>([
  'initial-population',
  'denominator',
  'denominator-exclusion',
  'denominator-exception',
  'numerator',
  'numerator-exclusion',
  'measure-population',
  'measure-population-exclusion',
  'measure-observation',
]);

/** Media types of a criterion that names a CQL definition; `text/cql` is how R4 measures before the IG wrote it. */
const identifierLanguages: ReadonlySet<string> = new Set([
  'text/cql-identifier',
  'text/cql.identifier',
  'text/cql-name',
  'text/cql',
]);

/** What is wrong with a Measure, collected while it is read, so that its author learns all of it at once. */
export class Problems {
  readonly #found: MeasureProblem[] = [];

  add(expression: string, message: string): void {
    this.#found.push({ expression, message });
  }

  throwIfAny(measure: string): void {
    if (this.#found.length > 0) throw new InvalidMeasure(measure, this.#found);
  }

  /** Name of the CQL definition of a criterion; null, and a problem, when it names none. */
  expression(criteria: Expression | undefined, path: string): string | null {
    if (criteria?.language !== undefined && !identifierLanguages.has(criteria.language)) {
      this.add(
        `${path}.language`,
        `${criteria.language} is not supported: name a CQL definition (text/cql-identifier)`,
      );
      return null;
    }
    if (criteria?.expression === undefined || criteria.expression.trim() === '') {
      this.add(`${path}.expression`, 'is missing: name a CQL definition of the measure library');
      return null;
    }
    return criteria.expression;
  }

  aggregateMethod(method: string, path: string): string | null {
    if (aggregateMethods.includes(method)) return method;
    this.add(`${path}.extension(aggregateMethod)`, `"${method}" is not one of ${aggregateMethods.join(', ')}`);
    return null;
  }

  checkMeasure(definition: MeasureDefinition): void {
    if (definition.url === '') this.add('Measure.url', 'is missing: a measure is known by its canonical URL');
    if (definition.scoring === 'composite') {
      if (definition.components.length === 0)
        this.add('Measure.relatedArtifact', 'a composite measure needs components (type composed-of)');
      for (const [index, { measure }] of definition.components.entries())
        if (measure === '') this.add(`Measure.relatedArtifact(composed-of)[${index}].resource`, 'is missing');
      return;
    }
    if (definition.groups.length === 0) this.add('Measure.group', 'is missing: a measure has at least one group');
    else if (definition.library === null)
      this.add('Measure.library', 'is missing: the criteria are definitions of a library');
    this.#duplicates(
      definition.groups.map(({ id }) => id),
      'Measure.group',
    );
  }

  checkGroup(group: GroupDefinition, path: string): void {
    const { populations: allowed, required, repeats } = scorings[group.scoring];
    const byCode = Map.groupBy(group.populations, ({ code }) => code);
    for (const [code, populations] of byCode) {
      if (!allowed.has(code)) this.add(`${path}.population`, `${group.scoring} scoring has no ${code}`);
      else if (populations.length > 1 && !repeats.includes(code))
        this.add(`${path}.population`, `has ${populations.length} populations ${code}, one is allowed`);
    }
    for (const code of required)
      if (!byCode.has(code)) this.add(`${path}.population`, `${group.scoring} scoring needs a ${code}`);
    this.#duplicates(
      [...group.populations, ...group.stratifiers].map(({ id }) => id),
      path,
    );
    this.#references(group, path);
  }

  #references(group: GroupDefinition, path: string): void {
    for (const [index, { code, criteriaReference }] of group.populations.entries()) {
      const at = `${path}.population[${index}]`;
      if (criteriaReference !== null && !group.populations.some(({ id }) => id === criteriaReference))
        this.add(
          `${at}.extension(criteriaReference)`,
          `"${criteriaReference}" is the id of no population of the group`,
        );
      const ambiguous =
        (code === 'denominator' || code === 'numerator') &&
        group.populations.filter((other) => other.code === 'initial-population').length > 1;
      if (criteriaReference === null && ambiguous)
        this.add(at, `must say by criteriaReference which of the initial populations the ${code} is part of`);
      if (criteriaReference === null && code === 'measure-observation' && group.scoring === 'ratio')
        this.add(at, 'must say by criteriaReference whether it observes the numerator or the denominator');
    }
  }

  #duplicates(ids: readonly (string | null)[], path: string): void {
    for (const [id, uses] of Map.groupBy(ids, (id) => id))
      if (id !== null && uses.length > 1) this.add(path, `the id "${id}" is used ${uses.length} times`);
  }
}

/** Scoring of a Measure or a group; null when it gives none, or an unknown one (a problem). */
export function scoringCode(element: Measure | MeasureGroup, problems: Problems, path: string): Scoring | null {
  const root = 'scoring' in element ? element.scoring?.coding?.[0]?.code : undefined;
  const code = root ?? extensionCode(element, 'scoring');
  if (code === null) return null;
  if (isScoring(code)) return code;
  problems.add(path, `"${code}" is not a scoring that can be computed: ${Object.keys(scorings).join(', ')}`);
  return null;
}

function isScoring(code: string): code is Scoring {
  return Object.hasOwn(scorings, code);
}

/** The population code of a concept; null, and a problem, when it has none that is known. */
export function codeName(
  concept: CodeableConcept | undefined,
  problems: Problems,
  path: string,
): PopulationCode | null {
  const codes = (concept?.coding ?? []).map(({ code }) => code ?? '');
  const known = codes.find(isPopulationCode);
  if (known !== undefined) return known;
  problems.add(path, codes.length === 0 ? 'has no coding' : `"${codes.join(', ')}" is not a measure population`);
  return null;
}

function isPopulationCode(code: string): code is PopulationCode {
  return populationCodes.has(code);
}
