import { printableAll } from '../../../functions/shared/printable.ts';
import { sayCompare } from '../compare-view.ts';
import type { OperatorContext } from '../context.ts';
import { DAMAGED, DONE, FAILED, REFUSED } from '../exit-codes.ts';
import type { ExecutionEnd } from '../follow-run.ts';
import type { Telling } from '../patience.ts';
import { sayRefused } from '../say-refused.ts';
import { savePage } from '../save-report.ts';
import { failureRows, outcomeLines, pathRows } from '../summary.ts';
import type { Terminal } from '../terminal.ts';
import { type SyncReportView, viewOfSyncEnd } from './collect-sync.ts';
import { sayCutOver } from './cutover-view.ts';
import { type EndedSync, outcomeOfSync } from '../../../functions/shared/runs/sync-outcome.ts';
import { syncRows } from './sync-rows.ts';

/**
 * Prints what an execution of the machine `sync` has come to and, with `--json`, the report. Then it writes the report's
 * files; where that fails, it warns.
 *
 * @returns 0: done; 1: failed; 3: refused, or a check fails, and nothing was changed; 6: a compare has found what differs
 */
export async function finishSync(
  context: OperatorContext,
  end: ExecutionEnd,
  { terminal, patiently }: Telling,
): Promise<number> {
  const view = await patiently(() => viewOfSyncEnd(context, end));
  if (view === undefined) return sayRefused(end, terminal);
  const result = actionOf(end.input) === 'compare' && view.failure === null ? view.result : undefined;
  if (result === undefined) saySync(terminal, view);
  else sayCompare(terminal, result, context);
  if (end.status === 'ABORTED' || end.status === 'TIMED_OUT')
    terminal.say('recoverRun looks after what the execution has left behind, within 15 minutes on AWS.');
  const { report, failure } = view;
  const more = { ...(failure !== null && { failure }), ...(result !== undefined && { keys: result.keys }) };
  if (terminal.json) terminal.document({ ...report, ...more });
  await savePage(view, terminal);
  return exitCodeOfSync(view, end);
}

/** Says what is known of a sync or a compare, and where to read on. */
export function saySync(terminal: Terminal, given: SyncReportView): void {
  const { report, failure } = printableAll(given);
  const rows = [...failureRows({ failure }), ...syncRows(report, Date.now()), ...pathRows(report)];
  for (const line of outcomeLines(terminal, outcomeOfSync({ report, failure }), rows)) terminal.say(line);
  const { checks, freeze } = report;
  if (checks !== undefined) sayCutOver(terminal, report, { checks, freeze });
}

/** What {@link finishSync} returns for an execution that has worked on a sync or a compare. */
export function exitCodeOfSync(
  { report, failure }: EndedSync,
  { input }: Pick<ExecutionEnd, 'input'>,
): number {
  if (failure !== null) return FAILED;
  if (report.checks !== undefined) return report.checks.every(({ ok }) => ok) ? DONE : REFUSED;
  return actionOf(input) === 'compare' && (report.compared?.differing ?? 0) > 0 ? DAMAGED : DONE;
}

/** What was asked for. A sync whose start leaves a busy key pending has begun all the same. */
function actionOf(input: string | undefined): unknown {
  const typed: unknown = input === undefined ? undefined : JSON.parse(input);
  return typeof typed === 'object' && typed !== null && 'action' in typed ? typed.action : undefined;
}
