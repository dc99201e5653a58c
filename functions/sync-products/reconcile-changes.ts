import { openReconcile, type ReconcileKey } from '../shared/copy/reconcile/open-reconcile.ts';
import { type KeyEnd, reconcileBatch } from '../shared/copy/reconcile/reconcile-batch.ts';
import type { Reconciled } from '../shared/copy/reconcile/reconcile.ts';
import { refusedWrites } from '../shared/copy/reconcile/refused-writes.ts';
import { conflictKey, quarantinedKey, type StayingKey } from '../shared/copy/reconcile/staying-keys.ts';
import { KEYS_TAKEN_UP, takeUpPending, waitForKeys } from '../shared/copy/reconcile/take-up-pending.ts';
import { lostChangeWarner, unseenDeletionWarners } from '../shared/copy/unseen-deletion.ts';
import { keyText } from '../shared/items/item-key.ts';
import type { Run } from '../shared/ledger/run.ts';
import { followedRunOf, guardSync } from '../shared/ledger/sync.ts';
import { nameKey } from '../shared/ledger/sync-names.ts';
import { type Runtime, watchDoubt } from '../shared/runtime.ts';
import { watchBothEnds } from '../shared/runs/known-source.ts';
import { type Change, firstOfEachKey } from './change-batch.ts';
import { fateOf, type KeyFate } from './key-fate.ts';

export interface ChangeScope {
  readonly sync: Run;
  /** When it was read (epoch milliseconds). */
  readonly readAt: number;
  readonly changes: readonly Change[];
  /** Epoch milliseconds after which no key is begun. See `ReconcileScope`. */
  readonly deadline: number;
  /** See `WatchedDeletions`. */
  readonly beforeDeletion: (tableName: string) => Promise<void>;
}

/** What a call has done, in source keys; conflicts in target items. */
export interface Done {
  readonly repaired: number;
  readonly conflicts: number;
  readonly quarantined: number;
  /** Keys that were noted as pending. */
  readonly pending: number;
}

/** What became of the changes. */
export interface Reconciliation extends Done {
  /** Identities of the keys that must be delivered again. */
  readonly unsettled: ReadonlySet<string>;
  /** Changes that were not settled because the sync no longer follows the source. */
  readonly closed: readonly Change[];
}

/** Pending keys that one call takes up after its own. */
const PENDING_KEYS = 10;

/**
 * Reconciles each key of the changes once, side by side, then some of those that wait. What stays as it is, is named.
 *
 * @throws PermissionDeniedError, TableUnavailableError, SourceReplacedError (not retried here); the ledger's errors
 */
export async function reconcileChanges(runtime: Runtime, scope: ChangeScope): Promise<Reconciliation> {
  const { sync, deadline } = scope;
  const areSameTables = watchBothEnds(runtime, sync);
  await areSameTables();
  const isShort = (): boolean => runtime.clock.now() >= deadline;
  const reconcile = openSyncReconcile(runtime, scope, areSameTables);
  const own = await reconcileOwn(runtime, scope, { reconcile, isShort });
  const limit = scope.changes.length === 0 ? KEYS_TAKEN_UP : PENDING_KEYS;
  const pending = { syncId: sync.runId, reconcile, limit, isShort };
  const others = own.closed.length > 0 || isShort() ? [] : await takeUpPending(runtime, pending);
  for (const end of others) fateOf(end);
  const { ends, unsettled, closed } = own;
  const named = await nameKeys(runtime, sync, [...ends, ...others]);
  return { unsettled, closed, pending: own.pending, ...named };
}

/** Calls of the mapping that run at once for one shard of the stream: its parallelization factor. */
const CALLS_AT_ONCE = 2;

