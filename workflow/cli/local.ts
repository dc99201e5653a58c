import { migration } from '#migration/index.ts';
import { once } from 'node:events';
import { join } from 'node:path';
import { Command } from 'commander';
import { localCommand, stepText } from '../../functions/shared/commands.ts';
import { printable } from '../../functions/shared/printable.ts';
import { type EmbeddedAws, type EmbeddedAwsOptions, startEmbeddedAws } from '../local/embedded-aws.ts';
import { PortTakenError } from '../local/gateway/http-server.ts';
import { portNumber } from '../local/port.ts';
import { countRepeats, type Repeats, repeatsSentence } from '../local/products/count-repeats.ts';
import { generateProducts } from '../local/products/generate-products.ts';
import { readProductsFile } from '../local/products/read-products-file.ts';
import { runCommand, wholeNumber } from './command.ts';
import { DONE, FAILED } from './exit-codes.ts';
import { openFunctionLog } from './function-log.ts';
import { onInterrupt } from './interrupt.ts';
import type { ShopOptions } from './local-afterwards.ts';
import { checkShop } from './local-run.ts';
import { OperatorError } from './operator-error.ts';
import { processTerminal, type Terminal } from './terminal.ts';

/** `npm run local`: the embedded AWS stays up until it is told to stop, and says in one line of JSON where everything is. */

interface Options extends ShopOptions {
  readonly port: number;
}

const command = new Command('npm run local --')
  .description('An AWS for this machine: DynamoDB, S3, Step Functions and Lambda behind one endpoint.')
  .option('--port <port>', 'port on 127.0.0.1, 0 for any free one', portNumber, 4566)
  .option(
    '--products <count>',
    `fill the source table with this many generated ${migration.nouns.items}`,
    wholeNumber,
  )
  .option('--seed <seed>', `which ${migration.nouns.items} are generated`, wholeNumber)
  .option(
    '--input <file>',
    'fill the source table from a file: JSON, JSON lines, output of aws dynamodb scan, a backup; may be .gz',
  )
  .option('--dynamodb <url>', 'use this DynamoDB, one that checks no signatures, instead of the packaged one')
  .option('--s3 <url>', 'use this S3, one that checks no signatures, instead of the packaged one');

await runCommand<Options>(command, async (options) => {
  checkShop(options);
  try {
    await stayUp(options, processTerminal());
    return DONE;
  } catch (error) {
    if (!(error instanceof PortTakenError)) throw error;
    const step = stepText(['To use another port', localCommand({ ...options, port: error.another })]);
    throw new OperatorError(error.message, FAILED, step);
  }
});

async function stayUp(options: Options, terminal: Terminal): Promise<void> {
  // A signal may come before everything is up: what comes up then is stopped at once.
  const stopping = onInterrupt();
  const isStopped = once(stopping.signal, 'abort');
  const path = join(process.cwd(), '.local', 'logs', `functions-${process.pid}.log`);
  const log = await openFunctionLog(path, terminal);
  const repeats: Repeats = { count: 0 };
  const aws = await startEmbeddedAws({
    ...settings(options, repeats),
    log: (name, text) => log.write(`${name}: ${text}`),
  });
  const sentence = repeatsSentence(repeats, printable(options.input ?? ''));
  if (sentence !== undefined) terminal.complain(sentence);
  terminal.say(JSON.stringify(announcement(aws)));
  terminal.complain(
    `Open ${aws.endpoint} in a browser to see executions, tables and objects. Ctrl-C ends it.`,
  );
  await isStopped;
  await aws.stop();
  log.end();
  stopping.release();
}

function settings(
  { port, products, seed, input, dynamodb, s3 }: Options,
  repeats: Repeats,
): EmbeddedAwsOptions {
  return {
    port,
    ...(dynamodb !== undefined && { dynamodbUrl: dynamodb }),
    ...(s3 !== undefined && { s3Url: s3 }),
    ...(products !== undefined && { products: generateProducts({ count: products, seed: seed ?? 1 }) }),
    ...(input !== undefined && { products: countRepeats(readProductsFile(input), repeats) }),
  };
}

function announcement({
  endpoint,
  region,
  stage,
  bucket,
  ledgerTable,
  stateMachines,
  functions,
}: EmbeddedAws): object {
  return { endpoint, region, stage, bucket, ledgerTable, stateMachines, functions };
}
