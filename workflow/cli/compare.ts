import { anyNumber, runStageCommand, type StageOptions, pageCommand, wholeNumber } from './command.ts';
import { startAndFollow } from './follow-to-report.ts';

interface Options extends StageOptions {
  readonly run?: string;
  readonly allowEmpty?: boolean;
  readonly maxConcurrency?: number;
  readonly readUnitsPerSecond?: number;
  readonly writeUnitsPerSecond?: number;
  readonly note?: string;
}

const command = pageCommand(
  'compare',
  'Compares the whole source with the whole target. While a sync is open, what differs is repaired; otherwise it is only named.',
  'the report, and keys of each kind',
)
  .option(
    '--run <id>',
    'migration whose target is compared, or a sync that followed it, where no sync is open (default: the newest)',
  )
  .option('--allow-empty', 'also let an empty source empty the target, while a sync is open')
  .option('--max-concurrency <workers>', 'workers at once (default: as the migration had them)', wholeNumber)
  .option('--read-units-per-second <units>', 'cap on reading of each table, over all workers', anyNumber)
  .option('--write-units-per-second <units>', 'cap on repairing, over all workers', anyNumber)
  .option('--note <text>', 'free text for the report');

await runStageCommand<Options>(command, ({ context, terminal, options }) => {
  const { run: runId, allowEmpty, maxConcurrency, readUnitsPerSecond, writeUnitsPerSecond, note } = options;
  const input = {
    action: 'compare',
    runId,
    allowEmpty,
    maxConcurrency,
    readUnitsPerSecond,
    writeUnitsPerSecond,
    note,
  };
  return startAndFollow(context, { machine: 'sync', input }, terminal);
});