function openSyncReconcile(
  runtime: Runtime,
  { sync, readAt, deadline, beforeDeletion }: ChangeScope,
  areSameTables: () => Promise<void>,
): ReconcileKey {
  const fence = guardSync(runtime.ledger, runtime.clock, sync, readAt);
  return openReconcile(runtime, {
    run: followedRunOf(sync),
    fence: async () => {
      await areSameTables();
      await fence.check();
    },
    deadline,
    readUnitsPerSecond: sync.plan.readUnitsPerSecond / CALLS_AT_ONCE,
    writeUnitsPerSecond: sync.plan.writeUnitsPerSecond / CALLS_AT_ONCE,
    warnUnseen: unseenDeletionWarners(runtime.ledger, sync),
    warnLost: lostChangeWarner(runtime.ledger, sync),
    beforeDeletion,
    refusedWrites: refusedWrites(runtime, sync.runId),
  });
}

interface Tools {
  readonly reconcile: ReconcileKey;
  readonly isShort: () => boolean;
}

interface OwnEnds extends Pick<Reconciliation, 'unsettled' | 'closed' | 'pending'> {
  readonly ends: readonly KeyEnd[];
}

async function reconcileOwn(
  runtime: Runtime,
  { sync, changes }: ChangeScope,
  { reconcile, isShort }: Tools,
): Promise<OwnEnds> {
  const sourceKey = runtime.migration.source.key;
  const doubt = watchDoubt(runtime);
  const firsts = firstOfEachKey(changes);
  const keys = firsts.map(({ key }) => key);
  const ends = await reconcileBatch(reconcile, { keys, sourceKey, repair: true, isShort });
  const doubtful = await noteDoubt(runtime, sync, { changes: firsts, quietAt: doubt() });
  const fates = firsts.map((change) => ({ change, fate: fateOf(ends.get(change.identity)) }));
  const since = runtime.clock.now();
  const waiting = fates.flatMap(({ change: { key, text }, fate }) =>
    fate.kind === 'pending' ? [{ key, text, reason: fate.reason, since }] : [],
  );
  await waitForKeys(runtime, sync.runId, waiting);
  const of = (kind: KeyFate['kind']): readonly string[] =>
    fates.filter(({ fate }) => fate.kind === kind).map(({ change }) => change.identity);
  const closed = new Set(of('closed'));
  return {
    ends: [...ends.values()],
    unsettled: new Set(of('again')),
    closed: changes.filter(({ identity }) => closed.has(identity)),
    pending: Math.max(doubtful, waiting.length),
  };
}

interface Doubt {
  /** The first change of each key. */
  readonly changes: readonly Change[];
  /** Until when a write without an answer may still take effect; absent: every write was answered. */
  readonly quietAt: number | undefined;
}

/**
 * A write without an answer may land after the last look at its key, and nobody knows which key's it was: all of them
 * are looked at again when it is over.
 *
 * @returns how many keys wait for that
 */
async function noteDoubt(runtime: Runtime, { runId }: Run, { changes, quietAt }: Doubt): Promise<number> {
  if (quietAt === undefined) return 0;
  const since = runtime.clock.now();
  const reason = 'A write of its batch got no answer, and may still take effect.';
  const waiting = changes.map(({ key, text }) => ({ key, text, reason, since, quietAt }));
  await waitForKeys(runtime, runId, waiting);
  return waiting.length;
}

async function nameKeys(
  { ledger, clock, migration }: Runtime,
  { runId }: Run,
  ends: readonly KeyEnd[],
): Promise<Omit<Done, 'pending'>> {
  const done = { repaired: 0, conflicts: 0, quarantined: 0 };
  const seenAt = clock.now();
  for (const end of ends) {
    if (end.outcome === 'unstarted' || end.outcome === 'failed') continue;
    if (end.outcome === 'repaired') done.repaired += 1;
    for (const staying of stayingKeys(end, keyText(end.sourceKey, migration.source.key))) {
      done[staying.kind === 'conflict' ? 'conflicts' : 'quarantined'] += 1;
      await nameKey(ledger, runId, { ...staying, seenAt });
    }
  }
  return done;
}

function stayingKeys({ conflicts, quarantined }: Reconciled, text: string): readonly StayingKey[] {
  const keys = conflicts.map(conflictKey);
  return quarantined === undefined ? keys : [...keys, quarantinedKey(text, quarantined)];
}
