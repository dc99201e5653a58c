import { isUnanswered } from '../../aws/in-doubt.ts';
import type { DeletionOutcome, ItemTable } from '../../aws/item-table.ts';
import type { TableKey } from '../../items/item-key.ts';
import { isThrottle, pause } from '../../retry.ts';
import type { Fence } from '../../ledger/fence.ts';
import { type KnownTable, watchTables } from '../../tables/known-table.ts';
import { createRate, type Rate } from '../rate.ts';
import type { Runtime } from '../../runtime.ts';
import type { ShardTurn } from '../shard-turn.ts';

/** What a writer has cost, beyond what its lines say; absolute over the shard. */
export interface WriteMeter {
  writeUnits: number;
  throttles: number;
}

/** What writers share. */
export interface WriteScope {
  readonly tableName: string;
  readonly key: TableKey;
  readonly items: ItemTable;
  readonly rate: Rate;
  readonly fence: Pick<Fence, 'check'>;
  readonly meter: WriteMeter;
  /** Tries again until the turn's deadline. */
  readonly retry: <T>(attempt: () => Promise<T>, onRetry: (error: unknown) => void) => Promise<T>;
  readonly isShort: () => boolean;
  /** In [0, 1). */
  readonly random: () => number;
  /** Milliseconds; replaced in tests. */
  readonly pause: (millis: number) => Promise<unknown>;
}

/** What a write must keep to, and what counts it. */
export type PaidScope = Pick<WriteScope, 'rate' | 'fence' | 'meter' | 'retry'>;

/**
 * The scope of one worker's turn, inside the worker's share of the run's cap. Its fence looks at the table as well: a
 * write to one that has replaced it throws TableUnavailableError, not retried.
 */
export function turnWriteScope(
  runtime: Pick<Runtime, 'items' | 'random' | 'clients' | 'clock'>,
  turn: ShardTurn<unknown>,
  { table, ...rest }: Pick<WriteScope, 'key' | 'meter'> & { readonly table: KnownTable },
): WriteScope {
  const { items, random } = runtime;
  const { clock, deadline, fence } = turn;
  const isSameTable = watchTables(runtime, [table]);
  return {
    ...rest,
    tableName: table.name,
    items,
    rate: createRate({
      unitsPerSecond: () => turn.share('writeUnitsPerSecond'),
      clock,
      deadline,
      throwIfClosed: () => fence.throwIfClosed(),
    }),
    fence: {
      async check() {
        await isSameTable();
        await fence.check();
      },
    },
    retry: (attempt, onRetry) => turn.retry(attempt, onRetry),
    isShort: () => turn.isShort(),
    random,
    pause: (millis) => pause(clock, millis),
  };
}

/**
 * One write inside the worker's share, tried again as long as its error passes: the run is looked at before every
 * attempt, and what DynamoDB charges is counted.
 *
 * @param units what it is expected to cost
 */
export async function paidWrite<
  T extends { readonly writeUnits: number; readonly unprocessed?: readonly unknown[] },
>(scope: PaidScope, units: number, attempt: () => Promise<T>): Promise<T> {
  const { rate, meter, fence } = scope;
  const outcome = await scope.retry(
    async () => {
      await rate.take(units);
      await fence.check();
      return attempt();
    },
    (error) => noteThrottle(scope, isThrottle(error)),
  );
  meter.writeUnits += outcome.writeUnits;
  const isRefused = (outcome.unprocessed ?? []).length > 0;
  rate.charge({ taken: units, charged: outcome.writeUnits, isRefused });
  return outcome;
}

/** How a deletion ended. */
export type PaidDeletion = DeletionOutcome & {
  /** An attempt of it got no answer. It may have deleted the item unseen, or may still do so. */
  readonly isInDoubt: boolean;
};

/** Who deletes, and says so where nobody has seen what was deleted. */
export interface DeletionScope extends PaidScope {
  /** See `unseenDeletionWarner`. Absent: nobody is told. */
  readonly warnUnseen?: () => Promise<void>;
}

/** {@link paidWrite} of a deletion. Warns where the last attempt has got no answer. */
export async function paidDeletion(
  scope: DeletionScope,
  units: number,
  attempt: () => Promise<DeletionOutcome>,
): Promise<PaidDeletion> {
  let isInDoubt = false;
  const noteDoubt = (error: unknown): never => {
    isInDoubt ||= isUnanswered(error);
    throw error;
  };
  try {
    const outcome = await paidWrite(scope, units, () => attempt().catch(noteDoubt));
    return { ...outcome, isInDoubt };
  } catch (error) {
    if (isUnanswered(error)) await scope.warnUnseen?.();
    throw error;
  }
}

/** Counts a request that DynamoDB refused, wholly or in part, for being too fast. */
export function noteThrottle(
  { meter, rate }: Pick<WriteScope, 'meter' | 'rate'>,
  isThrottled: boolean,
): void {
  if (!isThrottled) return;
  meter.throttles += 1;
  rate.throttled();
}
