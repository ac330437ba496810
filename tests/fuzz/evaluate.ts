import {
  CqlError,
  type CqlValue,
  createCompiler,
  createInterpreter,
  type ElmLibrary,
  type ElmNode,
  type Evaluator,
  type FhirResource,
  linkLibraries,
  PatientRecord,
  type ValueSetSource,
} from '../../cql/index.ts';
import { valueSet } from './leaves.ts';
import { fhir, node, scalarTypes, specifier } from './types.ts';

export const interpreter: Evaluator = createInterpreter();
export const compiler: Evaluator = createCompiler();

export const now = '2026-06-15T12:00:00.000+00:00';

export const valueSets: ValueSetSource = {
  find: (url) =>
    url === valueSet.url
      ? { url, version: null, codes: ['red', 'green'].map((code) => ({ system: valueSet.system, code })) }
      : null,
};

/** A library around one expression, called Result. */
export function libraryOf(expression: ElmNode, { resultTypes }: { readonly resultTypes: boolean }): ElmLibrary {
  const retrieved = node('Retrieve', {
    dataType: fhir('Patient'),
    templateId: 'http://hl7.org/fhir/StructureDefinition/Patient',
  });
  return {
    library: {
      identifier: { id: 'Fuzzed', version: '1' },
      usings: {
        def: [
          { localIdentifier: 'System', uri: 'urn:hl7-org:elm-types:r1' },
          { localIdentifier: 'FHIR', uri: 'http://hl7.org/fhir', version: '4.0.1' },
        ],
      },
      includes: { def: [{ localIdentifier: 'Functions', path: 'Functions', version: '1' }] },
      codeSystems: { def: [{ name: 'Colours', id: valueSet.system }] },
      valueSets: { def: [{ name: 'Colours', id: valueSet.url }] },
      statements: {
        def: [
          { name: 'Patient', context: 'Patient', expression: node('SingletonFrom', { operand: retrieved }) },
          { name: 'Result', context: 'Patient', expression: resultTypes ? expression : withoutResultTypes(expression) },
        ],
      },
    },
  };
}

/** A library that is included: for each type, a function of two values that gives the second, else the first. */
const functions: ElmLibrary = {
  library: {
    identifier: { id: 'Functions', version: '1' },
    usings: { def: [{ localIdentifier: 'System', uri: 'urn:hl7-org:elm-types:r1' }] },
    statements: {
      def: scalarTypes.map((type) => ({
        name: `Later ${type}`,
        context: 'Patient',
        type: 'FunctionDef',
        operand: ['a', 'b'].map((name) => ({ name, operandTypeSpecifier: specifier(type) })),
        expression: node('Coalesce', {
          operand: ['b', 'a'].map((name) => node('OperandRef', { name })),
        }),
      })),
    },
  },
};

function withoutResultTypes(expression: ElmNode): ElmNode {
  return JSON.parse(
    JSON.stringify(expression, (key, value: unknown) => (key.startsWith('resultType') ? undefined : value)),
  );
}

/** The value of Result; an error of the CQL layer as its name. @throws any other error: that is a defect by itself */
export async function evaluate(
  evaluator: Evaluator,
  library: ElmLibrary,
  resources: readonly FhirResource[],
): Promise<CqlValue | CqlError> {
  try {
    const prepared = evaluator.prepare(
      linkLibraries(library, (name) => (name === 'Functions' ? functions : null)),
      valueSets,
    );
    const request = { expressions: ['Result'], parameters: {}, now, budgetMs: 2000 };
    return (await prepared.evaluate(new PatientRecord(resources), request)).values.get('Result') ?? null;
  } catch (error) {
    if (error instanceof CqlError) return error;
    throw error;
  }
}
