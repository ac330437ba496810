import { parseCanonical } from '../terminology/canonical.ts';
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
 */
export function pinnedReader(reader: ContentReader, pins: Pins): ContentReader {
  if (pins.size === 0) return reader;
  const holds = ({ url, version }: Versioned): boolean => {
    const pinned = url === undefined ? undefined : pins.get(url);
    return pinned === undefined || pinned === version;
  };
  return {
    ...reader,
    measures: async (urls) => (await reader.measures(urls)).filter(holds),
    libraries: async (wanted) => (await reader.libraries(wanted)).filter(holds),
    async terminology(canonicals) {
      const { valueSets, codeSystems } = await reader.terminology(canonicals);
      return { valueSets: valueSets.filter(holds), codeSystems: codeSystems.filter(holds) };
    },
  };
}
