import { commandsOf, type Input, type Step } from '../shared/commands.ts';
import type { Run } from '../shared/ledger/run.ts';
import type { SyncRuntime } from './sync-runtime.ts';

/** What an operator does after a cut over that did not switch because something was written. */
export function frozenStep(runtime: Pick<SyncRuntime, 'config'>, run: Run): Step {
  return againStep(runtime, run, 'Freeze the source, then cut over again');
}

/** The same cut over once more. @param words what is to be done before */
export function againStep({ config }: Pick<SyncRuntime, 'config'>, run: Run, words: string): Step {
  return [words, commandsOf(config).cutOver({ frozen: true, ...allowedOf(run) })];
}

/** What was typed for the cut over that works on the sync. */
export function allowedOf({ parameters: { maxQuarantined } }: Run): Input {
  return maxQuarantined === 0 ? {} : { maxQuarantined };
}

/** The sync as a cut over with this input takes it. */
export const allowing = (run: Run, maxQuarantined: number): Run => ({
  ...run,
  parameters: { ...run.parameters, maxQuarantined },
});
