import { ABSENT, type Change, PRESENT, unchanged } from './actions.ts';
import { type LedgerTable, runKey } from './ledger-table.ts';
import { findRun, type Run } from './run.ts';
import type { Asked, Caps, ControlEvent } from './run-facts.ts';
import { updateIf } from './store.ts';

/** The caps that a run's workers keep to now: the operator's, else those that the run was planned with. */
export function capsOf({ plan, caps = {} }: Pick<Run, 'plan' | 'caps'>): Record<keyof Caps, number> {
  const { readUnitsPerSecond = plan.readUnitsPerSecond, writeUnitsPerSecond = plan.writeUnitsPerSecond } =
    caps;
  return { readUnitsPerSecond, writeUnitsPerSecond };
}

/** As often as a worker that is not paused looks at its run. */
const LEAST_WAIT_SECONDS = 5;
/** Of the execution's history, for one look of a worker at a paused run: its turn, and the Wait's Entered and Exited. */
const EVENTS_PER_LOOK = 9;
/**
 * A wait of a part p of the time that the pause has lasted, and of 5 s at least, makes 1 / p + ln(p * T / 5) / ln(1 + p)
 * looks in T seconds: fewer than 12 / p + 6 in the seven days that an execution lasts.
 */
const LOOKS_TIMES_PART = 12;
const MORE_LOOKS = 6;

/** A look at a paused run. */
export interface PauseLook {
  /** Epoch milliseconds. */
  readonly now: number;
  /** Workers whose looks share one history. */
  readonly workers: number;
  /** Events of that history that pauses may fill. */
  readonly events: number;
}

/** Seconds after which a worker of a paused run looks again: 5, and longer the longer the pause has lasted. */
export function pauseWaitSeconds({ at }: Asked, { now, workers, events }: PauseLook): number {
  const pausedSeconds = (now - Date.parse(at)) / 1_000;
  const looks = events / workers / EVENTS_PER_LOOK;
  const part = LOOKS_TIMES_PART / Math.max(1, looks - MORE_LOOKS);
  return Math.max(LEAST_WAIT_SECONDS, Math.ceil(pausedSeconds * part));
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

/**
 * Gives a run other caps; those that are not given stay, also where somebody else gives them at the same time.
 *
 * @returns whether the run was RUNNING; else nothing has changed
 */
export async function throttleRun(
  ledger: LedgerTable,
  runId: string,
  { asked, caps }: { readonly asked: Asked; readonly caps: Caps },
): Promise<boolean> {
  for (;;) {
    const run = await findRun(ledger, runId);
    if (run?.status !== 'RUNNING') return false;
    const change = {
      if: { status: 'RUNNING', controls: unchanged(run.controls) },
      set: { caps: { ...run.caps, ...caps } },
    };
    if (await control(ledger, runId, { ...asked, ...caps, action: 'throttle' }, change)) return true;
  }
}

/**
 * Changes what the workers look at, and notes it for the report. A request that was repeated because its answer was lost
 * is refused by what it has done itself: then its event is there.
 */
async function control(
  ledger: LedgerTable,
  runId: string,
  event: ControlEvent,
  change: Change,
): Promise<boolean> {
  const key = runKey(runId);
  if (await updateIf(ledger, key, { ...change, append: { controls: [event] } })) return true;
  const { controls = [] } = (await findRun(ledger, runId)) ?? {};
  return controls.some(({ action, at, by }) => action === event.action && at === event.at && by === event.by);
}
