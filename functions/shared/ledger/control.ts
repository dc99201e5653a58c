import { ABSENT, type Change, PRESENT } from './actions.ts';
import { type LedgerTable, runKey } from './ledger-table.ts';
import type { Run } from './run.ts';
import type { Asked, Caps, ControlEvent } from './run-facts.ts';
import { updateIf } from './store.ts';

/** The caps that a run's workers keep to now: the operator's, else those that the run was planned with. */
export function capsOf({ plan, caps = {} }: Pick<Run, 'plan' | 'caps'>): Record<keyof Caps, number> {
  const { readUnitsPerSecond = plan.readUnitsPerSecond, writeUnitsPerSecond = plan.writeUnitsPerSecond } =
    caps;
  return { readUnitsPerSecond, writeUnitsPerSecond };
}

const LEAST_WAIT_SECONDS = 30;
/**
 * A look at a paused run costs a worker 9 events of the execution's history. The wait is this part of the time that the
 * pause has lasted, for each worker, so that a day's pause costs at most 6,200 events. The history keeps
 * 7,000 free for retries and pauses.
 */
const WAIT_PART = 1 / 60;

/** A look at a paused run. */
export interface PauseLook {
  /** Epoch milliseconds. */
  readonly now: number;
  /** Workers whose looks share one history. */
  readonly workers: number;
}

/** Seconds after which a worker of a paused run looks again: 30, and longer the longer the pause has lasted. */
export function pauseWaitSeconds({ at }: Asked, { now, workers }: PauseLook): number {
  const pausedSeconds = (now - Date.parse(at)) / 1_000;
  return Math.max(LEAST_WAIT_SECONDS, Math.floor(pausedSeconds * workers * WAIT_PART));
}

/** @returns whether the run was RUNNING and not paused; else nothing has changed */
export function pauseRun(ledger: LedgerTable, runId: string, asked: Asked): Promise<boolean> {
  const change = { if: { status: 'RUNNING', paused: ABSENT }, set: { paused: asked } };
  return control(ledger, runId, { ...asked, action: 'pause' }, change);
}

/** @returns whether the run was RUNNING and paused; else nothing has changed */
export function unpauseRun(ledger: LedgerTable, runId: string, asked: Asked): Promise<boolean> {
  const change = { if: { status: 'RUNNING', paused: PRESENT }, remove: ['paused'] };
  return control(ledger, runId, { ...asked, action: 'unpause' }, change);
}

/** @returns whether the run was RUNNING; else nothing has changed */
export function throttleRun(
  ledger: LedgerTable,
  run: Pick<Run, 'runId' | 'caps'>,
  { asked, caps }: { readonly asked: Asked; readonly caps: Caps },
): Promise<boolean> {
  const change = { if: { status: 'RUNNING' }, set: { caps: { ...run.caps, ...caps } } };
  return control(ledger, run.runId, { ...asked, ...caps, action: 'throttle' }, change);
}

/** Changes what the workers look at, and notes it for the report. */
function control(ledger: LedgerTable, runId: string, event: ControlEvent, change: Change): Promise<boolean> {
  return updateIf(ledger, runKey(runId), { ...change, append: { controls: [event] } });
}
