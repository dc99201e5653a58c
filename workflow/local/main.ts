import { printable, printableLines } from '../../functions/shared/printable.ts';
import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { startEmbeddedAws, type EmbeddedAws, type EmbeddedAwsOptions } from './embedded-aws.ts';
import { portNumber } from './port.ts';
import { localCommand, stepText } from '../../functions/shared/commands.ts';
import { PortTakenError } from './gateway/http-server.ts';
import { PackagingError } from './deploy/package-service.ts';
import { MissingEngineError } from './dynamodb/dynoxide.ts';
import { countRepeats, type Repeats, repeatsSentence } from './products/count-repeats.ts';
import { generateProducts } from './products/generate-products.ts';
import { InputFileError } from './products/input-file-error.ts';
import { readProductsFile } from './products/read-products-file.ts';

/** `npm run local`: the embedded AWS stays up until it is told to stop, and says in one line of JSON where everything is. */

interface Options {
  readonly port: number;
  readonly products?: number;
  readonly seed?: number;
  readonly input?: string;
  readonly dynamodb?: string;
  readonly s3?: string;
}

const command = new Command('npm run local --')
  .description('An AWS for this machine: DynamoDB, S3, Step Functions and Lambda behind one endpoint.')
  .option('--port <port>', 'port on 127.0.0.1, 0 for any free one', portNumber, 4566)
  .option('--products <count>', 'fill the source table with this many generated products', wholeNumber)
  .option('--seed <seed>', 'which products are made', wholeNumber)
  .option(
    '--input <file>',
    'fill the source table from a file: JSON, JSON lines, output of aws dynamodb scan, a backup; may be .gz',
  )
  .option('--dynamodb <url>', 'use this DynamoDB, one that checks no signatures, instead of the packaged one')
  .option('--s3 <url>', 'use this S3, one that checks no signatures, instead of the packaged one')
  .parse();

const options = command.opts<Options>();
try {
  await main(options);
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  const hasLines = error instanceof PackagingError || error instanceof MissingEngineError;
  complain(hasLines ? message : printable(message));
  if (error instanceof PortTakenError)
    complain(stepText(['To use another port', localCommand({ ...options, port: error.another })]));
  process.exitCode = error instanceof InputFileError ? 2 : 1;
}

async function main(options: Options): Promise<void> {
  if (options.products !== undefined && options.input !== undefined)
    throw new Error('Give --products or --input, not both.');
  const folder = join(process.cwd(), '.local', 'logs');
  await mkdir(folder, { recursive: true });
  const logFile = await open(join(folder, `functions-${process.pid}.log`), 'a');
  const log = logFile.createWriteStream();
  // A signal may come before everything is up: what comes up then is stopped at once.
  const stopping = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  const repeats: Repeats = { count: 0 };
  const aws = await startEmbeddedAws({
    ...settings(options, repeats),
    log: (name, text) => log.write(`${name}: ${text}`),
  });
  const sentence = repeatsSentence(repeats, printable(options.input ?? ''));
  if (sentence !== undefined) complain(sentence);
  process.stdout.write(`${JSON.stringify(announcement(aws))}\n`);
  complain(`Open ${aws.endpoint} in a browser to see executions, tables and objects. Ctrl-C ends it.`);
  await stopping;
  await aws.stop();
  log.end();
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

function complain(text: string): void {
  process.stderr.write(`${printableLines(text)}\n`);
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

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}
