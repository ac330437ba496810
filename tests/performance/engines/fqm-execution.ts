import type { Library } from '@medplum/fhirtypes';
import { Calculator } from 'fqm-execution';
import { dataRequirements } from '../../../cql/index.ts';
import { loadContent } from '../../conformance/content.ts';
import { readReferenceLines } from '../../support/reference-data.ts';
import type { BenchEngine, Evaluated, ParsedPatient } from '../engine.ts';
import { versionOf } from './cql-execution.ts';

/** fqm-execution's Calculator on a measure bundle, with everything off that is not needed for populations. */
export function fqmExecution(): BenchEngine {
  const content = loadContent();
  const libraries = new Map(
    readReferenceLines<Library>('ecqm', 'libraries.ndjson.gz').map((library) => [library.name ?? '', library]),
  );
  console.log = console.warn = console.error = () => undefined;
  return {
    version: `fqm-execution ${versionOf('fqm-execution')}`,
    async prepare(name) {
      const measure = content.measures.get(name);
      if (measure === undefined) throw new Error(`There is no measure ${name}`);
      const linked = content.link(measure);
      const sets = dataRequirements(linked, null).valueSets.flatMap(({ url, version }) => {
        const found = content.valueSets.find(url, version);
        return found === null ? [] : [{ ...found, version: version ?? found.version ?? '1' }];
      });
      const resources = [
        measure,
        ...[linked.main, ...linked.includes].flatMap(({ library }) => libraries.get(library.identifier.id) ?? []),
        ...sets.map(({ url, version, codes }) => ({
          resourceType: 'ValueSet',
          id: url.split('/').at(-1),
          url,
          version,
          status: 'active',
          expansion: { timestamp: '2026-01-01', contains: codes },
        })),
      ];
      const bundle = { resourceType: 'Bundle', type: 'collection', entry: resources.map((resource) => ({ resource })) };
      return { evaluate: (patients) => calculate(bundle, patients) };
    },
  };
}

/** One call for all patients of a period, as a user would. */
async function calculate(measure: object, patients: readonly ParsedPatient[]): Promise<Evaluated> {
  let failures = 0;
  for (const [key, group] of Map.groupBy(patients, ({ period }) => `${period.start} ${period.end}`)) {
    const [measurementPeriodStart = '', measurementPeriodEnd = ''] = key.split(' ');
    const bundles = group.map(({ resources }) => ({
      resourceType: 'Bundle',
      type: 'collection',
      entry: resources.map((resource) => ({ resource })),
    }));
    try {
      // Its types are those of another FHIR package; the data is the same.
      await Calculator.calculate(measure as never, bundles as never, {
        measurementPeriodStart,
        measurementPeriodEnd,
        calculateHTML: false,
        calculateSDEs: false,
        calculateClauseCoverage: false,
        verboseCalculationResults: false,
        trustMetaProfile: false,
        useElmJsonsCaching: true,
      });
    } catch {
      failures += group.length;
    }
  }
  return { failures, met: null };
}
