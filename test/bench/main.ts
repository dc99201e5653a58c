import { Command } from 'commander';
import { runCommand } from '../../workflow/cli/command.ts';
import { bestShape, type CeilingShape, encodeCeiling } from './ceiling.ts';
import { measureColdStarts } from './cold-start.ts';
import { coldStartGoals, type Goal, goalsOf, growthGoals, type Measured, npmStartGoals } from './goals.ts';
import { type Sample, summarise } from './measurement.ts';
import { measureNpmStart } from './npm-start.ts';
import { ceilingOf, type Name, runRound, startHosts } from './round.ts';
import { startWorld, type BenchWorld } from './world.ts';

interface BenchOptions {
  readonly products: readonly number[];
  readonly workers: number;
  readonly rounds?: number;
  readonly dynamodb?: string;
  readonly distance: number;
  readonly byHand: boolean;
  readonly coldStart: boolean;
  readonly npmStart: boolean;
  readonly peer?: string;
}

const toCount = (text: string): number => {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1) throw new Error(`"${text}" is no whole number above 0.`);
  return count;
};
const toMillis = (text: string): number => (text === '0' ? 0 : toCount(text));
const toCounts = (text: string): number[] => text.split(',').map(toCount);

const command = new Command('npm run bench --')
  .description('Measures the stages against the engine itself and prints a JSON line for each.')
  .option('--products <counts>', 'sizes, with commas between', toCounts, [1_000, 10_000, 100_000])
  .option('--workers <count>', 'workers at once, on both sides', toCount, 2)
  .option('--rounds <count>', 'passes of each size; otherwise 3, and 1 from 100,000 products on', toCount)
  .option('--dynamodb <url>', 'a running DynamoDB in place of the packaged engine')
  .option(
    '--distance <milliseconds>',
    'answers take so much longer, as they do between a Lambda and DynamoDB (some 5 to 10)',
    toMillis,
    0,
  )
  .option('--no-by-hand', 'leave the baseline out, which takes longest')
  .option('--no-cold-start', "leave the functions' loading times out")
  .option('--no-npm-start', 'leave out how long npm start takes')
  .option(
    '--peer <command>',
    'time a command that copies the source table, in the same rounds: test/README.md says what it is given',
  );

const print = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);
const printGoals = (about: object, goals: readonly Goal[]): void => {
  for (const goal of goals) print({ name: 'goal', ...about, ...goal });
};

async function benchSize(world: BenchWorld, options: BenchOptions, products: number): Promise<Measured> {
  const { workers, rounds = products >= 100_000 ? 1 : 3, peer } = options;
  const hosts = await startHosts(world, options);
  try {
    const ceiling = ceilingOf({ world, hosts, products });
    const shape = await bestShape(ceiling);
    for (const items of ['targets', 'products'] as const)
      await encodeCeiling(ceiling, { items, workers: shape.workers });
    const samples: ReadonlyMap<Name, Sample>[] = [];
    for (let round = 0; round < rounds; round += 1)
      samples.push(await runRound({ world, products, workers, hosts, shape, peer }));
    const names = [...(samples[0]?.keys() ?? [])];
    const summary = names.map((name) => {
      const passes = samples.flatMap((pass) => pass.get(name) ?? []);
      return [name, summarise({ name, products, workers: workersOf(name, workers, shape) }, passes)] as const;
    });
    for (const [name, line] of summary)
      print(name === 'ceiling' || name === 'restoreCeiling' ? { ...line, inFlight: shape.inFlight } : line);
    return new Map(summary);
  } finally {
    await Promise.all(
      Object.values(hosts)
        .flat()
        .map((host) => host.stop()),
    );
  }
}

function workersOf(name: Name, workers: number, shape: CeilingShape): number {
  if (name === 'ceiling' || name === 'restoreCeiling') return shape.workers;
  return name === 'byHand' || name === 'peer' ? 1 : workers;
}

/** Loading times of the functions, and the time of a whole migration by one command. */
async function benchStarts(world: BenchWorld, { coldStart, npmStart }: BenchOptions): Promise<void> {
  if (coldStart) {
    const starts = await measureColdStarts(world);
    for (const line of starts) print(line);
    printGoals({}, coldStartGoals(starts));
  }
  if (npmStart) {
    const seconds = await measureNpmStart();
    print({ name: 'npmStart', products: 1_000, seconds });
    printGoals({ products: 1_000 }, npmStartGoals(seconds));
  }
}

async function bench(options: BenchOptions): Promise<number> {
  const bySize: (readonly [number, Measured])[] = [];
  for (const products of options.products) {
    const world = await startWorld({
      products,
      dynamodbUrl: options.dynamodb,
      distanceMillis: options.distance,
    });
    try {
      if (bySize.length === 0) await benchStarts(world, options);
      const measured = await benchSize(world, options, products);
      bySize.push([products, measured]);
      printGoals({ products }, goalsOf(measured, { ...options, products }));
    } finally {
      await world.stop();
    }
  }
  for (const [index, [, large]] of bySize.entries()) {
    const small = bySize[index - 1]?.[1].get('migrate');
    const migrate = large.get('migrate');
    if (small !== undefined && migrate !== undefined)
      printGoals({ products: migrate.products }, growthGoals(small, migrate));
  }
  return 0;
}

await runCommand<BenchOptions>(command, bench);
