import {
  CyclicInclude,
  type ElmLibrary,
  type FunctionCall,
  libraryKey,
  linkLibraries,
  MissingLibrary,
  UnknownExpression,
  withFunctionCalls,
} from '../../cql/index.ts';
import { evaluateLibrary, library, record, translator } from './evaluate.ts';

function elm(
  id: string,
  version: string,
  ...includes: readonly [alias: string, path: string, version?: string][]
): ElmLibrary {
  const def = includes.map(([localIdentifier, path, included]) => ({
    localIdentifier,
    path,
    ...(included === undefined ? {} : { version: included }),
  }));
  return { library: { identifier: { id, version }, ...(def.length === 0 ? {} : { includes: { def } }) } };
}

function among(...libraries: readonly [key: string, elm: ElmLibrary][]) {
  const byKey = new Map(libraries);
  return (id: string, version: string | null): ElmLibrary | null =>
    byKey.get(version === null ? id : `${id}|${version}`) ?? null;
}

afterAll(() => translator.close());

describe('Linking', () => {
  it('gathers what is included indirectly, dependencies first and each once', () => {
    const linked = linkLibraries(
      elm('Main', '1', ['B', 'B', '1'], ['C', 'C', '1']),
      among(['B|1', elm('B', '1', ['C', 'C', '1'])], ['C|1', elm('C', '1')]),
    );
    expect(linked.includes.map((included) => libraryKey(included.library.identifier))).toEqual(['C|1', 'B|1']);
  });

  it('goes by the identifier of the Library resource, whatever the ELM says of itself', () => {
    const linked = linkLibraries(elm('Main', '1', ['B', 'B', '4.0.000']), among(['B|4.0.000', elm('B', '0.7.2')]));
    expect(linked.includes[0]?.library.identifier).toEqual({ id: 'B', version: '4.0.000' });
  });

  it('keeps several versions of a library side by side', () => {
    const linked = linkLibraries(
      elm('Main', '1', ['Old', 'B', '1'], ['New', 'B', '2']),
      among(['B|1', elm('B', '1')], ['B|2', elm('B', '2')]),
    );
    expect(linked.includes.map((included) => libraryKey(included.library.identifier))).toEqual(['B|1', 'B|2']);
  });

  it('links a library once that is reached with and without a namespace', () => {
    const helpers = elm('FHIRHelpers', '4.4.000');
    const linked = linkLibraries(
      elm('Main', '1', ['F', 'FHIRHelpers', '4.4.000'], ['G', 'https://madie.cms.gov/FHIRHelpers', '4.4.000']),
      among(['FHIRHelpers|4.4.000', helpers]),
    );
    expect(linked.includes).toHaveLength(1);
    expect(linked.main.library.includes?.def.map(({ path }) => path)).toEqual(['FHIRHelpers', 'FHIRHelpers']);
  });

  it('names a missing library, and who includes it', () => {
    const link = () => linkLibraries(elm('Main', '1', ['B', 'B', '1']), among(['B|1', elm('B', '1', ['C', 'C', '2'])]));
    expect(link).toThrow(MissingLibrary);
    expect(link).toThrow('Library C|2 is missing (included by B|1)');
  });

  it('names libraries that include one another', () => {
    const link = () =>
      linkLibraries(
        elm('Main', '1', ['B', 'B', '1']),
        among(['B|1', elm('B', '1', ['C', 'C', '1'])], ['C|1', elm('C', '1', ['B', 'B', '1'])]),
      );
    expect(link).toThrow(CyclicInclude);
    expect(link).toThrow('B|1 -> C|1 -> B|1');
  });

  it('gives the same hash to the same content only', () => {
    const hash = (version: string): string =>
      linkLibraries(
        elm('Main', '1', ['B', 'B', '1']),
        among(
          ['B|1', elm('B', '1', ['C', 'C', '1'])],
          ['C|1', { library: { ...elm('C', version).library, annotation: [{ note: version }] } }],
        ),
      ).hash;
    expect(hash('1')).toMatch(/^[0-9a-f]{64}$/);
    expect(hash('1')).toBe(hash('1'));
    expect(hash('1')).not.toBe(hash('2'));
  });
});

describe('A function call', () => {
  const definitions = `context Patient
define Numbers: {3, 1, 3, null as Integer}
define function Doubled(n Integer): n * 2
define function Constant(): 7`;

  it('is made for every element of a definition, duplicates kept', async () => {
    const call: FunctionCall = { name: 'observation', function: 'Doubled', over: 'Numbers' };
    const linked = withFunctionCalls(await library(definitions), [call]);
    const { values } = await evaluateLibrary(linked, record(), { expressions: ['observation'] });
    const pair = (element: number | null, value: number | null) => ({ type: 'Tuple', elements: { element, value } });
    expect(values.get('observation')).toEqual([pair(3, 6), pair(1, 2), pair(3, 6), pair(null, null)]);
  });

  it('is made once when it is over nothing', async () => {
    const linked = withFunctionCalls(await library(definitions), [{ name: 'once', function: 'Constant', over: null }]);
    const { values } = await evaluateLibrary(linked, record(), { expressions: ['once'] });
    expect(values.get('once')).toBe(7);
  });

  it.each<[string, FunctionCall]>([
    ['an unknown function', { name: 'x', function: 'Absent', over: 'Numbers' }],
    ['a function with other operands', { name: 'x', function: 'Constant', over: 'Numbers' }],
    ['an unknown definition', { name: 'x', function: 'Doubled', over: 'Absent' }],
  ])('is refused for %s', async (_, call) => {
    const linked = await library(definitions);
    expect(() => withFunctionCalls(linked, [call])).toThrow(UnknownExpression);
  });

  it('changes the hash', async () => {
    const linked = await library(definitions);
    expect(withFunctionCalls(linked, [{ name: 'x', function: 'Constant', over: null }]).hash).not.toBe(linked.hash);
  });
});
