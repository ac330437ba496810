import { createHash } from 'node:crypto';
import {
  type CqlValue,
  type DataRequirements,
  dataRequirements,
  type ElmExpressionDef,
  type ElmNode,
  type Evaluator,
  type FunctionCall,
  type LinkedLibrary,
  libraryKey,
  type PreparedLibrary,
  type ValueSetSource,
  withFunctionCalls,
} from '../cql/index.ts';
import type { GroupDefinition, MeasureDefinition, PopulationDefinition } from './definition.ts';
import { InvalidMeasure, type MeasureProblem } from './errors.ts';
import { observedPopulation } from './evaluation/membership.ts';
import { type Criterion, criterionKey } from './gaps/criterion.ts';
import { analyseNeeds } from './gaps/needs.ts';
import { allEvidence, evidenceDefinitions, evidenceName } from './supporting-evidence.ts';

/** A measure that is ready for any number of subjects. */
export interface PreparedMeasure {
  readonly definition: MeasureDefinition;
  /** Null for a composite measure, which has components instead. */
  readonly library: PreparedLibrary | null;
  /** What each criterion (by name of its CQL definition) can ask of a record and of terminology. */
  readonly requirements: ReadonlyMap<string, DataRequirements>;
  /** Whether the library declares "Measurement Period" over Date or over DateTime; null when it doesn't declare it. */
  readonly periodType: 'Date' | 'DateTime' | null;
  /** By function and the criterion whose elements it takes: the definition that calls it (see `callKey`). */
  readonly calls: ReadonlyMap<string, string>;
  /** By criterion and direction (`criterionKey`): the data that it depends on, and how. Gap reasons are made of it. */
  readonly needs: ReadonlyMap<string, Criterion>;
  /** Definitions that only explain: bounds of dates in `needs`, supporting evidence. Evaluated only with a trace. */
  readonly bounds: readonly string[];
  readonly components: readonly PreparedMeasure[];
}

export interface PrepareInput {
  readonly definition: MeasureDefinition;
  /** The primary library with its includes; null for a composite measure. */
  readonly linked: LinkedLibrary | null;
  readonly valueSets: ValueSetSource;
  readonly evaluator: Evaluator;
  /** A composite's components in the order of `definition.components`, prepared. */
  readonly components?: readonly PreparedMeasure[];
}

/**
 * Checks that everything a measure names exists, and prepares its library.
 * @throws InvalidMeasure naming every definition that the library lacks, with the FHIRPath of the criterion
 * @throws MissingValueSet naming every value set without a usable expansion
 * @throws UnsupportedElm for a node that the engine does not know
 */
export function prepareMeasure(input: PrepareInput): PreparedMeasure {
  const { definition, linked, valueSets, evaluator, components = [] } = input;
  if (linked === null) {
    checkComponents(definition, components);
    return {
      definition,
      library: null,
      requirements: new Map(),
      periodType: null,
      calls: new Map(),
      needs: new Map(),
      bounds: [],
      components,
    };
  }
  const problems = missingDefinitions(definition, linked);
  if (problems.length > 0) throw new InvalidMeasure(definition.url, problems);
  const { calls, analyses, bounds, library } = extended(definition, linked);
  const evidence = allEvidence(definition).map(({ expression }) => evidenceName(expression));
  return {
    definition,
    library: evaluator.prepare(library, valueSets),
    requirements: new Map([
      ...criteria(definition).map(({ expression }) => [expression, dataRequirements(linked, [expression])] as const),
      ...evidence.map((name) => [name, dataRequirements(library, [name])] as const),
    ]),
    periodType: periodType(linked),
    calls: new Map([...calls].map(([key, { name }]) => [key, name])),
    needs: new Map(analyses.map(({ key, criterion }) => [key, criterion])),
    bounds: [...bounds.keys()],
    components,
  };
}

/** A measure's library with definitions that call its functions and give the bounds of dates: what engines prepare. */
export function extendedLibrary(definition: MeasureDefinition, linked: LinkedLibrary): LinkedLibrary {
  return extended(definition, linked).library;
}

interface Extended {
  readonly library: LinkedLibrary;
  readonly calls: ReadonlyMap<string, FunctionCall>;
  readonly analyses: readonly ({ readonly key: string } & ReturnType<typeof analyseNeeds>)[];
  readonly bounds: ReadonlyMap<string, ElmNode>;
}

function extended(definition: MeasureDefinition, linked: LinkedLibrary): Extended {
  const calls = functionCalls(definition, linked);
  const analyses = explained(definition).map(({ name, wanted }) => ({
    key: criterionKey(name, wanted),
    ...analyseNeeds(linked, name, wanted),
  }));
  const bounds = new Map([
    ...analyses.flatMap(({ definitions }) => [...definitions]),
    ...evidenceDefinitions(definition, linked),
  ]);
  return { library: withFunctionCalls(withBounds(linked, bounds), [...calls.values()]), calls, analyses, bounds };
}

/** Key of a function called for each element of a criterion (`over`), or once for the patient. */
export function callKey(name: string, over: string | null): string {
  return JSON.stringify([name, over]);
}

/** The period parameter's value in the type that the library declares. */
export function inPeriodType(type: PreparedMeasure['periodType'], period: CqlValue): CqlValue {
  const isInterval = typeof period === 'object' && period !== null && 'type' in period && period.type === 'Interval';
  return type === 'Date' && isInterval ? { ...period, low: dateOf(period.low), high: dateOf(period.high) } : period;
}

function dateOf(value: CqlValue): CqlValue {
  return typeof value === 'object' && value !== null && 'type' in value && value.type === 'DateTime'
    ? { type: 'Date', value: value.value.slice(0, 10) }
    : value;
}

