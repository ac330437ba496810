import { CyclicInclude, createTranslator, MissingLibrary, MissingModel, TranslationFailed } from '../../cql/index.ts';

const translator = createTranslator();
afterAll(() => translator.close());

async function failure(cql: string, libraries: readonly string[] = []): Promise<TranslationFailed> {
  const error: unknown = await translator.translate({ cql, libraries }).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(TranslationFailed);
  return error as TranslationFailed;
}

describe('Translating CQL', () => {
  it('gives ELM with locators, result types and signatures', async () => {
    const { main } = await translator.translate({ cql: "library A version '1'\ndefine Sum: 1 + 2" });
    expect(main.library.identifier).toEqual({ id: 'A', version: '1' });
    expect(main.library.statements?.def).toMatchObject([
      {
        name: 'Sum',
        locator: '2:1-2:17',
        resultTypeName: '{urn:hl7-org:elm-types:r1}Integer',
        expression: { type: 'Add', localId: expect.any(String), signature: [{}, {}] },
      },
    ]);
  });

  it('gives the same ELM to the same text', async () => {
    const cql = "library A version '1' using FHIR version '4.0.1' context Patient define Labs: [Observation]";
    const [first, second] = [await translator.translate({ cql }), await translator.translate({ cql })];
    expect(second).toEqual(first);
  });

  it('compiles includes, and names the newest when no version is asked for', async () => {
    const common = (version: string) => `library Common version '${version}'\ndefine Value: '${version}'`;
    const { includes } = await translator.translate({
      cql: "library A version '1'\ninclude Common called C\ndefine Value: C.Value",
      libraries: [common('2.9.0'), common('2.10.0')],
    });
    expect(includes.map(({ library }) => library.identifier)).toEqual([{ id: 'Common', version: '2.10.0' }]);
  });

  it('notices an included library that changed under the same version', async () => {
    const cql = "library A version '1'\ninclude B version '1' called B\ndefine Result: B.Value";
    const b = (value: string) => `library B version '1'\ndefine Value: ${value}`;
    const types = [];
    for (const value of ['1', "'one'"]) {
      const { main } = await translator.translate({ cql, libraries: [b(value)] });
      types.push(main.library.statements?.def[0]?.['resultTypeName']);
    }
    expect(types).toEqual(['{urn:hl7-org:elm-types:r1}Integer', '{urn:hl7-org:elm-types:r1}String']);
  });

  it.each<[string, string, Partial<TranslationFailed['messages'][number]>]>([
    ['a syntax error', 'define A: 1 +', { kind: 'syntax', startLine: 2 }],
    [
      'a syntax error, whose column counts from 1 too',
      'define A: 1 + * 2',
      { kind: 'syntax', startLine: 2, startColumn: 15 },
    ],
    ['an unknown name', 'define A: Nobody', { kind: 'semantic', startLine: 2, startColumn: 11, endLine: 2 }],
    ['a unit that is none', "define A: 2 'florb'", { startLine: 2, startColumn: 11 }],
    ['deep nesting', `define A: ${'('.repeat(2000)}1${')'.repeat(2000)}`, { kind: 'syntax', startLine: 2 }],
  ])('says where %s is', async (_, definition, message) => {
    const { messages } = await failure(`library Broken version '1'\n${definition}`);
    expect(messages).toContainEqual(expect.objectContaining({ library: 'Broken', severity: 'error', ...message }));
  });

  it('says in which included library an error is', async () => {
    const { messages } = await failure("library A version '1'\ninclude B version '1' called B\ndefine X: B.Y", [
      "library B version '1'\ndefine Y: Nobody",
    ]);
    expect(messages.map(({ library }) => library)).toContain('B');
  });

  it('names a library that is missing and who includes it', async () => {
    const translating = translator.translate({ cql: "library A version '1'\ninclude B version '2' called B" });
    await expect(translating).rejects.toThrow(new MissingLibrary('B', '2', 'A'));
  });

  it('names libraries that include one another', async () => {
    const b = "library B version '1'\ninclude A version '1' called A";
    const translating = translator.translate({
      cql: "library A version '1'\ninclude B version '1' called B",
      libraries: [b],
    });
    await expect(translating).rejects.toThrow(CyclicInclude);
  });

  it('names a model that is missing', async () => {
    const translating = translator.translate({ cql: "library A version '1'\nusing QICore version '6.0.0'" });
    await expect(translating).rejects.toThrow(new MissingModel('QICore', '6.0.0'));
  });

  it('goes on after a failure', async () => {
    await failure("library A version '1'\ndefine B: ?");
    const { main } = await translator.translate({ cql: "library A version '1'\ndefine B: 1" });
    expect(main.library.identifier.id).toBe('A');
  });

  it('stops what takes too long, and works again afterwards', async () => {
    const hurried = createTranslator({ timeoutMs: 1500 });
    const long = `library Long version '1'\ndefine A: ${Array.from({ length: 30_000 }, (_, i) => i).join(' + ')}`;
    await expect(hurried.translate({ cql: long })).rejects.toThrow(/stopped after 1500 ms|nested too deeply/);
    await hurried.close();
    const patient = createTranslator();
    await expect(patient.translate({ cql: "library A version '1'" })).resolves.toHaveProperty('main');
    await patient.close();
  });

  it('replaces its thread now and then', async () => {
    const careful = createTranslator({ recycleAfter: 1 });
    for (const name of ['A', 'B'])
      expect((await careful.translate({ cql: `library ${name} version '1'` })).main.library.identifier.id).toBe(name);
    await careful.close();
  });
});
