import { commandsOf, type StagePlace, stepText } from '../../functions/shared/commands.ts';
import { DONE, LOST_CONNECTION, REFUSED } from './exit-codes.ts';
import { newestControls } from '../../functions/shared/ledger/control.ts';
import type { Asked } from '../../functions/shared/ledger/run-facts.ts';
import { findRun, type Run } from '../../functions/shared/ledger/run.ts';
import { isEndStatus } from '../../functions/shared/ledger/transition.ts';
import { pausedText } from '../../functions/shared/runs/control-text.ts';
import { SYSTEM_CLOCK } from '../../functions/shared/retry.ts';
import type { OperatorContext } from './context.ts';
import { isLost, lostSentence, OperatorError } from './operator-error.ts';
import type { Terminal } from './terminal.ts';
import { fit } from './wrap.ts';

/** Kinds of runs whose workers look at pauses and caps. A sync and its compares have caps of their own. */
const CONTROLLED: ReadonlySet<Run['kind']> = new Set(['migrate', 'restore', 'manual']);

/** Who asks, and when. */
export function askedBy({ caller }: Pick<OperatorContext, 'caller'>): Asked {
  return { at: new Date(SYSTEM_CLOCK.now()).toISOString(), by: caller };
}

/**
 * The run that an operator wants to pause, to continue or to throttle.
 *
 * @throws OperatorError where its workers would not look, or there are none
 */
export async function controlledRun(context: OperatorContext, runId: string): Promise<Run> {
  const { ledger, stage } = context;
  const run = await findRun(ledger, runId);
  if (run === undefined)
    throw new OperatorError(
      `Stage ${stage} knows no run ${runId}. Nothing was changed.`,
      REFUSED,
      stepText(['List the runs', commandsOf(context).runs()]),
    );
  if (!CONTROLLED.has(run.kind))
    throw new OperatorError(
      `Run ${runId} is a ${run.kind}, which cannot be paused or throttled. Nothing was changed. A sync takes its caps at its start.`,
      REFUSED,
      stepText(['Look at the sync', commandsOf(context).showSync()]),
    );
  if (run.status !== 'RUNNING') throw notRunning(context, run);
  return run;
}

/**
 * Changes what is asked of a run.
 *
 * @returns whether the run was in a state for it
 * @throws OperatorError where no answer came, so that nobody knows whether it was changed
 */
export async function changeRun(
  context: OperatorContext,
  runId: string,
  change: (ledger: OperatorContext['ledger']) => Promise<boolean>,
): Promise<boolean> {
  try {
    return await change(context.ledger);
  } catch (error) {
    if (!isLost(error)) throw error;
    throw new OperatorError(
      `${lostSentence(error, context)} Whether run ${runId} was changed is not known.`,
      LOST_CONNECTION,
      stepText(['Look', commandsOf(context).runs()]),
    );
  }
}

/** For a run that is not RUNNING, or is no longer when its record is written. */
export function notRunning(
  place: StagePlace,
  { runId, status }: Pick<Run, 'runId' | 'status'>,
): OperatorError {
  const { report, follow } = commandsOf(place);
  const hasReport = status === 'HELD' || isEndStatus(status);
  return new OperatorError(
    `Run ${runId} is ${status}, and only a RUNNING run can be paused, continued or throttled. Nothing was changed.`,
    REFUSED,
    stepText(hasReport ? ['See its report', report(runId)] : ['Follow it', follow(runId)]),
  );
}

/** Why a run could not be changed that was as it should be a moment ago. */
export async function changedMeanwhile(context: OperatorContext, runId: string): Promise<OperatorError> {
  const run = await controlledRun(context, runId);
  return new OperatorError(
    `Run ${runId} ${run.paused === undefined ? 'is not paused' : `has been ${pausedText(run.paused)}`}. Nothing was changed.`,
    REFUSED,
    stepText(['Follow it', commandsOf(context).follow(runId)]),
  );
}

/** What is told of a change. */
interface Told {
  readonly runId: string;
  readonly sentence: string;
  /** As `stepText` words it. */
  readonly next?: string;
}

/** Tells what was changed; with `--json` what the run is asked to do now. */
export async function sayControlled(
  { ledger }: OperatorContext,
  { runId, sentence, next }: Told,
  terminal: Terminal,
): Promise<number> {
  terminal.say(`${terminal.signs.good} ${fit(terminal, sentence, 2)}`);
  if (next !== undefined) terminal.say(next);
  if (!terminal.json) return DONE;
  const run = await findRun(ledger, runId);
  const { paused = null, caps = {} } = run ?? {};
  terminal.document({ runId, paused, caps, controls: [], ...newestControls(run ?? {}) });
  return DONE;
}
