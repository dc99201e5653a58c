import { executionNameOf, type MachineName } from '../../functions/shared/names.ts';
import { printable } from '../../functions/shared/printable.ts';
import { findRun } from '../../functions/shared/ledger/run.ts';
import { reportOfExecution } from './collect-report.ts';
import type { OperatorContext } from './context.ts';
import { consoleLink } from './deployment.ts';
import { startExecution } from './executions.ts';
import { type ExecutionEnd, followExecution } from './follow-run.ts';
import { INTERRUPTED, onInterrupt } from './interrupt.ts';
import { sayLost } from './operator-error.ts';
import { progressView } from './progress-view.ts';
import { saveReport } from './save-report.ts';
import { printSummary } from './summary.ts';
import { finishSync } from './sync/finish-sync.ts';
import type { Terminal } from './terminal.ts';

/** How long the recovery of a run takes after its event. If only the schedule finds it, a quarter of an hour longer. */
const closingMillis = 180_000;
const lookMillis = 1_000;

/**
 * Follows an execution to its end, then prints the summary and writes the report. Ctrl-C ends the following and leaves
 * the run alone.
 *
 * @returns 0 when the execution succeeded, 7 when nothing answers any more, 130 after Ctrl-C, else 1; of the machine
 * `sync` what {@link finishSync} says
 */
export async function followToReport(
  context: OperatorContext,
  executionArn: string,
  terminal: Terminal,
): Promise<number> {
  const interrupt = onInterrupt();
  try {
    const view = progressView(terminal);
    const end = await followExecution(context, executionArn, { view, signal: interrupt.signal });
    const isClosed =
      end !== undefined && (await untilClosed(context, end, { terminal, signal: interrupt.signal }));
    if (isClosed) return await finish(context, end, terminal);
    sayHowToFollow(context, executionArn, terminal);
    return end === undefined ? INTERRUPTED : 1;
  } catch (error) {
    const exitCode = sayLost(error, context, terminal);
    sayHowToFollow(context, executionArn, terminal);
    return exitCode;
  } finally {
    interrupt.release();
  }
}

interface Closing {
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
}

/** An execution that was stopped or timed out leaves a run that is recovered without it. */
async function untilClosed(
  { ledger }: OperatorContext,
  { runId, status, kind }: ExecutionEnd,
  { terminal, signal }: Closing,
): Promise<boolean> {
  if (runId === undefined || kind === 'sync') return true;
  const until = Date.now() + closingMillis;
  for (let isSaid = false; ; isSaid = true) {
    const run = await findRun(ledger, runId);
    if (run?.status !== 'RUNNING' && run?.status !== 'ROLLING_BACK') return true;
    if (!isSaid)
      terminal.say(
        `The execution is ${status}. Its run will be rolled back or held automatically; on AWS that may take 15 minutes.`,
      );
    if (signal.aborted || Date.now() >= until) return false;
    await new Promise((resolve) => setTimeout(resolve, lookMillis));
  }
}

/** Prints the summary, writes the report's files and, with `--json`, the report. */
export async function finish(
  context: OperatorContext,
  end: ExecutionEnd,
  terminal: Terminal,
): Promise<number> {
  if (end.kind === 'sync') return finishSync(context, end, terminal);
  const view = await reportOfExecution(context, end);
  const pagePath = await saveReport(view);
  printSummary(terminal, view.report, pagePath);
  if (terminal.json) terminal.document(view.report);
  const { status } = view.report;
  return status === 'SUCCEEDED' || status === 'PLANNED' ? 0 : 1;
}

function sayHowToFollow({ stage }: OperatorContext, executionArn: string, terminal: Terminal): void {
  const name = executionNameOf(executionArn);
  terminal.say(
    `\nThe run continues without this command. Follow it again with: npm run follow -- --stage ${stage} ${printable(name)}`,
  );
}

/** Starts a machine, says where it can be watched, and follows it. @returns as {@link followToReport}. */
export async function startAndFollow(
  context: OperatorContext,
  { machine, input }: { readonly machine: MachineName; readonly input: unknown },
  terminal: Terminal,
): Promise<number> {
  const executionArn = await startExecution(context, machine, { input });
  terminal.say(`Execution  ${executionArn}`);
  printConsoleLink(context, executionArn, terminal);
  terminal.say();
  return followToReport(context, executionArn, terminal);
}

/** Prints where the execution can be watched in the console; an embedded AWS has none. */
export function printConsoleLink(context: OperatorContext, executionArn: string, terminal: Terminal): void {
  if (context.endpoint === undefined) terminal.say(`Console    ${consoleLink(context.region, executionArn)}`);
}
