import { duration } from '../../../functions/shared/format.ts';
import { type Html, html } from '../../../functions/shared/runs/page/html.ts';
import type { Execution, ExecutionStatus } from '../states/executions.ts';

/** Each status in the words of Step Functions' console, and its colour. */
const STATUSES: Readonly<Record<ExecutionStatus, readonly [words: string, tone: string]>> = {
  RUNNING: ['Running', 'busy'],
  SUCCEEDED: ['Succeeded', 'good'],
  FAILED: ['Failed', 'bad'],
  TIMED_OUT: ['Timed out', 'bad'],
  ABORTED: ['Aborted', 'idle'],
};

export function statusPill(status: ExecutionStatus): Html {
  const [words, tone] = STATUSES[status];
  return html`<span class="pill ${tone}">${words}</span>`;
}

/** How long it took, or has taken so far. */
export function durationOf({ startedAt, stoppedAt }: Pick<Execution, 'startedAt' | 'stoppedAt'>): string {
  return duration(((stoppedAt ?? Date.now()) - startedAt) / 1000);
}
