import { jest } from '@jest/globals';
import { type KillReport, killRounds } from './kill-rounds.ts';
import { cleanUp, patience, temporaryFolder } from './server-process.ts';

jest.setTimeout(6 * patience);
afterAll(cleanUp);

/** `npm run kill` does the same two hundred times, with one process and with two by turns. */
describe('Server, worker and database killed at random points under load', () => {
  let report: KillReport;
  beforeAll(async () => {
    const folder = temporaryFolder();
    report = await killRounds({ rounds: 6, seed: 6, folder, topologies: ['two'], checkEvery: 6, say: () => {} });
  });

  it('lose no write that was acknowledged, double none, and leave state, history and events as they would be without', () => {
    expect(report.problems).toEqual([]);
  });

  it('were killed, while much was written', () => {
    expect(Object.values(report.kills).reduce((sum, times) => sum + times, 0)).toBe(6);
    expect(report.acknowledged).toBeGreaterThan(30);
    for (const looked of Object.values(report.looked ?? {})) expect(looked).toBeGreaterThan(0);
  });
});
