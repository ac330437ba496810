import { jest } from '@jest/globals';
import { cleanUp, count, patience, type ServerProcess, startProcess, temporaryFolder } from './server-process.ts';

jest.setTimeout(5 * patience);
afterAll(cleanUp);

const patients = 40;

async function start(folder: string): Promise<ServerProcess> {
  return startProcess({ GAPLESS_DATA_DIR: folder, GAPLESS_DEMO_PATIENTS: String(patients) });
}

describe('The first load of the demo practice', () => {
  it('goes on where Ctrl-C and kill -9 stopped it, with the same practice as without', async () => {
    const folder = temporaryFolder();
    const stops: readonly [RegExp, NodeJS.Signals, boolean][] = [
      [/Installing measures: 0/, 'SIGKILL', false],
      [/demo practice: 8\//, 'SIGINT', true],
      [/demo practice: \d+\//, 'SIGKILL', false],
    ];
    for (const [when, signal, group] of stops) {
      const server = await start(folder);
      await server.printed(when);
      server.kill(signal, group);
      expect(await server.ended()).toBe(signal === 'SIGINT' ? 0 : signal);
    }
    const resumed = await start(folder);
    const whole = await start(temporaryFolder());
    await Promise.all([resumed.printed(/Gapless is ready/), whole.printed(/Gapless is ready/)]);
    const totals = (server: ServerProcess): Promise<number[]> =>
      Promise.all(
        ['Patient', 'Observation', 'Encounter', 'Condition', 'Group', 'Measure'].map((type) => count(server.url, type)),
      );
    const expected = await totals(whole);
    expect(expected[0]).toBe(patients);
    expect(await totals(resumed)).toEqual(expected);
    for (const server of [resumed, whole]) {
      server.kill('SIGTERM');
      expect(await server.ended()).toBe(0);
    }
  });
});
