import { errorSummary, RunClosedError } from '../../errors.ts';
import { keyIdentity } from '../../items/item-key.ts';
import { notePending, type PendingKey, settlePending, somePending } from '../../ledger/sync-records.ts';
import type { Stored } from '../../ledger/store.ts';
import { isTransient } from '../../retry.ts';
import { type Runtime, watchDoubt } from '../../runtime.ts';
import { createPipeline } from '../pipeline.ts';
import type { ReconcileKey } from './open-reconcile.ts';
import { type KeyEnd, reconcileBatch } from './reconcile-batch.ts';

/** Pending keys that a call with no changes of its own takes up. */
export const KEYS_TAKEN_UP = 500;

/** Whose pending keys, and how many of them. */
export interface PendingScope {
  readonly syncId: string;
  readonly reconcile: ReconcileKey;
  /** Keys at most. */
  readonly limit: number;
  /** Whether no further key should be begun. */
  readonly isShort: () => boolean;
}

/**
 * Reconciles some of the keys that wait. A key is removed only where this look ended clean, nobody has noted it again
 * since, and no write of this call is without an answer.
 *
 * @returns how each of them ended
 * @throws the ledger's errors
 */
export async function takeUpPending(
  runtime: Runtime,
  { syncId, reconcile, limit, isShort }: PendingScope,
): Promise<readonly KeyEnd[]> {
  const { ledger, clock, random, migration } = runtime;
  const sourceKey = migration.source.key;
  const some = await somePending(ledger, syncId, { from: random(), limit });
  const due = some.filter(({ quietAt = 0 }) => quietAt <= clock.now());
  const keys = due.map(({ key }) => key);
  const doubt = watchDoubt(runtime);
  const ends = await reconcileBatch(reconcile, { keys, sourceKey, repair: true, isShort });
  const quietAt = doubt();
  for (const one of due) {
    const end = ends.get(keyIdentity(one.key, sourceKey));
    if (quietAt !== undefined) await waitFor(runtime, syncId, { ...one, quietAt });
    else if (isClean(end)) await settlePending(ledger, one);
    else await noteReason(runtime, syncId, { one, reason: reasonOf(end) });
  }
  return [...ends.values()];
}

const isClean = (end: KeyEnd | undefined): boolean => end?.outcome === 'equal' || end?.outcome === 'repaired';

/** Of a key whose source item, or one of its target items, changed at every try. */
export const RESTLESS = 'The source item, or one of its target items, changed at every try.';

/** Why a key still waits; `undefined`: this look says nothing of it. */
function reasonOf(end: KeyEnd | undefined): string | undefined {
  if (end?.outcome === 'pending') return RESTLESS;
  if (end?.outcome !== 'failed' || isTransient(end.error) || end.error instanceof RunClosedError)
    return undefined;
  const { name, message } = errorSummary(end.error);
  return `${name}: ${message}`;
}

interface FoundReason {
  readonly one: Stored<PendingKey>;
  readonly reason: string | undefined;
}

/** A person acts on the reason, so it is the one of the last look. */
async function noteReason(runtime: Runtime, syncId: string, { one, reason }: FoundReason): Promise<void> {
  if (reason !== undefined && reason !== one.reason) await waitFor(runtime, syncId, { ...one, reason });
}

/** Notes keys that are to be reconciled by a later call. */
export async function waitForKeys(
  runtime: Runtime,
  syncId: string,
  keys: readonly Omit<PendingKey, 'version'>[],
): Promise<void> {
  const pipeline = createPipeline(KEYS_IN_FLIGHT);
  for (const key of keys) await pipeline.start(() => waitFor(runtime, syncId, key));
  await pipeline.finish();
}

const KEYS_IN_FLIGHT = 16;

function waitFor(
  { ledger, migration }: Runtime,
  syncId: string,
  pending: Omit<PendingKey, 'version'> | Stored<PendingKey>,
): Promise<void> {
  const identity = keyIdentity(pending.key, migration.source.key);
  return notePending(ledger, { syncId, identity }, pending);
}
