import type { GapAnswer } from './answer.ts';
import type { AsOf } from './as-of.ts';
import { findings, type MetNeed, type Step } from './explain.ts';
import { componentName, fitting, limits, longest, oneOf, subject, timeLeft, withUnit } from './sentences.ts';

/** What is asked for is data: whether to prescribe or to order is the clinician's decision, not the measure's. */
const verbs: { readonly [resourceType: string]: string } = {
  MedicationRequest: 'Record a prescription of',
  ServiceRequest: 'Record an order of',
  DeviceRequest: 'Record an order of',
  Condition: 'Document',
};

/** What would close an open gap: all of the steps together; each says what it takes, or which of several will do. */
export function nextSteps(steps: readonly Step[], asOf: AsOf): GapAnswer['nextSteps'] {
  const byText = new Map<string, GapAnswer['nextSteps'][number]>();
  const doneFirst = steps.toSorted((a, b) => Number(isFound(a)) - Number(isFound(b)));
  for (const step of doneFirst) {
    const [first, ...together] = step.needs;
    if (first === undefined) continue;
    const alternatives = step.alternatives.map(({ need }) => need);
    const told = {
      text: fitting(wordings(step, first, asOf)),
      need: first.need,
      ...(together.length > 0 && { together: together.map(({ need }) => need) }),
      ...(alternatives.length > 0 && { alternatives }),
    };
    if (!byText.has(told.text)) byText.set(told.text, told);
  }
  return [...byText.values()];
}

/** What is found out, not done, comes after what can be done. */
function isFound({ needs: [first] }: Step): boolean {
  return first !== undefined && findings.has(first.need.resourceType);
}

/** Ways to say a step, the most telling first. */
function wordings({ needs, alternatives, otherwise }: Step, first: MetNeed, asOf: AsOf): string[] {
  const when = timeLeft(first.need, asOf);
  const same = alternatives.every(({ need }) => verbOf(need.resourceType) === verbOf(first.need.resourceType));
  const verb = same ? verbOf(first.need.resourceType) : 'Record';
  const others = alternatives.map((met) => {
    const until = timeLeft(met.need, asOf);
    return `${wording([met])}${until === when ? '' : until}`;
  });
  const names = [...new Set([wording(needs), ...others])];
  const briefly = [...new Set([subject(first), ...alternatives.map(subject)])];
  const result = resultWording(needs);
  if (otherwise.length > 0 && result !== null) {
    const follow = [...new Set(otherwise.map(subject))];
    const start = `${verb} ${subject(first)}${when}; unless ${result}, also `;
    return [
      `${start}${oneOf(follow, longest - start.length)}`,
      `${start}a follow-up`,
      `${verb} ${subject(first)}${when}, with the follow-up that its result asks for`,
      `${verb} ${subject(first)}${when}, and follow up`,
    ];
  }
  if (briefly.length === 1) return [`${verb} ${names[0]}${when}`, `${verb} ${briefly[0]}${when}`];
  const list = (of: readonly string[]): string =>
    `${verb} one of: ${oneOf(of, longest - when.length - verb.length - 9)}${when}`;
  return [list(names), list(briefly)];
}

function verbOf(resourceType: string): string {
  return verbs[resourceType] ?? 'Record';
}

/** What is to be there, with the values that count: "blood pressure below 140/90 mm[Hg]". */
function wording(needs: readonly MetNeed[]): string {
  const [first] = needs;
  if (first === undefined) return '';
  const name = subject(first);
  const [bound] = first.values;
  const alike = needs.every(
    ({ values: [value, ...more] }) =>
      more.length === 0 && value !== undefined && value.comparator === bound?.comparator && value.unit === bound.unit,
  );
  if (needs.length > 1 && alike && bound !== undefined) {
    const numbers = needs.map(({ values }) => String(values[0]?.value)).join('/');
    return `${name} ${limits([{ ...bound, unit: null }]).replace(String(bound.value), numbers)}${withUnit(bound.unit)}`;
  }
  const results = resultsOf(needs);
  const values = needs.flatMap((met) =>
    met.values.length === 0 ? [] : [`${needs.length > 1 ? `${componentName(met)} ` : ''}${limits(met.values)}`],
  );
  const asked = [...new Set(values)].join(' and ');
  const times = first.count > 1 ? ` (${first.count} in all)` : '';
  if (asked !== '') return `${name} ${asked}${times}`;
  if (results.length > 0) return `${name} with the result "${results.join('" and "')}"${times}`;
  return `${name}${needs.some(({ hasValue }) => hasValue) ? ' with a result' : ''}${times}`;
}

/** "it is below 9%", "the result is ..."; null when any result will do. */
function resultWording(needs: readonly MetNeed[]): string | null {
  const values = [...new Set(needs.map((met) => limits(met.values)))].filter((text) => text !== '');
  if (values.length > 0) return `it is ${values.join(' and ')}`;
  const results = resultsOf(needs);
  return results.length === 0 ? null : `the result is "${results.join('" and "')}"`;
}

function resultsOf(needs: readonly MetNeed[]): string[] {
  const titles = needs.flatMap(({ elements }) =>
    elements.flatMap(({ path, title }) => (path === 'value' ? [title] : [])),
  );
  return [...new Set(titles)];
}
