import type { GapAnswer } from './answer.ts';
import type { MetNeed, Step } from './explain.ts';
import { amount, componentName, limits, longest, oneOf, sentence, subject, timeLeft } from './sentences.ts';

/** The verb that fits what is asked for. */
const verbs: { readonly [resourceType: string]: string } = {
  MedicationRequest: 'Prescribe',
  ServiceRequest: 'Order',
  DeviceRequest: 'Order',
};

/** What would close an open gap: all of the steps together; each says what it takes, or which of several will do. */
export function nextSteps(steps: readonly Step[], asOf: string): GapAnswer['nextSteps'] {
  const byText = new Map<string, GapAnswer['nextSteps'][number]>();
  for (const { needs, alternatives } of steps) {
    const [first] = needs;
    if (first === undefined) continue;
    const when = timeLeft(first.need, asOf);
    const what = wording(needs);
    const others = alternatives.map((met) => {
      const otherwise = timeLeft(met.need, asOf);
      return `${wording([met])}${otherwise === when ? '' : otherwise}`;
    });
    const names = [...new Set([what, ...others])];
    const same = [first, ...alternatives].every(
      ({ need }) => verbOf(need.resourceType) === verbOf(first.need.resourceType),
    );
    const verb = same ? verbOf(first.need.resourceType) : 'Record';
    const text =
      names.length === 1
        ? `${verb} ${what}${when}`
        : `${verb} one of: ${oneOf(names, longest - when.length - verb.length - ' one of: '.length)}${when}`;
    const step = {
      text: sentence(text),
      need: first.need,
      ...(needs.length > 1 && { together: needs.slice(1).map(({ need }) => need) }),
      ...(alternatives.length > 0 && { alternatives: alternatives.map(({ need }) => need) }),
    };
    if (!byText.has(step.text)) byText.set(step.text, step);
  }
  return [...byText.values()];
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
    const unit = bound.unit === null ? '' : amount(0, bound.unit).slice(1);
    return `${name} ${limits([{ ...bound, unit: null }]).replace(String(bound.value), numbers)}${unit}`;
  }
  const results = [
    ...new Set(
      needs.flatMap(({ elements }) => elements.flatMap(({ path, title }) => (path === 'value' ? [title] : []))),
    ),
  ];
  const values = needs.flatMap((met) =>
    met.values.length === 0 ? [] : [`${needs.length > 1 ? `${componentName(met)} ` : ''}${limits(met.values)}`],
  );
  const asked = [...new Set(values)].join(' and ');
  const times = first.count > 1 ? ` (${first.count} in all)` : '';
  if (asked !== '') return `${name} ${asked}${times}`;
  if (results.length > 0) return `${name} with the result "${results.join('" and "')}"${times}`;
  return `${name}${needs.some(({ hasValue }) => hasValue) ? ' with a result' : ''}${times}`;
}
