import { type Change, unchanged } from './actions.ts';
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
  return control(ledger, runId, { ...asked, action: 'pause' }, ({ paused }) =>
    paused === undefined ? { set: { paused: asked } } : undefined,
  );
}

/** @returns whether the run was RUNNING and paused; else nothing has changed */
export function unpauseRun(ledger: LedgerTable, runId: string, asked: Asked): Promise<boolean> {
  return control(ledger, runId, { ...asked, action: 'unpause' }, ({ paused }) =>
    paused === undefined ? undefined : { remove: ['paused'] },
  );
}

/**
 * Gives a run other caps; those that are not given stay, also where somebody else gives them at the same time.
 *
 * @returns whether the run was RUNNING; else nothing has changed
 */
export function throttleRun(
  ledger: LedgerTable,
  runId: string,
  { asked, caps }: { readonly asked: Asked; readonly caps: Caps },
): Promise<boolean> {
  return control(ledger, runId, { ...asked, ...caps, action: 'throttle' }, (run) => ({
    set: { caps: { ...run.caps, ...caps } },
  }));
}

/** Events that a run keeps: a script may give another cap every minute, and the run's ledger item has its limit. */
const MAX_CONTROLS = 100;

/** The newest events of a run, and how many earlier ones are not among them. */
export function newestControls({
  controls = [],
  controlsLeftOut = 0,
}: Pick<Run, 'controls' | 'controlsLeftOut'>): Pick<Run, 'controls' | 'controlsLeftOut'> {
  const newest = controls.slice(-MAX_CONTROLS);
  const leftOut = controlsLeftOut + controls.length - newest.length;
  return {
    ...(newest.length > 0 && { controls: newest }),
    ...(leftOut > 0 && { controlsLeftOut: leftOut }),
  };
}

/**
 * Changes what the workers look at, and notes it for the report. What must hold for the change is decided on the run as
 * it was read, and asked again where somebody else has changed it meanwhile. A request that was repeated because its
 * answer was lost is refused by what it has done itself: then its event is there.
 */
async function control(
  ledger: LedgerTable,
  runId: string,
  event: ControlEvent,
  changeOf: (run: Run) => Pick<Change, 'set' | 'remove'> | undefined,
): Promise<boolean> {
  for (;;) {
    const run = await findRun(ledger, runId);
    const { controls = [] } = run ?? {};
    if (controls.some((noted) => isSame(noted, event))) return true;
    const change = run?.status === 'RUNNING' ? changeOf(run) : undefined;
    if (run === undefined || change === undefined) return false;
    const noted = newestControls({ ...run, controls: [...controls, event] });
    const isChanged = await updateIf(ledger, runKey(runId), {
      if: { status: 'RUNNING', controls: unchanged(run.controls) },
      ...change,
      set: { ...change.set, ...noted },
    });
    if (isChanged) return true;
  }
}

const isSame = (one: ControlEvent, other: ControlEvent): boolean =>
  one.action === other.action &&
  one.at === other.at &&
  one.by === other.by &&
  one.readUnitsPerSecond === other.readUnitsPerSecond &&
  one.writeUnitsPerSecond === other.writeUnitsPerSecond;
