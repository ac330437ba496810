interface GapKey {
  readonly patient: string;
  readonly measure_url: string;
  readonly measure_version: string;
  readonly group_id: string;
  readonly period_start: string;
}

export interface StateRow extends GapKey {
  readonly period_end: string;
  readonly status: string | null;
  readonly known_status: string | null;
  readonly populations: unknown;
  readonly reasons: unknown;
  readonly next_steps: unknown;
  readonly evidence: unknown;
  readonly due_by: string | null;
  readonly error: string | null;
  readonly content_hash: string;
}

export interface HistoryRow extends GapKey {
  readonly from_status: string | null;
  readonly to_status: string | null;
}

export interface EventRow extends HistoryRow {
  readonly number: number;
  readonly kind: string;
}

/** What is wrong with history and events: each transition has one entry, and replaying them gives the state. */
export function transitionProblems(
  states: readonly StateRow[],
  history: readonly HistoryRow[],
  events: readonly EventRow[],
  lastNumber: number,
): string[] {
  const problems: string[] = [];
  if (events.some(({ number }, index) => number !== index + 1)) problems.push('numbers of events have holes');
  if (events.length !== lastNumber) problems.push(`${events.length} events, and the last number is ${lastNumber}`);

  const statusOf = new Map(states.map((row) => [keyOf(row), row.status]));
  const entriesOf = Map.groupBy(history, keyOf);
  const eventsOf = Map.groupBy(events, keyOf);
  for (const key of new Set([...statusOf.keys(), ...entriesOf.keys(), ...eventsOf.keys()])) {
    const entries = entriesOf.get(key) ?? [];
    const status = statusOf.get(key) ?? null;
    const chain = entries.every(
      ({ from_status: from, to_status: to }, index) =>
        from !== to && (index === 0 ? from === null || !isTold(from) : from === entries[index - 1]?.to_status),
    );
    const end = entries.length === 0 ? !isTold(status) : entries.at(-1)?.to_status === status;
    if (!chain || !end) problems.push(`history of ${key}: ${line(entries)}, and the state is ${status}`);
    // Nothing here fails to be evaluated, so that every change of a gap in the history is one event.
    const expected = entries.flatMap(({ from_status: from, to_status: to }) => {
      if (isGap(to)) return `gap-opened ${from} ${to}`;
      return isGap(from) ? `gap-closed ${from} ${to}` : [];
    });
    const told = (eventsOf.get(key) ?? []).map(
      ({ kind, from_status, to_status }) => `${kind} ${from_status} ${to_status}`,
    );
    if (expected.join() !== told.join())
      problems.push(`events of ${key}: ${told.join(', ')} and by its history ${expected.join(', ')}`);
    const open = eventsOf.get(key)?.at(-1)?.kind === 'gap-opened';
    if (open !== isGap(status)) problems.push(`by its events ${key} is ${open ? 'open' : 'no gap'}: it is ${status}`);
  }
  return problems;
}

function line(entries: readonly HistoryRow[]): string {
  return entries.map(({ from_status: from, to_status: to }) => `${from} → ${to}`).join(', ');
}

function keyOf(row: GapKey): string {
  return [row.patient, row.measure_url, row.measure_version, row.group_id, row.period_start].join(' ');
}

function isTold(status: string | null): boolean {
  return isGap(status) || status === 'closed-gap';
}

function isGap(status: string | null): boolean {
  return status === 'open-gap' || status === 'prospective-gap';
}
