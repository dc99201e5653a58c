import { type Command, commandsOf, stepText } from '../shared/commands.ts';
import { SyncRefusedError } from '../shared/errors.ts';
import type { Run } from '../shared/ledger/run.ts';
import type { SyncInput } from './sync-input.ts';
import type { SyncRuntime } from './sync-runtime.ts';

/**
 * A start goes on where a dead one has left it: with the migration and the caps of that one. So it must not ask for others.
 *
 * @param again starts the sync that was asked for
 * @throws SyncRefusedError; not retried
 */
export function refuseOtherStart(
  { config }: Pick<SyncRuntime, 'config'>,
  open: Run,
  { input, again }: { readonly input: SyncInput; readonly again: Command },
): void {
  const { runId, follows, parameters } = open;
  const isOther =
    isChanged(input.runId, follows?.runId) ||
    isChanged(input.readUnitsPerSecond, parameters.readUnitsPerSecond) ||
    isChanged(input.writeUnitsPerSecond, parameters.writeUnitsPerSecond);
  if (!isOther) return;
  throw new SyncRefusedError(
    `Sync ${runId}, which follows run ${follows?.runId ?? ''}, was not started to its end. It can only go on as it was begun, not with another run or other caps. Nothing was changed.`,
    stepText(['Cancel it', commandsOf(config).cancelSync()], ['Then start yours', again]),
  );
}

const isChanged = <T>(asked: T | undefined, known: T | undefined): boolean =>
  asked !== undefined && asked !== known;
