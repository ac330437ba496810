import { createRequire } from 'node:module';
import fhir from 'cql-exec-fhir';
import cql from 'cql-execution';
import { dataRequirements, type LinkedLibrary, libraryKey } from '../../../cql/index.ts';
import { readMeasure } from '../../../measures/index.ts';
import { type Content, loadContent } from '../../conformance/content.ts';
import {
  type BenchEngine,
  metCriteria,
  nowOf,
  type ParsedPatient,
  type PopulationNames,
  populationNames,
} from '../engine.ts';

type Library = InstanceType<typeof cql.Library>;

/**
 * cql-execution with cql-exec-fhir as their own documentation uses them, unrepaired. It is asked for the same
 * definitions as our engines, on one context per patient (Executor.exec would evaluate all definitions of the library).
 */
export function cqlExecution(): BenchEngine {
  const content = loadContent();
  // Made once: it reads the model from a file.
  const source = fhir.PatientSource.FHIRv401();
  // They report elements that the model lacks to the console, many thousand times.
  console.log = console.warn = console.error = () => undefined;
  return {
    version: `cql-execution ${versionOf('cql-execution')} + cql-exec-fhir ${versionOf('cql-exec-fhir')}`,
    async prepare(name) {
      const measure = content.measures.get(name);
      if (measure === undefined) throw new Error(`There is no measure ${name}`);
      const linked = content.link(measure);
      const library = libraryOf(linked);
      const codes = codeServiceOf(content, linked);
      const { groups } = readMeasure(measure);
      const criteria = groups.flatMap(({ populations, stratifiers }) => [
        ...populations.map(({ expression }) => expression),
        ...stratifiers.flatMap(({ expression, components }) => [
          expression ?? '',
          ...components.map((component) => component.expression),
        ]),
      ]);
      // Functions (of observations) are no definitions: the peers are spared them.
      const expressions = [...new Set(criteria)].filter((criterion) => library.expressions[criterion] !== undefined);
      const told = populationNames(groups);
      return {
        async evaluate(patients) {
          let [failures, met] = [0, 0];
          for (const patient of patients) {
            const count = await evaluate(library, source, codes, expressions, told, patient);
            if (count === null) failures += 1;
            else met += count;
          }
          return { failures, met };
        },
      };
    },
  };
}

async function evaluate(
  library: Library,
  source: ReturnType<typeof fhir.PatientSource.FHIRv401>,
  codes: InstanceType<typeof cql.CodeService>,
  expressions: readonly string[],
  told: PopulationNames,
  { resources, period }: ParsedPatient,
): Promise<number | null> {
  source.reset();
  source.loadBundles([{ resourceType: 'Bundle', entry: resources.map((resource) => ({ resource })) }]);
  const parameters = {
    'Measurement Period': new cql.Interval(
      cql.DateTime.parse(`${period.start}T00:00:00.000+00:00`),
      cql.DateTime.parse(`${period.end}T23:59:59.999+00:00`),
    ),
  };
  const now = cql.DateTime.parse(nowOf(period));
  const context = new cql.PatientContext(library, source.currentPatient(), codes, parameters, now ?? undefined);
  try {
    const held = new Set<string>();
    for (const expression of expressions) {
      const known: unknown = context.context_values[expression];
      const value: unknown = known === undefined ? await library.expressions[expression]?.execute(context) : known;
      if (Array.isArray(value) ? value.length > 0 : value === true) held.add(expression);
    }
    return metCriteria(told, held);
  } catch {
    return null;
  }
}

function libraryOf({ main, includes }: LinkedLibrary): Library {
  const sources = new Map(includes.map((library) => [libraryKey(library.library.identifier), library]));
  const built = new Map<string, Library>();
  const manager = {
    resolve(id: string, version?: string): Library | undefined {
      const key = libraryKey(version === undefined ? { id } : { id, version });
      const source = sources.get(key);
      const known = built.get(key);
      if (known !== undefined || source === undefined) return known;
      const made = new cql.Library(source, manager);
      built.set(key, made);
      return made;
    },
  };
  return new cql.Library(main, manager);
}

function codeServiceOf({ valueSets }: Content, linked: LinkedLibrary): InstanceType<typeof cql.CodeService> {
  const known: Record<string, Record<string, { code: string; system: string; version: string }[]>> = {};
  for (const { url, version } of dataRequirements(linked, null).valueSets) {
    const found = valueSets.find(url, version);
    if (found === null) continue;
    const versions = known[url] ?? {};
    versions[version ?? found.version ?? '1'] = found.codes.map(({ code, system, version: of = '' }) => ({
      code,
      system,
      version: of,
    }));
    known[url] = versions;
  }
  return new cql.CodeService(known);
}

export function versionOf(name: string): string {
  const { version }: { version: string } = createRequire(import.meta.url)(`${name}/package.json`);
  return version;
}
