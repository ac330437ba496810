import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type CodeStore, createCompiler, type Evaluator, type PreparedLibrary } from '../../cql/index.ts';
import {
  evaluateSubject,
  gapAnswers,
  type PreparedMeasure,
  prepareOrRestore,
  readMeasure,
} from '../../measures/index.ts';
import { type Content, casesOf, loadContent, recordOf } from '../conformance/content.ts';
import { describeWithReferenceData, referenceData } from '../support/reference-data.ts';

class Memory implements CodeStore {
  readonly contents = new Map<string, Uint8Array>();
  reads = 0;
  read(key: string): Uint8Array | null {
    this.reads += 1;
    return this.contents.get(key) ?? null;
  }
  write(key: string, content: Uint8Array): void {
    this.contents.set(key, content);
  }
}

/** An engine that may restore, and not prepare. */
function restoring(store: CodeStore): Evaluator {
  return {
    ...createCompiler(store),
    prepare: (): PreparedLibrary => {
      throw new Error('prepared anew');
    },
  };
}

describeWithReferenceData('A measure that was kept', () => {
  let content: Content;
  let names: readonly string[];
  const store = new Memory();
  const fresh = new Map<string, PreparedMeasure>();

  let linkings = 0;
  const prepared = (name: string, evaluator: Evaluator, from: CodeStore): PreparedMeasure => {
    const measure = content.measures.get(name);
    if (measure === undefined) throw new Error(name);
    const { valueSets } = content;
    const linked = (): ReturnType<Content['link']> => {
      linkings += 1;
      return content.link(measure);
    };
    return prepareOrRestore({ key: name, definition: readMeasure(measure), linked, valueSets, evaluator }, from);
  };

  beforeAll(() => {
    content = loadContent();
    names = [...content.measures.keys()];
    const evaluator = createCompiler(store);
    for (const name of names) fresh.set(name, prepared(name, evaluator, store));
  }, 120_000);

  it('is restored without its ELM: every official one', () => {
    const evaluator = restoring(store);
    for (const name of names) expect(() => prepared(name, evaluator, store)).not.toThrow();
  }, 60_000);

  it('has the same requirements and needs', () => {
    const evaluator = restoring(store);
    for (const name of names) {
      const { requirements, needs, bounds, calls, periodType } = prepared(name, evaluator, store);
      const original = fresh.get(name);
      expect(JSON.stringify([[...requirements], [...needs]])).toBe(
        JSON.stringify([[...(original?.requirements ?? [])], [...(original?.needs ?? [])]]),
      );
      expect({ bounds, calls, periodType }).toEqual({
        bounds: original?.bounds,
        calls: original?.calls,
        periodType: original?.periodType,
      });
    }
  }, 60_000);

  it('gives the same results, traces and gaps', async () => {
    const evaluator = createCompiler(store);
    linkings = 0;
    for (const [i, name] of names.entries()) {
      const restored = prepared(name, evaluator, store);
      const original = fresh.get(name);
      if (original === undefined) throw new Error(name);
      for (const { bundle, expected } of existsSync(join(referenceData, 'ecqm', 'cases', `${name}.ndjson.gz`))
        ? casesOf(name).slice(0, 4)
        : []) {
        const { start = '2026-01-01', end = '2026-12-31' } = expected.period;
        const period = { start: start.slice(0, 10), end: end.slice(0, 10) };
        const request = { period, now: `${period.end}T23:59:59.999+00:00`, trace: i % 4 === 0 };
        const results = [];
        for (const measure of [original, restored]) {
          const result = await evaluateSubject(measure, recordOf(bundle), request).catch(
            ({ message }: Error) => message,
          );
          results.push(
            typeof result === 'string'
              ? result
              : { result, gaps: request.trace ? gapAnswers(measure, result, { period, asOf: period.end }) : [] },
          );
        }
        expect(results[1]).toEqual(results[0]);
      }
    }
    expect(linkings).toBe(0);
  }, 300_000);

  it('is prepared anew when a part of it is gone', () => {
    const [name = ''] = names;
    for (const key of store.contents.keys()) {
      if (key.includes('CMS') && !key.includes(name)) continue;
      const part = new Memory();
      for (const [other, bytes] of store.contents) if (other !== key) part.write(other, bytes);
      const again = prepared(name, createCompiler(part), part);
      expect(again.requirements.size).toBe(fresh.get(name)?.requirements.size);
      expect(again.needs.size).toBe(fresh.get(name)?.needs.size);
    }
  }, 300_000);
});
