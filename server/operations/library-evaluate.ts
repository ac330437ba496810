import type { FhirResource } from '../../cql/index.ts';
import type { LibraryDefinition } from '../content/library-resource.ts';
import { LibraryShelf } from '../content/library-shelf.ts';
import { libraryByCanonical, loadLibrary } from '../content/load-library.ts';
import { databaseReader, keepTranslations } from '../content/reader.ts';
import { readResource } from '../store/read.ts';
import { cqlParameters } from './cql-parameters.ts';
import { invalidArgument } from './errors.ts';
import { answerCql, evaluateExpressions } from './evaluate-expressions.ts';
import { data, parameters, prefetchData, subject, useServerData } from './library-arguments.ts';
import { defineOperation, type OperationContext } from './operation.ts';
import type { OperationServices } from './services.ts';

/** Using CQL with FHIR 2.0.0 Library/$evaluate: the values of a library's definitions for one subject. */
export const libraryEvaluate = defineOperation({
  code: 'evaluate',
  resources: ['Library'],
  levels: ['type', 'instance'],
  definition: 'http://hl7.org/fhir/uv/cql/OperationDefinition/cql-library-evaluate',
  title: 'Evaluate a library',
  description: 'Evaluates definitions of a CQL library and returns their values as Parameters.',
  scopes: [{ type: 'Library', permission: 'r' }],
  safe: true,
  input: {
    url: { type: 'canonical?', documentation: 'The library; at instance level, the one of the URL.' },
    library: { type: 'Resource?', documentation: 'The library as a resource, instead of url.' },
    subject,
    expression: {
      type: 'string*',
      documentation: 'Definitions to evaluate, private ones too. Without it, all public ones.',
    },
    includePrivate: { type: 'boolean?', documentation: 'true: private definitions too, where none are named.' },
    parameters,
    useServerData,
    data,
    prefetchData,
  },
  async run(args, context, services) {
    return answerCql(async () => {
      const reader = databaseReader(services.database, context.tenant);
      const shelf = new LibraryShelf(reader, services.libraries.translate);
      const { library, stored } = await resolveLibrary(args, shelf, context, services);
      const loaded = await loadLibrary(reader, shelf, library);
      // A library of the request may be gone with it; what is stored will be asked for again.
      if (stored) await keepTranslations(services.database, context.tenant, shelf.translations);
      const definitions = args.expression.length > 0 ? args.expression : publicDefinitions(loaded.linked.main, args);
      return evaluateExpressions(
        {
          operation: 'evaluate',
          loaded,
          expressions: [...new Set(definitions)].map((definition) => ({ definition, name: definition })),
          parameters: cqlParameters(args.parameters),
          record: args,
        },
        context,
        services,
      );
    });
  },
});

interface LibraryArguments {
  readonly url: string | null;
  readonly library: FhirResource | null;
}

async function resolveLibrary(
  { url, library }: LibraryArguments,
  shelf: LibraryShelf,
  { tenant, resourceId }: OperationContext,
  { database }: OperationServices,
): Promise<{ readonly library: LibraryDefinition; readonly stored: boolean }> {
  const named = [resourceId, url, library].filter((one) => one !== null);
  if (named.length !== 1)
    throw invalidArgument('url', 'name one library, by url, as library or in the URL', 'required');
  if (library !== null) return { library: libraryOf(library), stored: false };
  if (url !== null) return { library: await libraryByCanonical(shelf, url), stored: true };
  const { content } = await readResource(database, tenant, 'Library', resourceId ?? '');
  return { library: libraryOf(JSON.parse(content ?? '{}')), stored: true };
}

function libraryOf(resource: FhirResource): LibraryDefinition {
  if (resource.resourceType !== 'Library') throw invalidArgument('library', 'must be a Library');
  const { content } = resource;
  const size = Array.isArray(content) ? JSON.stringify(content).length : 0;
  if (size > maxContent) throw invalidArgument('library', `has more than ${maxContent} characters of content`);
  return { ...resource, resourceType: 'Library' };
}

/** In base64; several times the largest published library with its ELM. */
const maxContent = 32_000_000;

function publicDefinitions(
  { library: { statements } }: { library: { statements?: { def: readonly Definition[] } } },
  { includePrivate }: { includePrivate: boolean | null },
): string[] {
  return (statements?.def ?? [])
    .filter(({ operand, type, external }) => operand === undefined && type !== 'FunctionDef' && external !== true)
    .filter(({ accessLevel }) => includePrivate === true || accessLevel !== 'Private')
    .map(({ name }) => name);
}

interface Definition {
  readonly name: string;
  readonly type?: string;
  readonly operand?: unknown;
  readonly external?: boolean;
  readonly accessLevel?: string;
}
