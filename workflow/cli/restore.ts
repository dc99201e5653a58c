import { anyNumber, runStageCommand, type StageOptions, pageCommand, wholeNumber } from './command.ts';
import { startAndFollow } from './follow-to-report.ts';

interface Options extends StageOptions {
  readonly backup?: string;
  readonly target?: string;
  readonly confirm?: string;
  readonly maxConcurrency?: number;
  readonly writeUnitsPerSecond?: number;
  readonly maxCost?: number;
  readonly writeEngine?: string;
  readonly note?: string;
}

const command = pageCommand('restore', 'Restores a backup into a table, and verifies it.', 'the report')
  .option('--backup <id>', 'which one (default: the newest sealed one)')
  .option('--target <table>', 'into which table (default: a new one); one that exists gets what it lacks')
  .option('--confirm <table>', 'its name once more, to restore into the source table itself')
  .option('--max-concurrency <workers>', 'workers at once (default: 20, or as deployed)', wholeNumber)
  .option('--write-units-per-second <units>', 'cap on writing, over all workers', anyNumber)
  .option(
    '--max-cost <dollars>',
    'refuse a restore that is estimated at more, or whose cost is unknown',
    anyNumber,
  )
  .option('--write-engine <engine>', 'what fills the table: "batch" (default), "bulk" or "auto"')
  .option('--note <text>', 'free text for the report');

await runStageCommand<Options>(command, ({ context, terminal, options }) =>
  startAndFollow(context, { machine: 'restore', input: inputOf(options) }, terminal),
);

function inputOf(options: Options): Readonly<Record<string, unknown>> {
  const { backup, target, confirm, maxConcurrency, writeUnitsPerSecond, ...fields } = options;
  const { maxCost, writeEngine, note } = fields;
  const input = {
    backupId: backup,
    targetTable: target,
    confirm,
    maxConcurrency,
    writeUnitsPerSecond,
    maxCost,
    writeEngine,
    note,
  };
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined));
}
