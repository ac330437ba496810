import type { Database } from '../../../server/db/database.ts';
import type { Receiver } from './receiver.ts';
import { range } from './subscribers.ts';

/** What a subscriber may rely on, whatever happened: every number once it drops what it has seen, and in order. */
export async function expectExactly(count: number, receiver: Receiver, database: Database): Promise<void> {
  const accepted = receiver.accepted();
  expect(new Set(accepted)).toEqual(new Set(range(1, count)));
  let last = 0;
  for (const number of accepted) {
    expect(number).toBeLessThanOrEqual(last + 1);
    last = Math.max(last, number);
  }
  const focus = new Map<number, Set<string>>();
  for (const { numbers, focus: told } of receiver.events())
    for (const [position, number] of numbers.entries())
      focus.set(number, (focus.get(number) ?? new Set()).add(told[position] ?? ''));
  expect([...focus.values()].filter((each) => each.size !== 1)).toEqual([]);
  expect(new Set([...focus.values()].flatMap((each) => [...each])).size).toBe(count);
  const { rows } = await database.query<{ number: number }>('SELECT number FROM subscription_event ORDER BY number');
  expect(rows.map(({ number }) => number)).toEqual(range(1, count));
}
