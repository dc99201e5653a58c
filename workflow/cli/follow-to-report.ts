import { commandsOf, stepText } from '../../functions/shared/commands.ts';
import { executionNameOf, type MachineName } from '../../functions/shared/names.ts';
import { printable } from '../../functions/shared/printable.ts';
import { findRun } from '../../functions/shared/ledger/run.ts';
import { reportOfExecution, type ReportView } from './collect-report.ts';
import type { OperatorContext } from './context.ts';
import { CONSOLE_PAGES } from '../../functions/shared/runs/page/place.ts';
import { executionName, startExecution } from './executions.ts';
import { DONE, exitCodeOf, INTERRUPTED, LOST_CONNECTION } from './exit-codes.ts';
import { type ExecutionEnd, followExecution } from './follow-run.ts';
import { onInterrupt } from './interrupt.ts';
import { isLost, sayLost } from './operator-error.ts';
import { createPatience, type Telling } from './patience.ts';
import { progressView } from './progress-view.ts';
import { sayRefused } from './say-refused.ts';
import { savePage } from './save-report.ts';
import { printSummary } from './summary.ts';
import { finishSync } from './sync/finish-sync.ts';
import type { Terminal } from './terminal.ts';
import { fit } from './wrap.ts';

/** How long the recovery of a run takes after its event. If only the schedule finds it, a quarter of an hour longer. */
const closingMillis = 180_000;
const lookMillis = 1_000;

/** Tells the end of an execution. @returns the exit code */
export type TellEnd = (context: OperatorContext, end: ExecutionEnd, telling: Telling) => Promise<number>;

/**
 * Follows an execution to its end, then prints the summary and writes the report. Ctrl-C ends the following and leaves
 * the run alone. So does whatever goes wrong in the following: the run does not need it.
 *
 * @param tellEnd tells something else than the report
 * @returns what `tellEnd` says; 7 when nothing answers any more, or the run is not closed yet; 130 after Ctrl-C
 */
export async function followToReport(
  context: OperatorContext,
  executionArn: string,
  terminal: Terminal,
  tellEnd: TellEnd = finish,
): Promise<number> {
  const interrupt = onInterrupt();
  const { signal } = interrupt;
  const onSilence = (): void => terminal.complain('No answer. The run goes on; looking again ...');
  const patiently = createPatience(context, { onSilence, signal });
  let end: ExecutionEnd | undefined;
  try {
    const view = progressView(terminal);
    end = await followExecution(context, executionArn, { view, signal, onSilence });
    if (end !== undefined && (await untilClosed(context, end, { terminal, signal, patiently })))
      return await tellEnd(context, end, { terminal, patiently });
    sayHowToFollow(context, executionArn, terminal);
    return signal.aborted ? INTERRUPTED : LOST_CONNECTION;
  } catch (error) {
    const exitCode = sayLost(error, context, terminal);
    if (end === undefined) sayHowToFollow(context, executionArn, terminal);
    else sayHowToRead(context, end, terminal);
    return exitCode;
  } finally {
    interrupt.release();
  }
}

interface Closing extends Telling {
  readonly signal: AbortSignal;
}

/** A refused roll back has no run of its own: its target may well be running. */
const isRefusedRollBack = ({ machine, state }: ExecutionEnd): boolean =>
  machine === 'rollback' && state === 'Refused';

/** An execution that was stopped or timed out leaves a run that is recovered without it. */
async function untilClosed(
  { ledger }: OperatorContext,
  end: ExecutionEnd,
  { terminal, signal, patiently }: Closing,
): Promise<boolean> {
  const { runId, status, machine } = end;
  if (runId === undefined || machine === 'sync' || isRefusedRollBack(end)) return true;
  const until = Date.now() + closingMillis;
  for (let isSaid = false; ; isSaid = true) {
    const run = await patiently(() => findRun(ledger, runId));
    if (run?.status !== 'RUNNING' && run?.status !== 'ROLLING_BACK') return true;
    if (!isSaid)
      terminal.say(
        fit(
          terminal,
          `The execution is ${status}. Its run will be rolled back or held automatically; on AWS that may take 15 minutes.`,
        ),
      );
    if (signal.aborted || Date.now() >= until) return false;
    await new Promise((resolve) => setTimeout(resolve, lookMillis));
  }
}

