import { commandsOf, type Step, stepText } from '../shared/commands.ts';
import { deployWith } from '../shared/deploy-with.cjs';
import { findNewest, findRun, isReadable, type Run } from '../shared/ledger/run.ts';
import { findOpenSync } from '../shared/ledger/sync.ts';
import { isEndStatus } from '../shared/ledger/transition.ts';
import { SyncRefusedError } from '../shared/errors.ts';
import type { SyncInput } from './sync-input.ts';
import type { SyncRuntime } from './sync-runtime.ts';

/**
 * The open sync of the deployed source. A cancellation may name one of another source: the stage may have been deployed
 * with another one since.
 *
 * @throws SyncRefusedError where the input names another sync than the open one
 */
export async function openSync(
  { ledger, config }: SyncRuntime,
  { action, runId }: SyncInput,
): Promise<Run | undefined> {
  const open = await findOpenSync(ledger, config.sourceTable);
  if (runId === undefined || runId === open?.runId) return open;
  const named = action === 'cancel' ? await findNamedSync(ledger, runId) : undefined;
  if (named !== undefined || open === undefined) return named;
  if (action === 'start' || open.follows?.runId === runId) return open;
  throw new SyncRefusedError(
    `Sync ${open.runId} of table ${config.sourceTable} is open, not ${runId}. Nothing was changed. Leave "runId" out, or name the open sync.`,
    stepText(['Look at the open sync', commandsOf(config).showSync()]),
  );
}

/** What an operator should know who is told that the deployed source has no open sync. */
export interface WithoutOpenSync {
  readonly sentence: string;
  readonly steps: readonly Step[];
}

/**
 * What there is where the source has no open sync: one of another source, for which the stage was deployed before, or the
 * last one, which has switched. Starting another is then hardly what is wanted. `undefined`: neither.
 */
export async function withoutOpenSync(runtime: SyncRuntime): Promise<WithoutOpenSync | undefined> {
  const { ledger, config } = runtime;
  const { showSync, cancelSync } = commandsOf(config);
  const other = await openElsewhere(runtime);
  if (other !== undefined)
    return {
      sentence: `Sync ${other.runId} of table ${other.sourceTable} is open (${other.status}), but this stage is deployed for ${config.sourceTable} now, so nothing follows ${other.sourceTable}.`,
      steps: [
        [`To go on with it, ${deployWith('sourceTable', other.sourceTable)}. Then look at it`, showSync()],
        ['Or cancel it', cancelSync(other.runId)],
      ],
    };
  const last = await findNewest(ledger, (run) => isSyncOf(run, config.sourceTable));
  if (last?.status !== 'SWITCHED') return undefined;
  return {
    sentence: `Sync ${last.runId} has switched already, and the shop may use the target.`,
    steps: [['See how the last sync ended', showSync()]],
  };
}

const isSyncOf = (run: Run, sourceTable: string): boolean =>
  isReadable(run) && run.kind === 'sync' && run.sourceTable === sourceTable;

async function openElsewhere({ ledger, config }: SyncRuntime): Promise<Run | undefined> {
  const listed = await findNewest(
    ledger,
    (run) =>
      run.sourceTable !== config.sourceTable && isSyncOf(run, run.sourceTable) && !isEndStatus(run.status),
  );
  return listed && findNamedSync(ledger, listed.runId);
}

/** The sync of this id, if it is open, whatever its source is. Strongly consistent. */
async function findNamedSync(ledger: SyncRuntime['ledger'], runId: string): Promise<Run | undefined> {
  const named = await findRun(ledger, runId);
  const open = named?.kind === 'sync' ? await findOpenSync(ledger, named.sourceTable) : undefined;
  return open?.runId === runId ? open : undefined;
}
