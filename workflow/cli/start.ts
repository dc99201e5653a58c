import { migration } from '#migration/index.ts';
import { Command } from 'commander';
import { breakages } from './breakages.ts';
import { portNumber } from '../local/port.ts';
import { jsonOption, outOption, runCommand, wholeNumber } from './command.ts';
import { addMigrateOptions } from './input-options.ts';
import { type LocalRunOptions, runLocally } from './local-run.ts';
import { processTerminal } from './terminal.ts';

interface Options extends LocalRunOptions {
  readonly json?: boolean;
  readonly out?: string;
}

const command = addMigrateOptions(
  new Command('npm start --')
    .description('Migrates a table on this machine: no account, no network, nothing left running.')
    .option(
      '--products <count>',
      `fill the source table with this many generated ${migration.nouns.items} (default 1000)`,
      wholeNumber,
    )
    .option('--seed <seed>', `which ${migration.nouns.items} are generated (default 1)`, wholeNumber)
    .option(
      '--input <file>',
      'fill it from a file: JSON, JSON lines, output of aws dynamodb scan, a backup; may be .gz',
    )
    .option('--break <what>', `watch it fail and be rolled back: ${Object.keys(breakages).join(', ')}`)
    .option(
      '--dynamodb <url>',
      'use this DynamoDB, one that checks no signatures, instead of the packaged engine',
    )
    .option('--s3 <url>', 'use this S3, one that checks no signatures, instead of the packaged engine')
    .option('--port <port>', 'port of the embedded AWS on 127.0.0.1 (default: any free one)', portNumber)
    .addOption(outOption())
    .addOption(jsonOption('the report')),
);

await runCommand<Options>(command, (options) => runLocally(options, processTerminal(options)));
