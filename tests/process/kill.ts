import { parseArgs } from 'node:util';
import { killRounds } from './kill-rounds.ts';
import { cleanUp, temporaryFolder } from './server-process.ts';

const usage = `npm run kill [-- --rounds 200] [--seed N]

Kills servers, workers and the database with SIGKILL at random points under load, and holds what is stored, the gaps,
their history and their events to what was acknowledged and to a fresh evaluation. Exits with 1 when anything differs.`;

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '200' }, seed: { type: 'string' }, help: { type: 'boolean' } },
});
const rounds = Number(values.rounds);
const seed = Number(values.seed ?? Date.now() % 1_000_000);
if (values.help === true || !(rounds > 0) || !Number.isSafeInteger(seed)) {
  console.log(usage);
  process.exit(values.help === true ? 0 : 2);
}

console.log(`seed ${seed}, ${rounds} rounds`);
try {
  const say = (line: string): void => console.log(line);
  const { kills, acknowledged, refused, problems, looked } = await killRounds({
    rounds,
    seed,
    folder: temporaryFolder(),
    topologies: ['one', 'two'],
    checkEvery: 20,
    say,
  });
  const counted = Object.entries(kills).map(([what, times]) => `${times} × ${what}`);
  console.log(`\nkilled ${counted.join(', ')}; ${acknowledged} writes acknowledged, ${refused} without an answer`);
  console.log(`looked at ${JSON.stringify(looked)}`);
  for (const problem of problems.slice(0, 50)) console.log(`! ${problem}`);
  console.log(`${problems.length} problems`);
  process.exitCode = problems.length === 0 ? 0 : 1;
} finally {
  await cleanUp();
}
