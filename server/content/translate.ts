import { createTranslator, type TranslatorLimits } from '../../cql/index.ts';
import type { Translate } from './library-shelf.ts';

/** The name and version in the header of a model info (CQL specification, modelInfo). */
function modelInfo(xml: string): { name: string; version: string; xml: string } {
  const header = /<(?:\w+:)?modelInfo\b[^>]*>/.exec(xml)?.[0] ?? '';
  const attribute = (name: string): string => new RegExp(`\\s${name}="([^"]*)"`).exec(header)?.[1] ?? '';
  return { name: attribute('name'), version: attribute('version'), xml };
}

/** Translates with the translator's own thread; `close` ends it. */
export function startTranslating(limits: TranslatorLimits = {}): {
  readonly translate: Translate;
  close(): Promise<void>;
} {
  const translator = createTranslator(limits);
  return {
    async translate(main, includes, modelInfos) {
      return translator.translate({
        cql: main.cql,
        libraries: includes.map(({ cql }) => cql),
        models: modelInfos.map(modelInfo),
      });
    },
    close: () => translator.close(),
  };
}
