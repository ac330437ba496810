import type { ElmLibrary, ElmVersionedIdentifier } from '../../cql/index.ts';

/** The parts of a FHIR Library that are read. */
export interface LibraryDefinition {
  readonly resourceType: 'Library';
  readonly id?: string;
  readonly url?: string;
  readonly version?: string;
  readonly name?: string;
  readonly content?: readonly { readonly contentType?: string; readonly data?: string; readonly url?: string }[];
  readonly relatedArtifact?: readonly { readonly type: string; readonly resource?: string }[];
}

/** A content attachment that is not what its content type says. */
export class UnreadableAttachment extends Error {
  override readonly name = 'UnreadableAttachment';
}

/**
 * The name by which CQL includes the library and its version: those of the Library resource. The ELM inside published
 * content often carries another version.
 */
export function identifierOf(library: LibraryDefinition): ElmVersionedIdentifier {
  const id = library.name ?? library.url?.split('/').at(-1) ?? library.id ?? '';
  return library.version === undefined ? { id } : { id, version: library.version };
}

/** `Library name|version`, for messages. */
export function labelOf(library: LibraryDefinition): string {
  const { id, version } = identifierOf(library);
  return `Library ${id}${version === undefined ? '' : `|${version}`}`;
}

/** @returns the CQL text; null when the library carries none */
export function cqlOf(library: LibraryDefinition): string | null {
  return attachment(library, /^text\/cql\b/);
}

/** @returns the model info XML of a Library of type model-definition; null when it carries none */
export function modelInfoOf(library: LibraryDefinition): string | null {
  return attachment(library, /^(application|text)\/xml\b/);
}

/**
 * @returns the ELM without its annotations, which are most of its size and nothing that evaluation reads; null when the
 * library carries none
 * @throws UnreadableAttachment when it is not ELM in JSON, or says itself that its translation failed
 */
export function elmOf(library: LibraryDefinition): ElmLibrary | null {
  const text = attachment(library, /^application\/elm\+json\b/);
  return text === null ? null : readElm(text);
}

function readElm(text: string): ElmLibrary {
  let elm: unknown;
  try {
    elm = JSON.parse(text);
  } catch {
    throw new UnreadableAttachment('its ELM (application/elm+json) is not JSON');
  }
  if (!isElm(elm)) throw new UnreadableAttachment('its ELM (application/elm+json) has no library.identifier.id');
  const failed = (elm.library.annotation ?? []).filter((note) => note['errorSeverity'] === 'error');
  if (failed.length > 0) {
    const reasons = failed.map((note) => `${note['startLine']}:${note['startChar']} ${note['message']}`);
    throw new UnreadableAttachment(`its ELM was made from CQL with errors: ${reasons.join('; ')}`);
  }
  dropAnnotations(elm.library);
  return elm;
}

function isElm(value: unknown): value is ElmLibrary {
  const library = (value as { library?: { identifier?: { id?: unknown } } } | null)?.library;
  return typeof library?.identifier?.id === 'string';
}

/** Removes the narrative of a library, in place. */
export function dropAnnotations(value: unknown): void {
  if (Array.isArray(value)) for (const item of value) dropAnnotations(item);
  else if (typeof value === 'object' && value !== null) {
    Reflect.deleteProperty(value, 'annotation');
    for (const child of Object.values(value)) dropAnnotations(child);
  }
}

function attachment(library: LibraryDefinition, contentType: RegExp): string | null {
  const data = library.content?.find((content) => contentType.test(content.contentType ?? ''))?.data;
  return data === undefined ? null : Buffer.from(data, 'base64').toString('utf8');
}
