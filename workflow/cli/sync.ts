import { Option } from 'commander';
import {
  anyNumber,
  runStageCommand,
  type StageCall,
  type StageOptions,
  pageCommand,
  wholeNumber,
} from './command.ts';
import { WRONG_USAGE } from './exit-codes.ts';
import { startAndFollow } from './follow-to-report.ts';
import { onInterrupt } from './interrupt.ts';
import { sayLost } from './operator-error.ts';
import { isOpen, newestSync, noSyncSentence } from './sync/find-sync.ts';
import { watchSync } from './sync/watch-sync.ts';

/** What a start may be given, by the names of the machine's input. */
interface StartOptions {
  readonly confirm?: string;
  readonly confirmSource?: string;
  readonly allowEmpty?: boolean;
  readonly readUnitsPerSecond?: number;
  readonly writeUnitsPerSecond?: number;
  readonly maxConcurrency?: number;
  readonly note?: string;
}

interface Options extends StageOptions, StartOptions {
  readonly start?: boolean;
  readonly cancel?: boolean;
  readonly run?: string;
}

const command = pageCommand('sync', 'Shows the open sync, starts one, or cancels it.', 'the report')
  .option('--start', 'keep the target of a migration in step with the source from now on')
  .addOption(new Option('--cancel', 'end the open sync; the target stays as it is').conflicts('start'))
  .option(
    '--run <id>',
    'with --start: the migration to follow (default: the newest that succeeded); with --cancel: a sync of another source',
  )
  .option('--confirm <id>', 'with --start: the sync that has switched to this target')
  .option(
    '--confirm-source <TableId>',
    'with --start: the source, where it is not the table that was migrated',
  )
  .option('--allow-empty', 'with --start: also let an empty source empty the target')
  .option('--read-units-per-second <units>', 'with --start: cap on reading, over all workers', anyNumber)
  .option('--write-units-per-second <units>', 'with --start: cap on writing, over all workers', anyNumber)
  .option('--max-concurrency <workers>', 'with --start: workers of a compare at once', wholeNumber)
  .option('--note <text>', 'with --start: free text for the report');

await runStageCommand<Options>(command, async (call) => {
  const { options, context, terminal } = call;
  const { start, cancel, run, confirm, confirmSource, allowEmpty, ...others } = options;
  const { readUnitsPerSecond, writeUnitsPerSecond, maxConcurrency, note } = others;
  const paces = { readUnitsPerSecond, writeUnitsPerSecond, maxConcurrency, note };
  const given = { runId: run, confirm, confirmSource, allowEmpty, ...paces };
  if (start !== true) refuseStray(cancel === true ? { ...given, runId: undefined } : given);
  if (start !== true && cancel !== true) return show(call);
  const input = cancel === true ? { action: 'cancel', runId: run } : { action: 'start', ...given };
  return startAndFollow(context, { machine: 'sync', input }, terminal);
});

function refuseStray(given: Readonly<Record<string, unknown>>): void {
  if (Object.values(given).every((value) => value === undefined)) return;
  command.error(
    'error: only --start takes a confirmation, --allow-empty, caps and a note, and only --start and --cancel take a run. Nothing was started.',
    {
      exitCode: WRONG_USAGE,
    },
  );
}

async function show({ context, terminal }: StageCall<Options>): Promise<number> {
  const newest = await newestSync(context);
  if (newest === undefined || !isOpen(newest)) {
    terminal.say(noSyncSentence(newest, context));
    // One document, whatever there is.
    if (terminal.json) terminal.document(null);
    return 0;
  }
  const interrupt = onInterrupt();
  try {
    return await watchSync(context, newest, { terminal, signal: interrupt.signal });
  } catch (error) {
    return sayLost(error, context, terminal);
  } finally {
    interrupt.release();
  }
}
