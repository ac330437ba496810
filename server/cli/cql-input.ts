import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { type FhirResource, type ModelInfoSource, PatientRecord, type ValueSetSource } from '../../cql/index.ts';
import type { CodeSystemDefinition, ValueSetDefinition } from '../terminology/definitions.ts';
import { valueSetsOf } from '../terminology/source.ts';
import { type Sources, sourcesOf } from './cql-sources.ts';

/** What `gapless cql` was given, read. */
export interface CqlInput {
  readonly sources: Sources;
  readonly record: PatientRecord;
  readonly valueSets: ValueSetSource;
  readonly models: readonly ModelInfoSource[];
}

export interface CqlFiles {
  readonly patient: string;
  readonly library?: readonly string[];
  readonly valueSets?: readonly string[];
  readonly models?: readonly string[];
}

/** A file that cannot be read as what it should be. */
export class UnreadableFile extends Error {
  override readonly name = 'UnreadableFile';
}

/** @throws UnreadableFile, InvalidRecord */
export function readInput(expression: string | null, files: CqlFiles): CqlInput {
  const terminology = (files.valueSets ?? []).flatMap((file) => resourcesIn(file));
  const valueSets = terminology.filter(isValueSet);
  return {
    record: new PatientRecord(resourcesIn(files.patient)),
    valueSets: valueSetsOf(valueSets, terminology.filter(isCodeSystem)),
    models: (files.models ?? []).map(modelIn),
    sources: sourcesOf(
      expression,
      (files.library ?? []).map((file) => ({ file, text: textIn(file) })),
      valueSets,
    ),
  };
}

function textIn(file: string): string {
  try {
    const bytes = readFileSync(file);
    return (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  } catch (error) {
    throw new UnreadableFile(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** The resources of a Bundle, an array, NDJSON, or a resource alone. */
function resourcesIn(file: string): FhirResource[] {
  const text = textIn(file);
  const whole = parsed(text);
  if (whole !== undefined) return flat(whole);
  return text.split('\n').flatMap((line, i) => {
    if (line.trim() === '') return [];
    const value = parsed(line);
    if (value === undefined) throw new UnreadableFile(`${file}:${i + 1} is not JSON`);
    return flat(value);
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function flat(value: unknown): FhirResource[] {
  if (Array.isArray(value)) return value.flatMap(flat);
  if (!isResource(value)) return [];
  if (value.resourceType !== 'Bundle') return [value];
  const entries = Array.isArray(value.entry) ? value.entry : [];
  return entries.flatMap((entry: { readonly resource?: unknown }) => flat(entry.resource));
}

function modelIn(file: string): ModelInfoSource {
  const xml = textIn(file);
  const start = /<(?:\w+:)?modelInfo\b[^>]*>/.exec(xml)?.[0] ?? '';
  const [name, version] = ['name', 'version'].map(
    (attribute) => new RegExp(`\\s${attribute}="([^"]+)"`).exec(start)?.[1],
  );
  if (name === undefined || version === undefined)
    throw new UnreadableFile(`${file} is no model info: it names no model with a version`);
  return { name, version, xml };
}

function isResource(value: unknown): value is FhirResource {
  return (
    typeof value === 'object' && value !== null && 'resourceType' in value && typeof value.resourceType === 'string'
  );
}

function isValueSet(
  resource: FhirResource,
): resource is FhirResource & ValueSetDefinition & { readonly title?: string; readonly name?: string } {
  return resource.resourceType === 'ValueSet' && typeof resource.url === 'string';
}

function isCodeSystem(resource: FhirResource): resource is FhirResource & CodeSystemDefinition {
  return resource.resourceType === 'CodeSystem' && typeof resource.url === 'string';
}
