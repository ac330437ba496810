import type { FhirResource } from '../../cql/index.ts';
import { identifierOf, type LibraryDefinition } from '../content/library-resource.ts';
import { LibraryShelf } from '../content/library-shelf.ts';
import { libraryByCanonical, loadLibrary } from '../content/load-library.ts';
import { databaseReader } from '../content/reader.ts';
import type { RawParameter } from './arguments.ts';
import { cqlParameters, parameterTypes } from './cql-parameters.ts';
import { invalidArgument } from './errors.ts';
import { answerCql, evaluateExpressions } from './evaluate-expressions.ts';
import { data, parameters, prefetchData, subject, useServerData } from './library-arguments.ts';
import { defineOperation } from './operation.ts';

/** Far more than an expression needs; what the translator makes of it grows much faster. */
const maxExpression = 20_000;

/** Name of the library that is made around an expression. */
const wrapper = 'Expression';

/** Using CQL with FHIR 2.0.0 $cql: the value of one expression of CQL. */
export const cql = defineOperation({
  code: 'cql',
  resources: [],
  levels: ['system'],
  definition: 'http://hl7.org/fhir/uv/cql/OperationDefinition/cql-cql',
  title: 'Evaluate an expression of CQL',
  description: 'Evaluates an expression of CQL and returns its value as the parameter return.',
  scopes: [{ type: 'Library', permission: 'r' }],
  safe: true,
  input: {
    expression: { type: 'string', documentation: `An expression of CQL, of ${maxExpression} characters at most.` },
    subject,
    parameters,
    library: {
      type: 'Part*',
      documentation: 'Libraries to include: part url, and name for how the expression calls it.',
      parts: { url: 'canonical', name: 'string' },
    },
    useServerData,
    data,
    prefetchData,
  },
  async run(args, context, services) {
    if (args.expression.length > maxExpression)
      throw invalidArgument('expression', `has more than ${maxExpression} characters: make it a Library`);
    const hasSubject = args.subject !== null || args.data !== null || args.prefetchData.length > 0;
    const reader = databaseReader(services.database, context.tenant);
    const shelf = new LibraryShelf(reader, services.libraries.translate);
    const includes = await Promise.all(args.library.map((parts) => includeOf(parts, shelf)));
    const header = headerOf(includes, args.parameters, hasSubject);
    const lines = header.split('\n').length;
    return answerCql(
      async () => {
        const loaded = await loadLibrary(reader, shelf, libraryOf(`${header}\n${args.expression}`));
        const made = (loaded.linked.main.library.statements?.def ?? []).filter(({ name }) => name !== 'Patient');
        if (made.length !== 1) throw invalidArgument('expression', 'must be one expression, without definitions');
        return evaluateExpressions(
          {
            operation: 'cql',
            loaded,
            expressions: [{ definition: 'return', name: 'return' }],
            parameters: cqlParameters(args.parameters),
            record: args,
          },
          context,
          services,
        );
      },
      (diagnostics) => inExpression(diagnostics, lines),
    );
  },
});

interface Include {
  readonly name: string;
  readonly version: string | null;
  readonly alias: string;
}

async function includeOf(parts: readonly RawParameter[], shelf: LibraryShelf): Promise<Include> {
  const text = (part: string): string | null => {
    const [, value] =
      Object.entries(parts.find(({ name }) => name === part) ?? {}).find(([key]) => /^value/.test(key)) ?? [];
    return typeof value === 'string' ? value : null;
  };
  const url = text('url');
  if (url === null) throw invalidArgument('library', 'its part url is required', 'required');
  const { id, version = null } = identifierOf(await libraryByCanonical(shelf, url));
  const alias = text('name') ?? id;
  // They become part of the library's text.
  if (![id, alias, version ?? ''].every((one) => /^[\w .+-]*$/.test(one)))
    throw invalidArgument('library', 'names and versions have letters, digits, spaces and . + - alone', 'invalid');
  return { name: id, version, alias };
}

function headerOf(includes: readonly Include[], given: FhirResource | null, hasSubject: boolean): string {
  const own = includes.filter(({ name }) => name !== 'FHIRHelpers');
  return [
    `library ${wrapper}`,
    `using FHIR version '4.0.1'`,
    `include FHIRHelpers version '4.0.1' called FHIRHelpers`,
    ...own.map(
      ({ name, version, alias }) =>
        `include "${name}"${version === null ? '' : ` version '${version}'`} called "${alias}"`,
    ),
    ...[...parameterTypes(given)].map(([name, type]) => `parameter "${name}" ${type}`),
    hasSubject ? 'context Patient' : 'context Unfiltered',
    'define "return":',
  ].join('\n');
}

function libraryOf(text: string): LibraryDefinition {
  return {
    resourceType: 'Library',
    name: wrapper,
    content: [{ contentType: 'text/cql', data: Buffer.from(text).toString('base64') }],
  };
}

/** Lines of the wrapper's text as lines of the expression, and the wrapper's names left out. */
function inExpression(diagnostics: string, lines: number): string {
  const line = (text: string): string => String(Math.max(1, Number(text) - lines));
  return diagnostics
    .replace(new RegExp(` \\(in Library ${wrapper}\\)`, 'g'), '')
    .replace(new RegExp(`CQL of ${wrapper}(, line (\\d+))?`, 'g'), (_, place?: string, at = '1') =>
      place === undefined ? 'The expression' : `The expression, line ${line(at)}`,
    )
    .replace(
      new RegExp(`${wrapper}\\."return"(?: at (\\d+):(\\d+)(?:-(\\d+):(\\d+))?)?`, 'g'),
      (_, fromLine?: string, fromColumn?: string) =>
        fromLine === undefined ? 'The expression' : `The expression, line ${line(fromLine)}, column ${fromColumn}`,
    );
}
