import type { GapAnswer } from './answer.ts';
import { type MetNeed, needKey } from './reasons.ts';
import { limit, subject, window } from './sentences.ts';

/** What would close an open gap: one step for each kind of data, alternatives side by side. */
export function nextSteps(needs: readonly MetNeed[]): GapAnswer['nextSteps'] {
  const steps = new Map<string, GapAnswer['nextSteps'][number]>();
  for (const { need, component, toHave, ...planned } of needs) {
    const name = subject(need, component);
    const bound = limit(need, !toHave);
    if (!toHave && bound === '') continue;
    const text = `Record ${name}${bound === '' ? '' : ` ${bound}`}${window(need)}`;
    const key = needKey({ need, component, ...planned });
    if (!steps.has(key) || bound !== '') steps.set(key, { text, need });
  }
  return [...steps.values()];
}
