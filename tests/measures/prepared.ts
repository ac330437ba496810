import {
  createInterpreter,
  createTranslator,
  libraryKey,
  linkLibraries,
  type Translation,
  type ValueSetSource,
} from '../../cql/index.ts';
import { type MeasureDefinition, type PreparedMeasure, prepareMeasure } from '../../measures/index.ts';

/** Value sets of one made-up code each: `http://example.org/ValueSet/x` has the code `x`. */
export const oneCodeEach: ValueSetSource = {
  find: (url) => ({
    url,
    version: null,
    codes: [{ system: 'http://example.org/codes', code: url.split('/').at(-1) ?? '' }],
  }),
};

const translations = new Map<string, Promise<Translation>>();

/** Prepares a measure from CQL, through the translator (once per text, it starts slowly) and the interpreter. */
export async function prepareCql(
  definition: MeasureDefinition,
  cql: string,
  valueSets: ValueSetSource = oneCodeEach,
): Promise<PreparedMeasure> {
  const translation = translations.get(cql) ?? translate(cql);
  translations.set(cql, translation);
  const { main, includes } = await translation;
  const byKey = new Map(includes.map((library) => [libraryKey(library.library.identifier), library]));
  const linked = linkLibraries(
    main,
    (id, version) => byKey.get(libraryKey(version === null ? { id } : { id, version })) ?? null,
  );
  return prepareMeasure({ definition, linked, valueSets, evaluator: createInterpreter() });
}

async function translate(cql: string): Promise<Translation> {
  const translator = createTranslator();
  try {
    return await translator.translate({ cql });
  } finally {
    await translator.close();
  }
}
