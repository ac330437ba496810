import type { FhirResource } from '../../cql/index.ts';
import { type Pins, pinsOf } from '../content/pinned-reader.ts';
import { readResource } from '../store/read.ts';
import { newest, parseCanonical } from '../terminology/canonical.ts';
import { readByUrl } from '../terminology/canonical-resources.ts';
import { invalidArgument } from './errors.ts';
import type { OperationContext } from './operation.ts';
import type { OperationServices } from './services.ts';

/** Arguments by which CRMI's operations name one artifact. */
export const artifactArguments = {
  id: { type: 'id?', documentation: 'Logical id of the artifact; at instance level, the one of the URL.' },
  url: { type: 'canonical?', documentation: 'Canonical url of the artifact, with |version or version beside it.' },
  version: { type: 'string?', documentation: 'Version of the artifact. Without it, the newest active one.' },
  identifier: { type: 'token?', documentation: 'A business identifier of the artifact: system|value.' },
} as const;

export interface NamedArtifact {
  readonly id: string | null;
  readonly url: string | null;
  readonly version: string | null;
  readonly identifier: string | null;
}

/**
 * The one Measure or Library that a request names, parsed.
 * @throws InvalidArguments when it names none, or several fit; ResourceNotFound
 */
export async function namedArtifact(
  { id, url, version, identifier }: NamedArtifact,
  { tenant, resourceType, resourceId }: OperationContext,
  { database, findIds }: OperationServices,
): Promise<FhirResource> {
  const type = resourceType === 'Measure' ? 'Measure' : 'Library';
  const read = async (of: string): Promise<FhirResource> => {
    const { content } = await readResource(database, tenant, type, of);
    return JSON.parse(content ?? '{}') as FhirResource;
  };
  const named = id ?? resourceId;
  if (named !== null) return read(named);
  if (url === null && identifier === null)
    throw invalidArgument('url', 'name one artifact: by id, url or identifier', 'required');
  const wanted = url === null ? { url: null, version } : parseCanonical(url);
  const candidates =
    wanted.url === null
      ? await Promise.all((await findIds(tenant, type, `identifier=${encodeURIComponent(identifier ?? '')}`)).map(read))
      : await readByUrl<FhirResource>(database, tenant, type, [wanted.url]);
  const asked = wanted.version ?? version;
  const versions = candidates
    .map((resource) => ({ version: textOf(resource.version), resource }))
    .filter((one) => asked === null || one.version === asked);
  const found = newest(versions.filter(({ resource }) => resource.status === 'active')) ?? newest(versions);
  if (found !== null) return found.resource;
  const name = url ?? identifier ?? '';
  throw invalidArgument(
    url === null ? 'identifier' : 'url',
    `no ${type} ${name}${version === null ? '' : `|${version}`} is stored`,
  );
}

/**
 * What a manifest pins (CRMI 1.0.0, version manifest): `depends-on` related artifacts of a stored Library that name a
 * version. Whether a version is stored is asked when something needs it.
 *
 * @throws InvalidArguments when the manifest is not stored
 */
export async function manifestPins(
  manifest: string | null,
  { tenant }: OperationContext,
  { database }: OperationServices,
): Promise<Pins> {
  if (manifest === null) return new Map();
  const { url, version } = parseCanonical(manifest);
  const stored = await readByUrl<FhirResource>(database, tenant, 'Library', [url]);
  const versions = stored.map((resource) => ({ version: textOf(resource.version), resource }));
  const found = version === null ? newest(versions) : versions.find((one) => one.version === version);
  if (found === null || found === undefined)
    throw invalidArgument('manifest', `there is no Library ${manifest}: POST it first`);
  const related = Array.isArray(found.resource.relatedArtifact) ? found.resource.relatedArtifact : [];
  const canonicals = related.flatMap(({ type, resource }: { type?: string; resource?: unknown }) =>
    type === 'depends-on' && typeof resource === 'string' ? [resource] : [],
  );
  return pinsOf(canonicals);
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

/** A canonical with the version that it names, or else the pinned one. */
export function pinnedCanonical(canonical: string, pins: Pins): string {
  const { url, version } = parseCanonical(canonical);
  const pinned = version ?? pins.get(url);
  return pinned === undefined ? url : `${url}|${pinned}`;
}

/** The arguments of a measure operation, their canonicals pinned. */
export function pinnedMeasures<T extends { readonly measureUrl: readonly string[] }>(args: T, pins: Pins): T {
  return { ...args, measureUrl: args.measureUrl.map((canonical) => pinnedCanonical(canonical, pins)) };
}
