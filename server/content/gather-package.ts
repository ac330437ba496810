import type { Measure } from '@medplum/fhirtypes';
import type { ElmLibrary } from '../../cql/index.ts';
import { formatCanonical, newest, parseCanonical } from '../terminology/canonical.ts';
import type { CodeSystemDefinition, ValueSetDefinition } from '../terminology/definitions.ts';
import { referencesOf } from '../terminology/expand.ts';
import { InvalidMeasureContent } from './errors.ts';
import type { LibraryDefinition } from './library-resource.ts';
import type { LibraryShelf } from './library-shelf.ts';
import { loadClosure } from './load-measure.ts';
import type { ContentReader } from './reader.ts';

export interface PackagedArtifact {
  readonly type: 'Measure' | 'Library' | 'ValueSet' | 'CodeSystem';
  readonly id: string;
  readonly url: string;
  readonly version: string | null;
}

export interface GatheredPackage {
  /** The artifact first, a measure's library second, then what they need: libraries, measures, value sets, code systems. */
  readonly artifacts: readonly PackagedArtifact[];
  /** Canonicals that are referred to and not stored. */
  readonly missing: readonly string[];
}

type Artifact = Measure | LibraryDefinition | ValueSetDefinition | CodeSystemDefinition;

/**
 * Everything that a measure or library needs to be evaluated elsewhere, as far as it is stored (CRMI 1.0.0, $package;
 * measure repository: Measure first, primary Library second).
 *
 * @throws InvalidMeasureContent when a library cannot be read
 */
export async function gatherPackage(
  reader: ContentReader,
  shelf: LibraryShelf,
  root: Measure | LibraryDefinition,
): Promise<GatheredPackage> {
  const found = new Map<string, PackagedArtifact>();
  const missing = new Set<string>();
  const terminology = new Set<string>();
  if (root.resourceType === 'Measure') await gatherMeasure(root);
  else await gatherLibrary(root);
  await gatherTerminology([...terminology]);
  return { artifacts: [...found.values()], missing: [...missing].sort() };

  function add(artifact: Artifact): boolean {
    const { resourceType: type, url = '', version = null } = artifact;
    const id = (artifact as { id?: string }).id ?? '';
    const key = `${type}/${id}`;
    if (found.has(key)) return false;
    found.set(key, { type, id, url, version });
    return true;
  }

  async function gatherMeasure(measure: Measure): Promise<void> {
    if (!add(measure)) return;
    for (const canonical of measure.library ?? []) {
      const library = await shelf.byCanonical(canonical);
      if (library === null) missing.add(canonical);
      else await gatherLibrary(library);
    }
    for (const { type, resource } of measure.relatedArtifact ?? []) {
      if (type !== 'composed-of' || resource === undefined) continue;
      const { url, version } = parseCanonical(resource);
      const component = pick(await reader.measures([url]), version);
      if (component === null) missing.add(resource);
      else await gatherMeasure(component);
    }
  }

  async function gatherLibrary(library: LibraryDefinition): Promise<void> {
    if (library.content === undefined) {
      if (add(library)) await gatherRelated(library);
      return;
    }
    const { linked, libraries, issues } = await loadClosure(shelf, library);
    if (linked === null) throw new InvalidMeasureContent(issues);
    for (const each of libraries) {
      // What the translator brings itself is not stored, and every translator has it.
      if (each.url === undefined) continue;
      if (add(each)) await gatherRelated(each);
    }
    for (const elm of [linked.main, ...linked.includes])
      for (const canonical of terminologyOf(elm)) terminology.add(canonical);
  }

  /** What a library names beside its CQL: model infos, terminology. What is not stored here may be of no need. */
  async function gatherRelated({ relatedArtifact = [] }: LibraryDefinition): Promise<void> {
    for (const { type, resource } of relatedArtifact) {
      if ((type !== 'depends-on' && type !== 'composed-of') || resource === undefined) continue;
      if (/\/Library\//.test(resource)) {
        const library = await shelf.byCanonical(resource);
        if (library === null) missing.add(resource);
        else if (add(library)) await gatherRelated(library);
      } else terminology.add(resource);
    }
  }

  async function gatherTerminology(canonicals: readonly string[]): Promise<void> {
    const { valueSets, codeSystems } = await reader.terminology(canonicals);
    const waiting = [...canonicals];
    const sets: ValueSetDefinition[] = [];
    const systems: CodeSystemDefinition[] = [];
    const seen = new Set<string>();
    for (let canonical = waiting.shift(); canonical !== undefined; canonical = waiting.shift()) {
      if (seen.has(canonical)) continue;
      seen.add(canonical);
      const { url, version } = parseCanonical(canonical);
      const set = pick(
        valueSets.filter((one) => one.url === url),
        version,
      );
      const system = pick(
        codeSystems.filter((one) => one.url === url),
        version,
      );
      if (set !== null) {
        sets.push(set);
        const references = referencesOf(set);
        waiting.push(...references.valueSets, ...references.codeSystems);
      } else if (system !== null) systems.push(system);
      else missing.add(canonical);
    }
    for (const artifact of [...sets, ...systems]) add(artifact);
  }
}

function terminologyOf({ library: { valueSets, codeSystems } }: ElmLibrary): string[] {
  return [...(valueSets?.def ?? []), ...(codeSystems?.def ?? [])].map(({ id, version = null }) =>
    formatCanonical({ url: id, version }),
  );
}

function pick<T extends { readonly version?: string | undefined }>(
  all: readonly T[],
  version: string | null,
): T | null {
  const versions = all.map((artifact) => ({ version: artifact.version ?? null, artifact }));
  const wanted = version === null ? newest(versions) : versions.find((one) => one.version === version);
  return wanted?.artifact ?? null;
}
