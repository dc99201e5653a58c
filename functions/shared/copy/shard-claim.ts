import type { Hold } from '../ledger/fence.ts';
import { ClaimLostError, type Claims, claimed, released } from '../ledger/claims.ts';
import { type LedgerTable, shardKey } from '../ledger/ledger-table.ts';
import { updateIf } from '../ledger/store.ts';
import { type Shard, type ShardState, saveShard, saveShardClaim } from '../ledger/shard.ts';
import type { TransactItem } from '../ledger/transact.ts';
import { areEarlierCallsQuiet, letGo } from '../ledger/quiet.ts';
import type { Checkpoint } from './checkpoint.ts';
import { fenceMillisOf, inDoubtUntil, type Runtime } from '../runtime.ts';

/** Which shard is claimed, and what the work rests on. */
export interface ClaimedPlace {
  readonly runId: string;
  readonly state: ShardState;
  readonly shard: number;
  readonly basis: string | undefined;
}

/** A call's claim on a shard, from the moment it is written. */
export interface ShardClaim<Cursor> {
  /** For the looks of the call. */
  readonly hold: Hold;
  /** Epoch milliseconds before anything was read or written for the shard under this claim. */
  readonly claimedAt: number;
  /** An earlier call has not closed its claim: it has died, or will stop at its next look. */
  readonly isTakenOver: boolean;
  /**
   * Returns when nothing that earlier calls have sent for the shard can take effect any more.
   *
   * @param deadline epoch milliseconds: how long it may wait
   * @returns false: that is not long enough
   */
  areEarlierCallsQuiet(deadline: number): Promise<boolean>;
  /** Notes that the call begins to write. @throws ClaimLostError when another call has claimed the shard since */
  noteWriting(): Promise<void>;
  /**
   * Saves a checkpoint; the last one of a call closes its claim. `also` is written in the same transaction.
   *
   * @throws ClaimLostError when another call has claimed the shard since
   */
  save(
    checkpoint: Checkpoint<Cursor>,
    how: { readonly also: readonly TransactItem[]; readonly isLast: boolean },
  ): Promise<void>;
  /** Closes the claim if it is still open. Never throws: a claim that stays open only costs a wait. */
  close(): Promise<void>;
}

/**
 * Writes the id of this call into the shard. The run must be read afterwards, never before: only then does whoever
 * closes the run see either the claim, or a call that finds the run closed.
 *
 * @throws ClaimLostError when another call was faster
 */
export async function claimShard<Cursor>(
  runtime: Runtime,
  place: ClaimedPlace,
  shard: Shard<Cursor> | undefined,
): Promise<ShardClaim<Cursor>> {
  const { ledger, clock, config } = runtime;
  const { runId, ...identity } = place;
  const call = runtime.newId();
  const now = clock.now();
  const taken = claimed(shard ?? {}, { call, now, fenceMillis: fenceMillisOf(config) });
  let claims: Claims = taken;
  let version = shard?.version ?? 0;
  const hold = { key: shardKey(runId, place.state, place.shard), call };
  const put = async (
    saved: Checkpoint<Cursor> & Claims,
    also: readonly TransactItem[] = [],
  ): Promise<void> => {
    const item = { ...saved, ...identity, claimedAt: now };
    const save = { runId, shard: item, previousVersion: version, writer: call, isClaimed: version > 0, also };
    version = await saveShard(ledger, save);
  };
  const takeOver = async (): Promise<void> => {
    const change = { runId, ...identity, previousVersion: version, claims, claimedAt: now, writer: call };
    version = await saveShardClaim(ledger, change);
  };

  const empty = {
    done: false,
    counters: {},
    digests: {},
    turns: 0,
    startedAt: now,
    updatedAt: now,
    marks: [],
  };
  await (shard === undefined ? put({ ...empty, ...claims }) : takeOver());
  return {
    hold,
    claimedAt: now,
    isTakenOver: shard?.claim !== undefined,
    areEarlierCallsQuiet: (deadline) => areEarlierCallsQuiet(runtime, { runId, claims: taken, deadline }),
    noteWriting: () => noteWriting(ledger, hold),
    async save(checkpoint, { also, isLast }) {
      const after = released(claims, inDoubtUntil(runtime));
      const saved = isLast ? after : { ...after, claim: call };
      await put({ ...checkpoint, ...saved }, also);
      // Only now: a refused save leaves the claim to be let go.
      claims = saved;
    },
    async close() {
      await letGo(runtime, { runId, key: hold.key, claims });
    },
  };
}

async function noteWriting(ledger: LedgerTable, { key, call }: Hold): Promise<void> {
  if (await updateIf(ledger, key, { if: { claim: call }, set: { isWriting: true } })) return;
  throw new ClaimLostError(`Another call works on ${key.SK} now; this one has written nothing.`);
}
