import { parseCanonical } from '../terminology/canonical.ts';
import { PinnedVersionAbsent } from './errors.ts';
import type { ContentReader } from './reader.ts';

/** Versions by canonical url, as a manifest or a request pins them. */
export type Pins = ReadonlyMap<string, string>;

interface Versioned {
  readonly url?: string | undefined;
  readonly version?: string | undefined;
}

/** @param canonicals `url|version`; those without a version pin nothing */
export function pinsOf(canonicals: readonly string[]): Pins {
  return new Map(
    canonicals.map(parseCanonical).flatMap(({ url, version }) => (version === null ? [] : [[url, version] as const])),
  );
}

/**
 * A reader to which a pinned artifact exists in its pinned version only, so that a reference without a version means that
 * one. A reference that names another version finds nothing, and is told as missing.
 *
 * Its answers fail with PinnedVersionAbsent when an artifact that is asked for is stored, but not in that version.
 */
export function pinnedReader(reader: ContentReader, pins: Pins): ContentReader {
  if (pins.size === 0) return reader;
  const held = <T extends Versioned>(all: readonly T[]): T[] => {
    for (const [url, versions] of Map.groupBy(all, (one) => one.url ?? '')) {
      const pinned = pins.get(url);
      const stored = versions.flatMap(({ version }) => version ?? []);
      if (pinned !== undefined && !stored.includes(pinned)) throw new PinnedVersionAbsent(`${url}|${pinned}`, stored);
    }
    return all.filter(({ url = '', version }) => (pins.get(url) ?? version) === version);
  };
  return {
    ...reader,
    measures: async (urls) => held(await reader.measures(urls)),
    libraries: async (wanted) => held(await reader.libraries(wanted)),
    async terminology(canonicals) {
      const { valueSets, codeSystems } = await reader.terminology(canonicals);
      return { valueSets: held(valueSets), codeSystems: held(codeSystems) };
    },
  };
}
