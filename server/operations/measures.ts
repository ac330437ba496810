import type { InstalledMeasure, MeasureReference } from '../content/installed-measure.ts';
import { InvalidArguments } from './errors.ts';
import type { OperationContext } from './operation.ts';
import type { OperationServices } from './services.ts';

export interface MeasureArguments {
  readonly measureUrl: readonly string[];
  readonly measureId?: readonly string[];
  readonly measureIdentifier?: readonly string[];
  /** Measure.topic. */
  readonly topic?: readonly string[];
  /** Measure.useContext. */
  readonly program?: readonly string[];
}

/**
 * The measures that a request names, each once, in its order. At instance level, the one of the URL.
 *
 * @throws UnknownMeasure for a measure that is not installed; InvalidArguments when the request names none
 */
export async function resolveMeasures(
  args: MeasureArguments,
  { tenant, resourceId }: OperationContext,
  { catalogue, findIds }: OperationServices,
): Promise<readonly InstalledMeasure[]> {
  const { measureUrl, measureId = [], measureIdentifier = [], topic = [], program = [] } = args;
  const references: MeasureReference[] = [
    ...(resourceId === null ? [] : [{ id: resourceId }]),
    // A version with white space comes escaped, as our reports have it.
    ...measureUrl.map((canonical) => ({ canonical: canonical.replaceAll('%20', ' ') })),
    ...measureId.map((id) => ({ id })),
    ...measureIdentifier.map((identifier) => ({ identifier })),
  ];
  const asked = [
    ...topic.map((code) => ({ name: 'topic', search: 'topic', code })),
    ...program.map((code) => ({ name: 'program', search: 'context', code })),
  ];
  for (const { name, search, code } of asked) {
    const ids = await findIds(tenant, 'Measure', `${search}=${encodeURIComponent(code)}`);
    if (ids.length === 0) throw noMeasure(`no installed measure has ${name}=${code}`);
    references.push(...ids.map((id) => ({ id })));
  }
  if (references.length === 0) throw noMeasure('measureUrl: is required: name one measure at least');
  const found = new Map<string, InstalledMeasure>();
  for (const reference of references) {
    const measure = await catalogue.find(tenant, reference);
    found.set(`${measure.url}|${measure.version}`, measure);
  }
  return [...found.values()];
}

function noMeasure(diagnostics: string): InvalidArguments {
  return new InvalidArguments([
    { code: 'required', diagnostics, expression: ["Parameters.parameter.where(name='measureUrl')"] },
  ]);
}
