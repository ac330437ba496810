import { parseArgs } from 'node:util';
import { describeDifference } from './differences.ts';
import { searchHostile } from './hostile.ts';
import { search } from './search.ts';
import { triaged } from './triaged.ts';

const usage = `npm run fuzz [-- --minutes 10] [--seed N] [--most N]

Random typed ELM over random small records on both engines: they agree, or tests/fuzz/triaged.ts says why not. A seed
and no --minutes gives the same run again; stops after --most (25) kinds of differences. Exits with 1 when there are any.`;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string' },
    most: { type: 'string', default: '25' },
    help: { type: 'boolean' },
  },
});
const [minutes, most] = [Number(values.minutes), Number(values.most)];
const seed = Number(values.seed ?? Date.now() % 1_000_000);
if (values.help === true || !(minutes > 0) || !Number.isSafeInteger(seed) || !(most > 0)) {
  console.log(usage);
  process.exit(values.help === true ? 0 : 2);
}

console.log(`seed ${seed}, ${minutes} minutes`);
const hostile = await searchHostile({ seed, until: performance.now() + minutes * 6_000 });
console.log(`${hostile.tried} documents with code in a string: ${hostile.broken.length} misbehave`);
for (const broken of hostile.broken) console.log(`! ${broken}`);

const { evaluated, found, explained } = await search({
  seed,
  runs: Number.POSITIVE_INFINITY,
  until: performance.now() + minutes * 54_000,
  most,
  report: ({ seed: batch, difference }) => console.log(`\nseed ${batch}\n${describeDifference(difference)}`),
});
console.log(`\n${evaluated} expressions, ${found.length} kinds of differences without a rule`);
for (const [what, times] of explained) console.log(`  ${times} × ${what}`);
const unneeded = triaged.filter(({ what }) => !explained.has(what));
if (minutes >= 10)
  for (const { what, section } of unneeded)
    console.log(`  never needed, take it out of triaged.ts?: ${what} (${section})`);
process.exitCode = found.length + hostile.broken.length === 0 ? 0 : 1;
