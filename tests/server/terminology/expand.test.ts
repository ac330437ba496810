import type {
  CodeSystemDefinition,
  ConceptSet,
  TerminologyFinder,
  ValueSetDefinition,
} from '../../../server/terminology/definitions.ts';
import { CyclicValueSet, UnexpandableValueSet } from '../../../server/terminology/errors.ts';
import { expandValueSet } from '../../../server/terminology/expand.ts';
import { valueSetsOf } from '../../../server/terminology/source.ts';
import { describeWithReferenceData, readReferenceLines } from '../../support/reference-data.ts';

const sct = 'http://snomed.info/sct';
const valueSet = (url: string, rest: Partial<ValueSetDefinition> = {}): ValueSetDefinition => ({
  resourceType: 'ValueSet',
  url,
  ...rest,
});
const concepts = (...codes: string[]): ConceptSet => ({ system: sct, concept: codes.map((code) => ({ code })) });
const including = (url: string, ...include: ConceptSet[]): ValueSetDefinition =>
  valueSet(url, { compose: { include } });
const contains = (...codes: string[]) => codes.map((code) => ({ system: sct, code }));
const system: CodeSystemDefinition = {
  resourceType: 'CodeSystem',
  url: 'http://tree',
  content: 'complete',
  concept: [
    { code: 'root', concept: [{ code: 'left', concept: [{ code: 'leaf' }] }, { code: 'right' }] },
    { code: 'adopted', property: [{ code: 'parent', valueCode: 'right' }] },
  ],
};

function finder(valueSets: ValueSetDefinition[], codeSystems: CodeSystemDefinition[] = [system]): TerminologyFinder {
  return {
    valueSet: (url, version) =>
      valueSets.find((vs) => vs.url === url && (version === null || vs.version === version)) ?? null,
    codeSystem: (url) => codeSystems.find((cs) => cs.url === url) ?? null,
  };
}
const codesOf = (definition: ValueSetDefinition, ...others: ValueSetDefinition[]): string[] =>
  expandValueSet(definition, finder(others))
    .codes.map((c) => c.code)
    .sort();

describe('The members of a value set', () => {
  it.each<[string, ValueSetDefinition, ValueSetDefinition[], string[]]>([
    [
      'are those of a complete expansion, nested ones included and abstract ones left out',
      valueSet('u', {
        expansion: { total: 3, contains: [{ system: sct, code: 'a', abstract: true, contains: contains('b', 'c') }] },
      }),
      [],
      ['b', 'c'],
    ],
    [
      'come from an expansion that states no total and is no page',
      valueSet('u', { expansion: { contains: contains('a') } }),
      [],
      ['a'],
    ],
    [
      'come from compose when the expansion is cut',
      valueSet('u', {
        compose: { include: [concepts('a', 'b', 'c')] },
        expansion: { total: 3, contains: contains('a') },
      }),
      [],
      ['a', 'b', 'c'],
    ],
    [
      'come from compose when the expansion is the first page of unknown length',
      valueSet('u', {
        compose: { include: [concepts('a', 'b')] },
        expansion: { parameter: [{ name: 'count', valueInteger: 1 }], contains: contains('a') },
      }),
      [],
      ['a', 'b'],
    ],
    ['are united across includes', including('u', concepts('a'), concepts('b', 'a')), [], ['a', 'b']],
    [
      'are intersected within an include',
      including('u', { valueSet: ['x', 'y'] }),
      [including('x', concepts('a', 'b')), including('y', concepts('b', 'c'))],
      ['b'],
    ],
    [
      'are intersected with the concepts of the same include',
      including('u', { ...concepts('a', 'b'), valueSet: ['x'] }),
      [including('x', concepts('b', 'c'))],
      ['b'],
    ],
    [
      'lose what is excluded',
      valueSet('u', { compose: { include: [concepts('a', 'b')], exclude: [concepts('a', 'z')] } }),
      [],
      ['b'],
    ],
    [
      'follow the version that an include names',
      including('u', { valueSet: ['x|1'] }),
      [
        { ...including('x', concepts('new')), version: '2' },
        { ...including('x', concepts('old')), version: '1' },
      ],
      ['old'],
    ],
    [
      'are all codes of a complete code system',
      including('u', { system: 'http://tree' }),
      [],
      ['adopted', 'leaf', 'left', 'right', 'root'],
    ],
    [
      'need no code system for a filter that names the code',
      including('u', { system: 'http://absent', filter: [{ property: 'concept', op: '=', value: '7' }] }),
      [],
      ['7'],
    ],
  ])('%s', (_, definition, others, expected) => {
    expect(codesOf(definition, ...others)).toEqual(expected);
  });

  it.each<[string, string, string, string[]]>([
    ['concept', 'is-a', 'right', ['adopted', 'right']],
    ['concept', 'descendent-of', 'root', ['adopted', 'leaf', 'left', 'right']],
    ['concept', 'is-not-a', 'left', ['adopted', 'right', 'root']],
    ['concept', 'generalizes', 'leaf', ['leaf', 'left', 'root']],
    ['parent', 'exists', 'true', ['adopted']],
    ['parent', 'not-in', 'right,left', ['leaf', 'left', 'right', 'root']],
  ])('are selected by the filter %s %s %s', (property, op, value, expected) => {
    expect(codesOf(including('u', { system: 'http://tree', filter: [{ property, op, value }] }))).toEqual(expected);
  });
});

