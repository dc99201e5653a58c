import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Command } from 'commander';
import { capabilities, lacksVariable } from './engine-lacks.ts';
import { startLedgerApart } from './ledger-apart.ts';
import { emptyEngines, engineVariables, lacksOf, namesIn, type OtherEngines } from './other-engines.ts';

/** `npm run test:engines` runs the integration suite on other engines than the packaged ones. */

interface Options {
  readonly dynamodb?: string;
  readonly s3?: string;
  readonly ledgerApart?: boolean;
}

/** What is tried if nothing else is named. `test/integration/local` is about the packaged engines themselves. */
const suites = [
  'adapting',
  'backup',
  'callers',
  'cli',
  'cost',
  'migrate',
  'permissions',
  'rate',
  'smoke',
  'sync',
].map((name) => `test/integration/${name}`);

const command = new Command('npm run test:engines --')
  .description(
    'Runs the integration tests on other engines. These must be empty, because their content is deleted between the tests. For engines that do not check signatures (DynamoDB Local, LocalStack, moto, dynalite).',
  )
  .argument('[tests...]', 'files or folders of tests', suites)
  .option('--dynamodb <url>', 'a DynamoDB instead of the packaged engine')
  .option('--s3 <url>', 'an S3 instead of the packaged engine')
  .option('--ledger-apart', 'keep the ledger on the packaged engine, for a DynamoDB without transactions')
  .parse();

try {
  process.exitCode = await main(command.opts<Options>(), command.processedArgs[0] as readonly string[]);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

async function main(options: Options, tests: readonly string[]): Promise<number> {
  const { dynamodb, s3, ledgerApart = false } = options;
  const engines = {
    ...(dynamodb !== undefined && { dynamodbUrl: dynamodb }),
    ...(s3 !== undefined && { s3Url: s3 }),
  };
  if (Object.keys(engines).length === 0)
    throw new Error('Give an engine: --dynamodb URL, --s3 URL, or both.');
  await refuseFilled(engines);
  const apart = ledgerApart && dynamodb !== undefined ? await startLedgerApart(dynamodb) : undefined;
  try {
    const lacked = dynamodb === undefined ? [] : await lacksOf(dynamodb);
    const sentences = lacked.map(
      (one) => `This engine ${capabilities[one]}. The tests that depend on this are skipped.\n`,
    );
    process.stdout.write(sentences.join(''));
    process.env[lacksVariable] = lacked.join(',');
    return await runTests({ ...engines, ...(apart !== undefined && { dynamodbUrl: apart.url }) }, tests);
  } finally {
    await apart?.stop();
    await emptyEngines(engines);
  }
}

/** The tests delete every table and object they find, so the engines must be empty. */
async function refuseFilled(engines: OtherEngines): Promise<void> {
  const names = await namesIn(engines);
  if (names.length > 0)
    throw new Error(
      `The engine is not empty: ${names.slice(0, 10).join(', ')}. The tests would delete this. Give an empty engine.`,
    );
}

/** Runs one file after the other, because they share the engine. */
async function runTests(engines: OtherEngines, tests: readonly string[]): Promise<number> {
  const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
  const variables = Object.entries(engineVariables).flatMap(([key, name]) => {
    const url = engines[key as keyof OtherEngines];
    return url === undefined ? [] : [[name, url]];
  });
  const child = spawn(
    process.execPath,
    [vitest, 'run', '--no-file-parallelism', '--testTimeout=600000', ...tests],
    {
      env: { ...process.env, ...(Object.fromEntries(variables) as Record<string, string>) },
      stdio: 'inherit',
    },
  );
  const [code] = (await once(child, 'exit')) as [number | null];
  return code ?? 1;
}
