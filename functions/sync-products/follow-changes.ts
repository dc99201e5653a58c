import { commandsOf, stepText } from '../shared/commands.ts';
import { deployWith } from '../shared/deploy-with.cjs';
import { ConfigurationError, SourceReplacedError } from '../shared/errors.ts';
import type { Run } from '../shared/ledger/run.ts';
import { findOpenSync } from '../shared/ledger/sync.ts';
import { tableNameOfStream } from '../shared/names.ts';
import { deadlinesOf, type Runtime, type Turn } from '../shared/runtime.ts';
import { answerOf, type BatchAnswer, type Change, type ChangeBatch, changesOf } from './change-batch.ts';
import { type ChangeScope, reconcileChanges, type Reconciliation } from './reconcile-changes.ts';
import { saveFollowed } from './save-followed.ts';
import { noteGaps, noteReplaced, setAside } from './set-aside.ts';
import { watchDeletions } from './watch-deletions.ts';

/**
 * Keeps the target in step with the source: what Lambda's event source mapping calls. A record names a key, and nothing
 * else of it is trusted. The sync's own record decides what is done, never the state of the mapping: a batch may arrive
 * long after the mapping was deleted. Safe to repeat, in any order, and beside other calls.
 *
 * @returns from which record on the batch must be delivered again, because a key could not be settled in time
 * @throws ConfigurationError, PermissionDeniedError, TableUnavailableError, SourceReplacedError (after it is noted as a
 *   gap), the ledger's errors. The mapping then delivers the batch again.
 */
export async function followChanges(runtime: Runtime, batch: ChangeBatch, turn: Turn): Promise<BatchAnswer> {
  const { ledger, clock, config, migration } = runtime;
  const readAt = clock.now();
  await refuseOtherSource(runtime, batch);
  const sync = await findOpenSync(ledger, config.sourceTable);
  const changes = changesOf(batch, migration.source.key, readAt);
  if (sync?.status === 'SYNCING') return follow(runtime, { sync, readAt, changes, turn });
  const isSetAside = await setAside(runtime, changes);
  return answerOf(changes, isSetAside ? NONE : identitiesOf(changes));
}

/** The function may not read a table that the stage is no longer deployed for. Its changes stay where they are. */
async function refuseOtherSource({ ledger, config }: Runtime, { Records }: ChangeBatch): Promise<void> {
  const [first] = Records;
  const table = first === undefined ? config.sourceTable : tableNameOfStream(first.eventSourceARN);
  if (table === config.sourceTable) return;
  const sync = await findOpenSync(ledger, table);
  if (sync === undefined) return;
  throw new ConfigurationError(
    `Sync ${sync.runId} of table ${table} is open, but this stage is deployed for ${config.sourceTable} now, so its changes were not followed. They stay in the stream for 24 hours. To go on with the sync, ${deployWith('sourceTable', table)}.`,
    stepText(['Or cancel it', commandsOf(config).cancelSync(sync.runId)]),
  );
}

const NONE: ReadonlySet<string> = new Set();
const identitiesOf = (changes: readonly Change[]): ReadonlySet<string> =>
  new Set(changes.map(({ identity }) => identity));

interface Following {
  readonly sync: Run;
  readonly readAt: number;
  readonly changes: readonly Change[];
  readonly turn: Turn;
}

/** Where the sync stops following in the middle of the batch, the rest is treated as its new status demands. */
async function follow(runtime: Runtime, { sync, readAt, changes, turn }: Following): Promise<BatchAnswer> {
  await noteGaps(runtime, sync, changes);
  const own = changes.filter(({ streamArn }) => streamArn === sync.stream?.arn);
  const { deadline } = deadlinesOf(runtime.clock, turn);
  const scope = { sync, readAt, changes: own, deadline };
  const { closed, unsettled, ...done } = await reconcileWatched(runtime, scope, turn.requestId);
  const isSetAside = closed.length === 0 || (await setAside(runtime, closed));
  const again = isSetAside ? unsettled : new Set([...unsettled, ...identitiesOf(closed)]);
  const answer = answerOf(own, again);
  await saveFollowed(runtime, { sync, changes: own, answer, done, writer: turn.requestId });
  return answer;
}

async function reconcileWatched(
  runtime: Runtime,
  scope: Omit<ChangeScope, 'beforeDeletion'>,
  call: string,
): Promise<Reconciliation> {
  const { before, end } = await watchDeletions(runtime, scope.sync, { changes: scope.changes, call });
  try {
    return await reconcileChanges(runtime, { ...scope, beforeDeletion: before });
  } catch (error) {
    if (error instanceof SourceReplacedError) await noteReplaced(runtime, scope.sync, error);
    throw error;
  } finally {
    await end();
  }
}