describe('A value set that cannot be expanded says why', () => {
  it.each<[string, ValueSetDefinition, RegExp, string[]]>([
    ['it has nothing', valueSet('u'), /neither an expansion nor a compose/, []],
    [
      'its expansion is cut and there is no compose',
      valueSet('u', { expansion: { total: 9, contains: contains('a') } }),
      /holds 1 of 9 codes/,
      ['a'],
    ],
    [
      'it includes an unknown value set',
      including('u', { valueSet: ['x'] }, concepts('a')),
      /includes x, which is not/,
      ['a'],
    ],
    [
      'it filters a code system that is not there',
      including('u', { system: sct, filter: [{ property: 'concept', op: 'is-a', value: '1' }] }),
      /codes by filter of http:\/\/snomed.info\/sct/,
      [],
    ],
    [
      'it uses an operator that is not supported',
      including('u', { system: 'http://tree', filter: [{ property: 'code', op: 'regex', value: '(a+)+' }] }),
      /operator regex is not supported/,
      [],
    ],
    [
      'what it excludes is not known',
      valueSet('u', { compose: { include: [concepts('a')], exclude: [{ valueSet: ['x'] }] } }),
      /includes x, which is not there/,
      [],
    ],
  ])('%s', (_, definition, sentence, known) => {
    const attempt = (): unknown => expandValueSet(definition, finder([]));
    expect(attempt).toThrow(UnexpandableValueSet);
    expect(attempt).toThrow(sentence);
    const found = valueSetsOf([definition]);
    expect(found.problemOf('u', null)).toBeInstanceOf(UnexpandableValueSet);
    expect((found.find('u', null)?.codes ?? []).map((c) => c.code)).toEqual(known);
  });

  it('it includes itself through others', () => {
    const [a, b] = [including('a', { valueSet: ['b'] }), including('b', { valueSet: ['a'] })];
    expect(() => expandValueSet(a, finder([a, b]))).toThrow(CyclicValueSet);
    expect(() => expandValueSet(a, finder([a, b]))).toThrow('a -> b -> a');
  });
});

describe('A source of value sets', () => {
  const source = valueSetsOf([
    { ...including('x', concepts('old')), version: '1.9' },
    { ...including('x', concepts('new')), version: '1.10' },
  ]);
  it('gives the newest version when none is asked', () => {
    expect(source.find('x', null)?.version).toBe('1.10');
  });
  it('gives the version that is asked, and none other', () => {
    expect(source.find('x', '1.9')?.codes[0]?.code).toBe('old');
    expect(source.find('x', '3')).toBeNull();
  });
});

describeWithReferenceData('The value sets of the official measures', () => {
  it('are complete where their expansion was cut, except where only SNOMED CT itself could tell', () => {
    const all = readReferenceLines<ValueSetDefinition>('ecqm', 'valuesets.ndjson.gz');
    const source = valueSetsOf(all);
    const cut = all.filter(({ expansion }) => (expansion?.total ?? 0) > (expansion?.contains?.length ?? 0));
    expect(cut).toHaveLength(45);
    const short = cut.filter(
      (vs) => (source.find(vs.url, vs.version ?? null)?.codes.length ?? 0) < (vs.expansion?.total ?? 0),
    );
    expect(short.map(({ url }) => url.split('/').at(-1))).toEqual([
      '2.16.840.1.113883.3.3157.4056',
      '2.16.840.1.113883.3.666.5.1250',
    ]);
    expect(all.filter((vs) => source.problemOf(vs.url, null) !== null)).toHaveLength(3);
  });
});
