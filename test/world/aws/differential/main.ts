import { Command } from 'commander';
import { startDynoxide } from '../../../../workflow/local/dynamodb/dynoxide.ts';
import { acceptedOf, carryOut, type Difference, firstDifference, comparedRuns } from './compare.ts';
import type { ComparedRun } from './compared-request.ts';
import { writeRecording } from './recordings.ts';
import { emptyEngine, engineSender, worldSender } from './senders.ts';

/** `npm run test:world:engine` compares the in-memory DynamoDB with an engine, and records the engine's answers. */

interface Options {
  readonly dynamodb?: string;
  readonly runs: string;
  readonly seed: string;
  readonly strict?: boolean;
  readonly record?: string;
}

/** Differences that are shown. */
const MAX_TOLD = 5;

const command = new Command('npm run test:world:engine --')
  .description(
    'Sends random requests to an engine and to the in-memory DynamoDB, and compares the answers and what the tables hold in the end.',
  )
  .option('--dynamodb <url>', 'an empty DynamoDB, such as DynamoDB Local, instead of the packaged engine')
  .option('--runs <n>', 'runs of 25 requests', '120')
  .option('--seed <n>', 'the same seed gives the same requests', '1')
  .option(
    '--strict',
    'send requests too that DynamoDB refuses; for DynamoDB Local, which refuses them as well',
  )
  .option(
    '--record <engine>',
    'write the answers into test/world/recorded, where npm test compares with them',
  )
  .parse();

process.exitCode = await main(command.opts<Options>());

async function main(options: Options): Promise<number> {
  const engine = options.dynamodb === undefined ? await startDynoxide() : undefined;
  try {
    return await compareWith(options.dynamodb ?? engine?.url ?? '', options);
  } finally {
    await engine?.stop();
  }
}

async function compareWith(
  url: string,
  { runs: count, seed, record, strict: isStrict = false }: Options,
): Promise<number> {
  const send = engineSender(url);
  const runs: ComparedRun[] = [];
  const differences: Difference[] = [];
  for (const requests of comparedRuns(Number(count), Number(seed))) {
    await emptyEngine(send);
    const run = await carryOut(send, isStrict ? requests : await acceptedOf(requests));
    runs.push(run);
    const difference = await firstDifference(worldSender(), run);
    if (difference !== undefined) differences.push(difference);
  }
  await emptyEngine(send);
  if (record !== undefined) writeRecording({ engine: record, seed: Number(seed), runs });
  tell(runs, differences);
  return differences.length === 0 ? 0 : 1;
}

function tell(runs: readonly ComparedRun[], differences: readonly Difference[]): void {
  const requests = runs.reduce((sum, run) => sum + run.length, 0);
  for (const difference of differences.slice(0, MAX_TOLD))
    process.stdout.write(`${JSON.stringify(difference, undefined, 1)}\n`);
  process.stdout.write(`${requests} requests in ${runs.length} runs; ${differences.length} runs differ.\n`);
}
