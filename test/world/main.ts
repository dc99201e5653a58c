import { parseArgs } from 'node:util';
import { takeOut } from './mutate.ts';
import { MUTATIONS } from './mutations.ts';
import { type Worlds, runWorlds } from './run-worlds.ts';
import { DENSE, THEMES } from './themes/index.ts';
import { makeGzipSynchronous } from './sync-zlib.ts';

const HELP = `npm run test:world -- [--runs N] [--seed S] [--json] [--trace] [--theme NAME] [--mutations [--only TEXT]]

Runs N worlds (1,000 by default) with the seeds S, S + 1, ... (1 by default) on all cores.
--trace runs the world of one seed and prints every event. With --only, it runs without that fix.
--theme gives all worlds this theme: ${Object.keys(THEMES).join(', ')}. ${DENSE}: no theme, but more of everything.
--mutations takes one fix after the other out of the functions and says which world misses it.
The last line is one JSON document. Exit code 1: a promise was broken.`;

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
    trace: { type: 'boolean', default: false },
    mutations: { type: 'boolean', default: false },
    theme: { type: 'string' },
    only: { type: 'string', default: '' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) console.log(HELP);
else if (values.trace) await traceOne(Number(values.seed));
else if (values.mutations) await mutate(Number(values.seed), Number(values.runs));
else await runMany(Number(values.seed), Number(values.runs));

async function traceOne(seed: number): Promise<void> {
  const mutation = MUTATIONS.find(({ name }) => values.only !== '' && name.includes(values.only));
  if (mutation !== undefined) takeOut(mutation.name);
  makeGzipSynchronous();
  const { readDeployed } = await import('./deployed.ts');
  const { runWorld } = await import('./run-world.ts');
  const { violations } = await runWorld(await readDeployed(), {
    seed,
    theme: values.theme,
    trace: (line) => console.log(line),
  });
  for (const violation of violations) console.log(violation);
  process.exitCode = violations.length > 0 ? 1 : 0;
}

async function runMany(seed: number, runs: number): Promise<void> {
  const onProgress = ({
    runs: done,
    violations,
  }: {
    readonly runs: number;
    readonly violations: number;
  }): void => {
    if (process.stderr.isTTY) process.stderr.write(`\r${done} worlds, ${violations} violations `);
  };
  const worlds = await runWorlds({ seed, runs, theme: values.theme, onProgress });
  if (!values.json) print(worlds);
  const { violations, runsPerSecond } = worlds;
  console.log(
    JSON.stringify({
      ...worlds,
      failures: worlds.failures.slice(0, 20),
      runs: worlds.runs,
      violations,
      runsPerSecond,
      seed,
    }),
  );
  process.exitCode = violations > 0 ? 1 : 0;
}

/** Each fix must be missed. A world that fails without the mutation as well does not count. */
async function mutate(seed: number, runs: number): Promise<void> {
  const missed: string[] = [];
  const found: { readonly name: string; readonly worlds: number; readonly seed: number }[] = [];
  for (const { name, attack } of MUTATIONS.filter((one) => one.name.includes(values.only))) {
    const worlds = await runWorlds({
      seed,
      runs,
      shrunk: 0,
      untilFound: true,
      mutation: name,
      theme: values.theme,
    });
    const [failure] = worlds.failures;
    const isSound =
      failure !== undefined &&
      (await runWorlds({ seed: failure.seed, runs: 1, shrunk: 0, theme: values.theme })).violations === 0;
    if (isSound) found.push({ name, worlds: failure.seed - seed + 1, seed: failure.seed });
    else missed.push(name);
    const end = isSound
      ? `found in ${failure.seed - seed + 1} worlds (seed ${failure.seed}: ${failure.violations[0]})`
      : `not found in ${worlds.runs} worlds`;
    if (!values.json) console.log(`${attack}: ${name}: ${end}`);
  }
  console.log(JSON.stringify({ seed, runs, found, missed }));
  process.exitCode = missed.length > 0 ? 1 : 0;
}

function print(worlds: Worlds): void {
  const { runs, failures, ends, worldsWith, kinds, lengths, events, virtualMillis } = worlds;
  for (const { seed, violations, strikes, tries } of failures) {
    console.log(`\nSeed ${seed}: ${violations.join('\n  ')}`);
    if (tries > 0) console.log(`  The same with these alone (${tries} worlds tried):`);
    for (const { kind, what } of strikes) console.log(`  - ${kind}: ${what}`);
    console.log(`  Again: npm run test:world -- --seed ${seed} --trace`);
  }
  const share = (count: number): string => `${((100 * count) / runs).toFixed(1)} %`;
  console.log(
    `\n${runs} worlds, ${Math.round(events / runs)} events and ${(virtualMillis / 60_000 / runs).toFixed(1)} virtual minutes each`,
  );
  console.log('Runs of a world ended:');
  for (const [name, count] of byCount(ends).slice(0, 20)) console.log(`  ${share(count)} ${name}`);
  console.log('Happened in (and times in all):');
  for (const [name, count] of byCount(worldsWith)) console.log(`  ${share(count)} ${name} (${kinds[name]})`);
  console.log('Events at most:');
  for (const [name, count] of Object.entries(lengths)) console.log(`  ${name}: ${share(count)}`);
}

function byCount(counts: Readonly<Record<string, number>>): readonly (readonly [string, number])[] {
  return Object.entries(counts).toSorted((one, other) => other[1] - one[1]);
}
