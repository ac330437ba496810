import type { GapAnswer } from './answer.ts';
import { isMet, type MetNeed, needKey } from './reasons.ts';
import { limit, subject, window } from './sentences.ts';

/** What is found out rather than done: no step by itself, unless there is no other. */
const findings: ReadonlySet<string> = new Set(['Condition', 'AllergyIntolerance', 'AdverseEvent']);

/** What would close an open gap: one step for each kind of data, alternatives side by side. */
export function nextSteps(needs: readonly MetNeed[]): GapAnswer['nextSteps'] {
  const open = needs.filter((met) => limit(met.need, false) !== '' || (met.toHave && !isMet(met)));
  const doable = open.filter(({ need }) => !findings.has(need.resourceType));
  const steps = new Map<string, GapAnswer['nextSteps'][number]>();
  for (const met of doable.length === 0 ? open : doable) {
    const { need, component, toHave } = met;
    const bound = limit(need, !toHave);
    const text = `Record ${subject(need, component)}${bound === '' ? '' : ` ${bound}`}${window(need)}`;
    const key = needKey(met);
    if (!steps.has(key) || bound !== '') steps.set(key, { text, need });
  }
  return [...steps.values()];
}