/** How the end is told. */
interface Finishing extends Telling {
  /** Makes the report one that is true where it is read. */
  readonly adapt?: (view: ReportView) => ReportView;
}

/**
 * Prints the summary and, with `--json`, the report. Then it writes the report's files; where that fails, it warns.
 *
 * @returns the exit code of the run's end, which is what a roll back was asked for; of the machine `sync` what
 * {@link finishSync} says
 */
export async function finish(
  context: OperatorContext,
  end: ExecutionEnd,
  { terminal, patiently, adapt = (view) => view }: Finishing,
): Promise<number> {
  if (end.machine === 'sync') return finishSync(context, end, { terminal, patiently });
  if (isRefusedRollBack(end)) return sayRefused(end, terminal);
  const view = adapt(await patiently(() => reportOfExecution(context, end)));
  printSummary(terminal, view.report);
  if (terminal.json) terminal.document(view.report);
  await savePage(view, terminal);
  const { status } = view.report;
  return end.machine === 'rollback' && status === 'ROLLED_BACK' ? DONE : exitCodeOf(status);
}

function sayHowToFollow(context: OperatorContext, executionArn: string, terminal: Terminal): void {
  const { endpoint } = context;
  const name = executionNameOf(executionArn);
  const condition = endpoint === undefined ? '' : `, as long as ${endpoint} is up`;
  terminal.say();
  terminal.say(fit(terminal, `The run continues without this command${condition}.`));
  terminal.say(stepText(['Follow it again', commandsOf(context).follow(printable(name))]));
}

/** The run has ended, but its report could not be read. */
function sayHowToRead(
  context: OperatorContext,
  { runId, executionArn, status }: ExecutionEnd,
  terminal: Terminal,
): void {
  const name = runId ?? executionNameOf(executionArn);
  terminal.say();
  terminal.say(`The execution has ended as ${status}.`);
  terminal.say(stepText(['See its report', commandsOf(context).report(printable(name))]));
}

/** What to start, and how its end is told. */
interface Starting {
  readonly machine: MachineName;
  readonly input: unknown;
  readonly tellEnd?: TellEnd;
}

/**
 * Starts a machine, says where it can be watched, and follows it.
 *
 * @returns as {@link followToReport}; 7 and 130 also when nothing answers the start, or Ctrl-C comes before the answer: it
 *   may have arrived all the same
 */
export async function startAndFollow(
  context: OperatorContext,
  { machine, input, tellEnd }: Starting,
  terminal: Terminal,
): Promise<number> {
  const name = executionName(machine);
  const interrupt = onInterrupt();
  const { signal } = interrupt;
  let executionArn: string;
  try {
    executionArn = await startExecution(context, machine, { input, name, signal });
  } catch (error) {
    if (!signal.aborted && !isLost(error)) throw error;
    const exitCode = signal.aborted ? INTERRUPTED : sayLost(error, context, terminal);
    terminal.complain(howToAsk(context, name));
    return exitCode;
  } finally {
    interrupt.release();
  }
  terminal.say(`Execution  ${executionArn}`);
  printConsoleLink(context, executionArn, terminal);
  if (signal.aborted) {
    sayHowToFollow(context, executionArn, terminal);
    return INTERRUPTED;
  }
  terminal.say();
  return followToReport(context, executionArn, terminal, tellEnd);
}

const howToAsk = (context: OperatorContext, name: string): string =>
  `Whether ${name} has been started is not known. Look before you start it again.\n${stepText(['Look', commandsOf(context).follow(name)])}`;

/** Prints where the execution can be watched in the console; an embedded AWS has none. */
export function printConsoleLink(context: OperatorContext, executionArn: string, terminal: Terminal): void {
  if (context.endpoint === undefined)
    terminal.say(`Console    ${CONSOLE_PAGES.execution(context.region, executionArn)}`);
}
