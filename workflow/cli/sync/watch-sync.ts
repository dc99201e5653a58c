import { setTimeout as pause } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';
import { type Run, readRun } from '../../../functions/shared/ledger/run.ts';
import { isEndStatus } from '../../../functions/shared/ledger/transition.ts';
import { printableAll } from '../../../functions/shared/printable.ts';
import type { OperatorContext } from '../context.ts';
import { INTERRUPTED } from '../exit-codes.ts';
import { outcomeLines } from '../summary.ts';
import type { Terminal } from '../terminal.ts';
import { lookAtSync } from './collect-sync.ts';
import { outcomeOfSync } from '../../../functions/shared/runs/sync-outcome.ts';
import { type EarlierLook, syncRows } from './sync-rows.ts';

const LOOK_MILLIS = 2_000;

/**
 * Shows a sync as it is: once, or on a terminal that can be redrawn until it ends or the signal comes.
 *
 * @returns 0, or 130 after the signal
 */
export async function watchSync(
  context: OperatorContext,
  sync: Run,
  { terminal, signal }: { readonly terminal: Terminal; readonly signal: AbortSignal },
): Promise<number> {
  const draw = redraw(terminal);
  let before: EarlierLook | undefined;
  for (let run = sync; ; run = await readRun(context.ledger, sync.runId)) {
    const report = await lookAtSync(context, run);
    const shown = printableAll(report);
    const outcome = outcomeOfSync({ report: shown, failure: null });
    const now = Date.now();
    const rows = [['Sync', shown.runId] as const, ...syncRows(shown, now, before)];
    before = { at: now, records: shown.followed.records };
    draw(outcomeLines(terminal, outcome, rows));
    if (terminal.json) terminal.document(report);
    if (!terminal.isLive || terminal.json || isEndStatus(run.status)) return 0;
    await pause(LOOK_MILLIS, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return INTERRUPTED;
  }
}

/** Writes lines over those that it has written before. */
export function redraw({ stream, reveal }: Terminal): (lines: readonly string[]) => void {
  let rows = 0;
  return (lines) => {
    const text = reveal(lines.join('\n'));
    stream.write(`${rows === 0 ? '' : `\u001b[${rows}A\u001b[J`}${text}\n`);
    rows = text.split('\n').reduce((sum, line) => sum + rowsOf(line, stream.columns || 80), 0);
  };
}

/** A long line takes several rows of the screen. */
function rowsOf(line: string, columns: number): number {
  return Math.max(1, Math.ceil(stripVTControlCharacters(line).length / columns));
}
