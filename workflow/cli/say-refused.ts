import type { Outcome } from '../../functions/shared/runs/outcome.ts';
import { executionNameOf } from '../../functions/shared/names.ts';
import { printableAll } from '../../functions/shared/printable.ts';
import { REFUSED } from './exit-codes.ts';
import { failureOf } from './fallback-report.ts';
import type { ExecutionEnd } from './follow-run.ts';
import { failureRows, outcomeLines } from './summary.ts';
import type { Terminal } from './terminal.ts';

const NOT_BEGUN: Omit<Outcome, 'nextStep'> = {
  tone: 'bad',
  word: 'Refused',
  sentence: 'The execution was refused before it had begun: nothing was changed.',
};

/** Says why an execution that works on a run of another one was refused. @returns the exit code */
export function sayRefused(end: ExecutionEnd, terminal: Terminal): number {
  const failure = failureOf(end);
  const rows = failureRows({ failure: printableAll(failure) });
  const outcome = { ...NOT_BEGUN, nextStep: failure.nextStep };
  for (const line of outcomeLines(terminal, outcome, rows)) terminal.say(line);
  const { executionArn, startedAt, finishedAt, machine: kind, runId = executionNameOf(executionArn) } = end;
  if (terminal.json)
    terminal.document({ runId, kind, status: 'REFUSED', executionArn, startedAt, finishedAt, failure });
  return REFUSED;
}
