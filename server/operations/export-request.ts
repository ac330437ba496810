import type { FhirRequest } from '../interactions/interaction.ts';
import { isResourceType } from '../search/definitions.ts';
import { parseSearch } from '../search/parse.ts';
import type { Input } from './arguments.ts';
import { argumentPath, InvalidArguments, invalidArgument } from './errors.ts';
import { preferences } from './request.ts';

/** Parameters of `$export` at each level (Bulk Data 4.0.0-ballot; the older versions' are among them). */
export const exportInput = {
  _outputFormat: {
    type: 'string?',
    documentation: 'application/fhir+ndjson, application/ndjson or ndjson, which all mean the same.',
  },
  _since: { type: 'dateTime?', documentation: 'Only what changed after this instant; what was deleted since is told.' },
  _until: { type: 'dateTime?', documentation: 'Only what changed last before this instant.' },
  _type: { type: 'string*', documentation: 'Resource types, one by one or in a list with commas; all unless given.' },
  _typeFilter: {
    type: 'string*',
    documentation:
      'Type?query: of this type, only what the search finds. Several of a type are alternatives. The search sees resources as they are when the export runs.',
  },
  _elements: {
    type: 'string*',
    documentation: '[Type.]element: only these and the mandatory ones; such resources are tagged SUBSETTED.',
  },
  includeAssociatedData: { type: 'token*', documentation: 'Is not supported.' },
  organizeOutputBy: { type: 'string?', documentation: 'Is not supported: each file holds resources of one type.' },
  allowPartialManifests: {
    type: 'boolean?',
    documentation: 'Is accepted. The manifest is given once, when all files are there.',
  },
} as const satisfies Input;

export interface ExportArguments {
  readonly _outputFormat: string | null;
  readonly _since: string | null;
  readonly _until: string | null;
  readonly _type: readonly string[];
  readonly _typeFilter: readonly string[];
  readonly _elements: readonly string[];
  readonly includeAssociatedData: readonly string[];
  readonly organizeOutputBy: string | null;
}

/** What an export is to hold. JSON. */
export interface ExportRequest {
  /** Null: all types. */
  readonly types: readonly string[] | null;
  /** Queries by type, of which one has to find a resource. */
  readonly filters: Readonly<Record<string, readonly string[]>>;
  /** Element names with their type, `Patient.name`, or without. */
  readonly elements: readonly string[];
  /** ISO instants. */
  readonly since: string | null;
  readonly until: string | null;
  /** What was asked for and left out, because the client prefers that to a refusal. */
  readonly ignored: readonly string[];
}

const formats = ['application/fhir+ndjson', 'application/ndjson', 'ndjson'];

/**
 * Reads what an `$export` asks for. With `Prefer: handling=lenient`, what is not supported is left out and told of in
 * the manifest's OperationOutcomes.
 *
 * @throws InvalidArguments with everything that is wrong
 */
export function readExportRequest(args: ExportArguments, request: FhirRequest): ExportRequest {
  const lenient = preferences(request.headers.prefer).get('handling') === 'lenient';
  const ignored: string[] = [];
  const refuse = (name: string, reason: string): void => {
    if (!lenient) throw invalidArgument(name, reason, 'not-supported');
    ignored.push(`${name} ${reason}; it was ignored`);
  };
  if (args._outputFormat !== null && !formats.includes(args._outputFormat))
    throw invalidArgument('_outputFormat', `must be ${formats.join(', or ')}`, 'not-supported');
  if (args.includeAssociatedData.length > 0)
    refuse('includeAssociatedData', 'is not supported: name Provenance in _type to have the Provenances of patients');
  if (args.organizeOutputBy !== null)
    refuse('organizeOutputBy', 'is not supported: each file holds resources of one type');
  const types = args._type.flatMap((list) => list.split(',')).map((type) => type.trim());
  for (const type of types)
    if (!isResourceType(type)) refuse('_type', `names ${JSON.stringify(type)}, which is no resource type of R4`);
  const known = [...new Set(types.filter(isResourceType))];
  if (types.length > 0 && known.length === 0) throw invalidArgument('_type', 'names no resource type of R4');
  const filters: Record<string, string[]> = {};
  for (const filter of args._typeFilter.flatMap(split)) {
    const read = readFilter(filter, known);
    if ('problem' in read) refuse('_typeFilter', read.problem);
    else filters[read.type] = [...(filters[read.type] ?? []), read.query];
  }
  return {
    types: types.length === 0 ? null : known,
    filters,
    elements: args._elements.flatMap((list) => list.split(',')).map((element) => element.trim()),
    since: instant('_since', args._since),
    until: instant('_until', args._until),
    ignored,
  };
}

/** Of a GET, several filters stand in one parameter, with commas; a comma within a search has no `Type?` after it. */
function split(filters: string): string[] {
  return filters.split(/,(?=[A-Z][A-Za-z]+\?)/);
}

/** They say how to answer a search, or would widen it (export.html, _typeFilter). */
const resultParameters = /^(_include|_revinclude|_sort|_count|_total|_summary|_elements|_contained|_type|_cursor)(:|$)/;

function readFilter(
  filter: string,
  types: readonly string[],
): { readonly type: string; readonly query: string } | { readonly problem: string } {
  const [, type = '', query = ''] = /^([A-Za-z]+)\?(.*)$/s.exec(filter) ?? [];
  if (!isResourceType(type)) return { problem: `must be Type?query, such as Observation?category=laboratory` };
  if (types.length > 0 && !types.includes(type)) return { problem: `filters ${type}, which _type does not name` };
  const parameters = new URLSearchParams(query);
  const [result] = [...parameters.keys()].filter((name) => resultParameters.test(name));
  if (result !== undefined) return { problem: `may not hold ${result}, which does not select resources` };
  try {
    parseSearch(type, parameters, { handling: 'strict', now: new Date() });
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return { problem: `is no search of ${type}: ${error.message}` };
  }
  return { type, query };
}

function instant(name: string, given: string | null): string | null {
  if (given === null) return null;
  const read = new Date(given);
  // An offset is wanted, or the instant would depend on who reads it; a `+` of an offset is a space in a query.
  if (Number.isNaN(read.getTime()) || !/T.*(Z|[+-]\d\d:\d\d)$/.test(given))
    throw new InvalidArguments([
      {
        code: 'value',
        diagnostics: `${name}: must be an instant with an offset, such as 2026-03-31T10:00:00Z (in a URL, + is written %2B)`,
        expression: [argumentPath(name)],
      },
    ]);
  return read.toISOString();
}