function checkComponents(definition: MeasureDefinition, components: readonly PreparedMeasure[]): void {
  const problems: MeasureProblem[] = [];
  if (definition.scoring !== 'composite')
    problems.push({ expression: 'Measure.library', message: 'only a composite measure goes without a library' });
  for (const [index, { measure, groupId }] of definition.components.entries()) {
    const expression = `Measure.relatedArtifact(composed-of)[${index}]`;
    const groups = components[index]?.definition.groups;
    if (groups === undefined) problems.push({ expression, message: `${measure} is not installed` });
    else if (groupId !== null ? !groups.some(({ id }) => id === groupId) : groups.length !== 1)
      problems.push({
        expression,
        message:
          groupId === null ? `${measure} has ${groups.length} groups: name one` : `${measure} has no group ${groupId}`,
      });
  }
  if (problems.length > 0) throw new InvalidMeasure(definition.url, problems);
}

interface NamedCriterion {
  readonly expression: string;
  readonly path: string;
}

function criteria(definition: MeasureDefinition): NamedCriterion[] {
  return [
    ...definition.groups.flatMap((group, g) => [
      ...group.populations.map(({ expression }, p) => ({ expression, path: `Measure.group[${g}].population[${p}]` })),
      ...group.stratifiers.flatMap(({ expression, components }, s) =>
        [expression, ...components.map((component) => component.expression)].flatMap((name) =>
          name === null ? [] : [{ expression: name, path: `Measure.group[${g}].stratifier[${s}]` }],
        ),
      ),
    ]),
    ...definition.supplementalData.map(({ expression }, s) => ({ expression, path: `Measure.supplementalData[${s}]` })),
  ];
}

function missingDefinitions(definition: MeasureDefinition, linked: LinkedLibrary): MeasureProblem[] {
  const { identifier, statements } = linked.main.library;
  const names = new Set((statements?.def ?? []).map(({ name }) => name));
  const evidence = [...evidenceDefinitions(definition, linked).values()].flatMap(({ name, libraryName }) =>
    libraryName === undefined && typeof name === 'string'
      ? [{ expression: name, path: 'Measure.group.population.extension(supportingEvidenceDefinition)' }]
      : [],
  );
  return [...criteria(definition), ...evidence]
    .filter(({ expression }) => !names.has(expression))
    .map(({ expression, path }) => ({
      expression: `${path}.criteria.expression`,
      message: `library ${libraryKey(identifier)} has no definition "${expression}"`,
    }));
}

/** Observations and stratifiers that are functions, each with the criterion that lists its operands. */
function functionCalls(definition: MeasureDefinition, linked: LinkedLibrary): Map<string, FunctionCall> {
  const calls = new Map<string, FunctionCall>();
  const add = (group: GroupDefinition, name: string, over: PopulationDefinition | null): void => {
    const functions = functionsNamed(linked, name);
    if (functions.length === 0) return;
    const takesElement = functions.some(({ operand }) => operand?.length === 1);
    const elements = group.basis === 'boolean' ? 'Patient' : (over?.expression ?? null);
    const call = { name: `${name} of ${over?.expression ?? 'Patient'} (called)`, function: name };
    calls.set(callKey(name, over?.expression ?? null), { ...call, over: takesElement ? elements : null });
  };
  for (const group of definition.groups) {
    const [initialPopulation = null] = group.populations;
    for (const population of group.populations)
      if (population.code === 'measure-observation')
        add(group, population.expression, observedPopulation(group, population));
    for (const { components } of group.stratifiers)
      for (const { expression } of components) add(group, expression, initialPopulation);
  }
  return calls;
}

/** Criteria that gaps are explained by, in the direction that closes: more numerator, or less; exclusions as they are. */
function explained({ groups }: MeasureDefinition): { readonly name: string; readonly wanted: boolean }[] {
  const found = groups.flatMap(({ populations, improvementNotation }) =>
    populations.flatMap(({ code, expression: name }) => {
      if (code === 'numerator') return [{ name, wanted: improvementNotation !== 'decrease' }];
      if (code === 'numerator-exclusion') return [{ name, wanted: false }];
      return code === 'denominator-exclusion' || code === 'denominator-exception' ? [{ name, wanted: true }] : [];
    }),
  );
  return [...new Map(found.map((each) => [criterionKey(each.name, each.wanted), each])).values()];
}

function withBounds(linked: LinkedLibrary, bounds: ReadonlyMap<string, ElmNode>): LinkedLibrary {
  if (bounds.size === 0) return linked;
  const { library } = linked.main;
  const added = [...bounds].map(([name, expression]) => ({ name, context: 'Patient', expression }));
  const def = [...(library.statements?.def ?? []), ...added];
  const hash = createHash('sha256').update(linked.hash);
  for (const name of bounds.keys()) hash.update(name);
  return {
    main: { library: { ...library, statements: { def } } },
    includes: linked.includes,
    hash: hash.digest('hex'),
  };
}

function functionsNamed(linked: LinkedLibrary, name: string): ElmExpressionDef[] {
  return (linked.main.library.statements?.def ?? []).filter((def) => def.type === 'FunctionDef' && def.name === name);
}

function periodType(linked: LinkedLibrary): PreparedMeasure['periodType'] {
  const parameter = linked.main.library.parameters?.def.find(({ name }) => name === 'Measurement Period');
  if (parameter === undefined) return null;
  return JSON.stringify(parameter.parameterTypeSpecifier ?? {}).includes('}Date"') ? 'Date' : 'DateTime';
}
