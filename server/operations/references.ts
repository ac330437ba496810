import { invalidArgument } from './errors.ts';

export interface LocalReference {
  readonly type: string;
  readonly id: string;
}

/**
 * Reads a reference argument: `Patient/x`, `[base]/Patient/x`, or a bare id where there is one type.
 *
 * @throws InvalidArguments when it is none of `types`, or points to another server
 */
export function localReference(
  argument: string,
  reference: string,
  types: readonly string[],
  baseUrl: string,
): LocalReference {
  const local = reference.startsWith(`${baseUrl}/`) ? reference.slice(baseUrl.length + 1) : reference;
  const [, type, id] = /^(?:([A-Z][A-Za-z]+)\/)?([A-Za-z0-9.-]{1,64})$/.exec(local) ?? [];
  const found = type ?? types[0];
  if (id === undefined || found === undefined || !types.includes(found)) {
    throw invalidArgument(
      argument,
      `must be a reference on this server to ${types.join(' or ')}, such as ${types[0]}/123`,
    );
  }
  return { type: found, id };
}

/** The `location` arguments as `Location/x`. @throws InvalidArguments */
export function locationReferences(locations: readonly string[], baseUrl: string): readonly string[] {
  return locations.map((location) => `Location/${localReference('location', location, ['Location'], baseUrl).id}`);
}
