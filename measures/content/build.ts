import { writeFileSync } from 'node:fs';
import { createTranslator } from '../../cql/index.ts';
import { librarySources } from './own-measures.ts';

/**
 * ELM of every library of the content, by the path of its file, translated now from the CQL that is there.
 * @throws TranslationFailed with library, line and column
 */
export async function translateContent(): Promise<ReadonlyMap<string, string>> {
  const translator = createTranslator();
  try {
    const sources = librarySources();
    const libraries = sources.map(({ cql }) => cql);
    const files = new Map<string, string>();
    for (const { cql, elmPath } of sources) {
      const { main } = await translator.translate({ cql, libraries });
      files.set(elmPath, `${JSON.stringify(main)}\n`);
    }
    return files;
  } finally {
    await translator.close();
  }
}

if (import.meta.main) for (const [path, elm] of await translateContent()) writeFileSync(path, elm);
