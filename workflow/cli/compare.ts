import { anyNumber, runStageCommand, type StageOptions, stageCommand, wholeNumber } from './command.ts';
import { findCompareResult } from './compare-result.ts';
import { sayCompare, sayFailedCompare } from './compare-view.ts';
import type { OperatorContext } from './context.ts';
import { startExecution } from './executions.ts';
import { followExecution } from './follow-run.ts';
import { printConsoleLink } from './follow-to-report.ts';
import { INTERRUPTED, onInterrupt } from './interrupt.ts';
import { progressView } from './progress-view.ts';
import type { Terminal } from './terminal.ts';

interface Options extends StageOptions {
  readonly run?: string;
  readonly maxConcurrency?: number;
  readonly readUnitsPerSecond?: number;
  readonly writeUnitsPerSecond?: number;
  readonly note?: string;
}

const command = stageCommand(
  'compare',
  'Compares the whole source with the whole target. While a sync is open, what differs is repaired; otherwise it is only named.',
  'what was compared and named',
)
  .option('--run <id>', 'migration whose target is compared, where no sync is open (default: the newest)')
  .option('--max-concurrency <workers>', 'workers at once (default 20)', wholeNumber)
  .option('--read-units-per-second <units>', 'cap on reading of each table, over all workers', anyNumber)
  .option('--write-units-per-second <units>', 'cap on repairing, over all workers', anyNumber)
  .option('--note <text>', 'free text for the report');

await runStageCommand<Options>(command, async ({ context, terminal, options }) => {
  const executionArn = await startExecution(context, 'sync', { input: inputOf(options) });
  terminal.say(`Execution  ${executionArn}`);
  printConsoleLink(context, executionArn, terminal);
  terminal.say();
  return followCompare(context, executionArn, terminal);
});

function inputOf(options: Options): Readonly<Record<string, unknown>> {
  const { run: runId, maxConcurrency, readUnitsPerSecond, writeUnitsPerSecond, note } = options;
  const input = { action: 'compare', runId, maxConcurrency, readUnitsPerSecond, writeUnitsPerSecond, note };
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined));
}

/** Did not begin: the input, or the state of the service, does not allow it. Nothing was changed. */
const REFUSED = 3;

/** @returns 0: nothing differs, or all of it was repaired; 1: something differs, or it failed; 3: refused; 130: Ctrl-C */
async function followCompare(
  context: OperatorContext,
  executionArn: string,
  terminal: Terminal,
): Promise<number> {
  const interrupt = onInterrupt();
  try {
    const view = progressView(terminal);
    const end = await followExecution(context, executionArn, { view, signal: interrupt.signal });
    if (end === undefined) {
      terminal.say(
        `\nThe compare goes on without this command. What it finds stands in: npm run runs -- --stage ${context.stage}`,
      );
      return INTERRUPTED;
    }
    const result = await findCompareResult(context.ledger, end);
    if (result === undefined) {
      sayFailedCompare(terminal, end);
      return end.runId === undefined ? REFUSED : 1;
    }
    sayCompare(terminal, result, context.stage);
    return result.compared.differing === 0 ? 0 : 1;
  } finally {
    interrupt.release();
  }
}
