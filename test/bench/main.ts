import { Command } from 'commander';
import { runCommand } from '../../workflow/cli/command.ts';
import { measureColdStarts } from './cold-start.ts';
import { goalsOf, growthGoals } from './goals.ts';
import { type Measurement, median, type Sample, summarise } from './measurement.ts';
import { type Bench, encodeCeiling, type Name, runRound, startHosts, writeCeiling } from './round.ts';
import { startWorld, type BenchWorld } from './world.ts';

interface BenchOptions {
  readonly products: readonly number[];
  readonly workers: number;
  readonly rounds?: number;
  readonly dynamodb?: string;
  readonly distance: number;
  readonly byHand: boolean;
  readonly coldStart: boolean;
}

const toCount = (text: string): number => {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1) throw new Error(`"${text}" is no whole number above 0.`);
  return count;
};
const toMillis = (text: string): number => (text === '0' ? 0 : toCount(text));
const toCounts = (text: string): number[] => text.split(',').map(toCount);

const command = new Command('bench')
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
  .option('--no-cold-start', "leave the functions' loading times out");

const print = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);

/** As many requests in flight as are best, tried out on a few products. */
async function bestInFlight(bench: Omit<Bench, 'inFlight'>): Promise<number> {
  const tried: (readonly [number, number])[] = [];
  const products = Math.min(2_000, bench.products);
  await encodeCeiling(bench, products);
  await writeCeiling(bench, { inFlight: 4, products });
  for (const inFlight of [1, 2, 4, 8, 16]) {
    const speeds: number[] = [];
    for (let pass = 0; pass < 3; pass += 1) {
      const { items, seconds } = await writeCeiling(bench, { inFlight, products });
      speeds.push(items / seconds);
    }
    tried.push([inFlight, median(speeds)]);
  }
  return tried.toSorted(([, one], [, other]) => other - one)[0]?.[0] ?? 8;
}

async function benchSize(
  world: BenchWorld,
  options: BenchOptions,
  products: number,
): Promise<ReadonlyMap<Name, Measurement>> {
  const { workers, rounds = products >= 100_000 ? 1 : 3 } = options;
  const hosts = await startHosts(world, options);
  try {
    const parts = { world, products, workers, hosts };
    const inFlight = await bestInFlight(parts);
    await encodeCeiling(parts, products);
    const samples: ReadonlyMap<Name, Sample>[] = [];
    for (let round = 0; round < rounds; round += 1) samples.push(await runRound({ ...parts, inFlight }));
    const names = [...(samples[0]?.keys() ?? [])];
    const summary = names.map((name) => {
      const passes = samples.flatMap((pass) => pass.get(name) ?? []);
      const about = { name, products, workers: name === 'byHand' ? 1 : workers };
      return [name, summarise(about, passes)] as const;
    });
    for (const [name, line] of summary) print(name === 'ceiling' ? { ...line, inFlight } : line);
    return new Map(summary);
  } finally {
    await Promise.all(
      Object.values(hosts)
        .flat()
        .map((host) => host.stop()),
    );
  }
}

async function bench(options: BenchOptions): Promise<number> {
  const bySize: (readonly [number, ReadonlyMap<Name, Measurement>])[] = [];
  for (const products of options.products) {
    const world = await startWorld({
      products,
      dynamodbUrl: options.dynamodb,
      distanceMillis: options.distance,
    });
    try {
      if (bySize.length === 0 && options.coldStart)
        for (const line of await measureColdStarts(world)) print(line);
      const measured = await benchSize(world, options, products);
      bySize.push([products, measured]);
      print({ name: 'goals', products, goals: goalsOf(measured) });
    } finally {
      await world.stop();
    }
  }
  for (const [index, [, large]] of bySize.entries()) {
    const small = bySize[index - 1]?.[1].get('migrate');
    const migrate = large.get('migrate');
    if (small !== undefined && migrate !== undefined)
      print({ name: 'growth', goals: growthGoals(small, migrate) });
  }
  return 0;
}

await runCommand<BenchOptions>(command, bench);
