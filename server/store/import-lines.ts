import { createHash } from 'node:crypto';
import { checkEntry } from './check-entry.ts';
import type { UpdateEntry } from './entry.ts';
import { InvalidResource, MalformedJson, StoreError } from './errors.ts';
import { parseExact } from './exact-json.ts';
import type { RejectedLine } from './import-source.ts';
import type { NdjsonLine } from './ndjson-lines.ts';
import { checkType } from './validate.ts';

/** What a line asks for, checked as far as can be without the database. */
export interface LineEntry {
  readonly line: NdjsonLine;
  readonly entry: UpdateEntry;
}

/** A line, why it is not stored, and what it says it is. */
export interface RefusedLine {
  readonly line: NdjsonLine;
  readonly error: Error;
  readonly severity: RejectedLine['severity'];
  readonly resourceType: string | null;
  readonly id: string | null;
}

/** A line that says nothing that could be stored. */
export class UnusableLine extends StoreError {
  override readonly name = 'UnusableLine';
}

/** A line that another one after it, about the same resource, makes void. */
export class ReplacedLine extends StoreError {
  override readonly name = 'ReplacedLine';
}

/**
 * Reads lines: resources that are to be stored under their ids. One without an id gets the same id whenever the same
 * text comes, so that importing it again does not double it.
 *
 * @param type resource type that every line must have; null: any
 */
export function readLine(line: NdjsonLine, type: string | null, maxLineBytes: number): LineEntry | RefusedLine {
  try {
    return { line, entry: entryOf(line, type, maxLineBytes) };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return refuse(line, error);
  }
}

/** @param entry what was read of it; null when it could not be */
export function refuse(line: NdjsonLine, error: Error, entry: UpdateEntry | null = null): RefusedLine {
  const { resourceType, id } = entry === null ? identityOf(line.text) : { resourceType: entry.type, id: entry.id };
  return { line, error, severity: error instanceof ReplacedLine ? 'warning' : 'error', resourceType, id };
}

function entryOf(line: NdjsonLine, type: string | null, maxLineBytes: number): UpdateEntry {
  if (line.fault === 'too long') {
    const limit = `${maxLineBytes} bytes are allowed`;
    throw new UnusableLine(`The line is ${line.bytes} bytes long, and ${limit}: send this resource by itself`);
  }
  if (line.fault === 'not UTF-8') throw new UnusableLine('The line is not UTF-8, which FHIR demands');
  const resource = parse(line);
  checkType(resource, type);
  const { resourceType } = resource;
  if (resourceType === 'Subscription')
    throw new UnusableLine(
      'A Subscription is written by REST, where its endpoint is checked and its secrets are kept apart',
    );
  const id = resource.id === undefined ? idOf(line.text) : resource.id;
  if (typeof id !== 'string') throw new InvalidResource([idIssue(resourceType)]);
  const entry: UpdateEntry = {
    method: 'PUT',
    type: resourceType,
    id,
    resource: resource.id === undefined ? withId(resource, id) : resource,
    fullUrl: null,
    criteria: null,
    ifMatch: null,
    ifNoneMatch: null,
  };
  checkEntry(entry);
  return entry;
}

function parse({ text, ended }: NdjsonLine): unknown {
  try {
    return parseExact(text);
  } catch (error) {
    if (!(error instanceof MalformedJson)) throw error;
    if (ended) throw new UnusableLine(saidOf(error));
    throw new UnusableLine(`The source ends in the middle of this line, which seems to be cut: ${saidOf(error)}`);
  }
}

function saidOf({ message }: MalformedJson): string {
  return message.replace('The body', 'the line').replace(' at line 1, column', ' at column');
}

function idOf(text: string): string {
  return createHash('sha256').update(text.trim()).digest('hex').slice(0, 32);
}

function withId<T extends { readonly resourceType: string }>(resource: T, id: string): T {
  const { resourceType, ...rest } = resource;
  return { resourceType, id, ...rest } as unknown as T;
}

function idIssue(type: string): InvalidResource['issues'][number] {
  return { severity: 'error', code: 'structure', diagnostics: 'an id is a string', expression: [`${type}.id`] };
}

/** What a line that cannot be read seems to be: the first resourceType and id in it. */
function identityOf(text: string): Pick<RefusedLine, 'resourceType' | 'id'> {
  const beginning = text.slice(0, 4_000);
  const [, resourceType = null] = /"resourceType"\s*:\s*"([A-Za-z]{1,64})"/.exec(beginning) ?? [];
  const [, id = null] = /"id"\s*:\s*"([A-Za-z0-9.-]{1,64})"/.exec(beginning) ?? [];
  return { resourceType, id };
}
