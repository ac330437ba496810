import { type DataOfInterest, dataOfInterest } from '../../bundles/index.ts';
import type { MeasureDefinition, PreparedMeasure } from '../../measures/index.ts';
import type { InstalledMeasure } from '../content/installed-measure.ts';
import { formatCanonical } from '../terminology/canonical.ts';
import { loadValueSets } from '../terminology/source.ts';
import type { OperationServices } from './services.ts';

/** What data each measure asks for, by its requirements, with the value sets expanded as they are stored. */
export async function interestsOf(
  measures: readonly InstalledMeasure[],
  tenant: string,
  { catalogue, database }: OperationServices,
): Promise<{ readonly definition: MeasureDefinition; readonly interest: DataOfInterest }[]> {
  const prepared = await Promise.all(measures.map((measure) => catalogue.prepared(tenant, formatCanonical(measure))));
  const retrieves = prepared.map(retrievesOf);
  const canonicals = retrieves.flat().flatMap(({ valueSet }) => (valueSet === null ? [] : formatCanonical(valueSet)));
  const source = await loadValueSets(database, tenant, new Set(canonicals));
  const sets = new Map<string, ReadonlySet<string> | null>();
  const codesOf = (url: string, version: string | null): ReadonlySet<string> | null => {
    const key = formatCanonical({ url, version });
    const known = sets.get(key);
    if (known !== undefined) return known;
    const codes = source.find(url, version)?.codes.flatMap(({ system, code }) => [`${system}|${code}`, code]);
    const made = codes === undefined ? null : new Set(codes);
    sets.set(key, made);
    return made;
  };
  return measures.map(({ definition }, index) => ({
    definition,
    interest: dataOfInterest(retrieves[index] ?? [], ({ url, version }) => {
      const codes = codesOf(url, version);
      return codes === null ? null : (system, code) => codes.has(system === null ? code : `${system}|${code}`);
    }),
  }));
}

function retrievesOf({ requirements, components }: PreparedMeasure): ReturnType<typeof ownRetrieves> {
  return [...ownRetrieves(requirements), ...components.flatMap(retrievesOf)];
}

function ownRetrieves(requirements: PreparedMeasure['requirements']) {
  return [...requirements.values()].flatMap(({ retrieves }) => retrieves);
}
