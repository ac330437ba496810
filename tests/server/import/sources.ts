import type { ImportSettings } from '../../../server/store/import-ndjson.ts';
import type { NdjsonSource } from '../../../server/store/import-source.ts';

export function textSource(text: string, resourceType: string | null = null): NdjsonSource {
  return {
    name: 'test.ndjson',
    resourceType,
    size: Buffer.byteLength(text),
    open: () => chunks(Buffer.from(text)),
  };
}

async function* chunks(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536);
}

export function settingsOf(database: ImportSettings['database'], more: Partial<ImportSettings> = {}): ImportSettings {
  return {
    database,
    tenant: 'practice',
    importId: 'test',
    baseUrl: null,
    audit: () => null,
    check: async () => {},
    explain: ({ name, message }) => ({ code: name, diagnostics: message, expression: [] }),
    signal: new AbortController().signal,
    ...more,
  };
}
