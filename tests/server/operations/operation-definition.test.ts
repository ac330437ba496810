import { operationDefinition } from '../../../server/http/operation-definition.ts';
import { operations } from '../../../server/operations/operations.ts';
import { baseProblems } from '../../support/base-r4.ts';
import { readFhirXml } from '../../support/fhir-xml.ts';
import { describeWithReferenceData, readReference } from '../../support/reference-data.ts';

const baseUrl = 'http://localhost:8080/fhir';

describe('The OperationDefinition of an operation', () => {
  it.each(operations.map((operation) => [operation.code, operation] as const))('$%s is valid R4', (_, operation) => {
    expect(baseProblems(operationDefinition(operation, baseUrl, '1'))).toEqual([]);
  });

  it('documents every parameter', () => {
    const silent = operations.flatMap(({ code, parameters }) =>
      parameters.filter(({ documentation }) => documentation === '').map(({ name }) => `${code} ${name}`),
    );
    expect(silent).toEqual([]);
  });
});

describeWithReferenceData('The parameters of UV DEQM 1.0.0', () => {
  it.each([
    ['care-gaps', ['measureUrl']],
    ['evaluate', []],
  ] as const)('are those of $%s, by name, cardinality and type', (code, looser) => {
    const published = readFhirXml(readReference('profiles', 'deqm', `OperationDefinition-${code}.xml`)) as {
      parameter: { name: string; use: string; min: string; max: string; type: string | string[] }[];
    };
    const own = operationDefinition(
      operations.find((operation) => operation.code === code) as (typeof operations)[number],
      baseUrl,
      '1',
    );
    for (const { name, use, min, max, type } of published.parameter) {
      if (use === 'out') continue;
      const ours = own.parameter?.find((parameter) => parameter.name === name);
      const expected = String(type) === 'DomainResource' ? 'Resource' : String(type);
      expect({ name, max: ours?.max, type: ours?.type }).toEqual({ name, max, type: expected });
      // US names may stand in for measureUrl, so that it is not required by itself.
      if (!(looser as readonly string[]).includes(name))
        expect({ name, min: ours?.min }).toEqual({ name, min: Number(min) });
    }
  });
});
