import type { Fence } from '../shared/ledger/fence.ts';
import type { Rate } from '../shared/copy/rate.ts';
import { isThrottle } from '../shared/retry.ts';
import type { ItemTable } from '../shared/aws/item-table.ts';
import type { UpdateIf } from '../shared/aws/update-if.ts';
import type { WireItem } from '../shared/items/wire-item.ts';
import type { PendingProduct } from './product-window.ts';

/** An item that shall stand in the target, and the product that waits for it. */
export interface PendingItem {
  readonly item: WireItem;
  readonly product: PendingProduct;
  /** The item's JSON, where it is known already. */
  readonly json?: string | undefined;
}

/** Puts items into the target, some at once and in any order, and counts them off their products. */
export interface TargetWriter {
  /** Takes one item, as soon as there is room. @throws what an earlier write failed with */
  write(item: PendingItem): Promise<void>;
  /**
   * Removes what earlier migrations have made of the product and this one does not; one of the product's `remaining`.
   * Absent where nothing is ever removed.
   */
  readonly sweep?: (product: PendingProduct, items: readonly WireItem[]) => Promise<void>;
  /**
   * Returns when every item is in place, or time is up: then items that DynamoDB has refused for now stay
   * missing. @throws what a write failed with, once no request is under way
   */
  drain(): Promise<void>;
  /** Returns when no request is under way. Never throws. */
  settle(): Promise<void>;
}

/** What a writer has cost, beyond what its products say; absolute over the shard. */
export interface WriteMeter {
  writeUnits: number;
  throttles: number;
}

/** What writers share. */
export interface WriteScope {
  readonly tableName: string;
  readonly items: ItemTable;
  readonly updateIf: UpdateIf;
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

/** Marks one of the product's items as written. */
export function noteWritten({ product }: PendingItem): void {
  product.remaining -= 1;
}

/**
 * One write inside the worker's share, tried again as long as its error passes by itself: the run is
 * looked at before every attempt, and what DynamoDB charges is counted.
 *
 * @param units what it is expected to cost
 */
export async function paidWrite<
  T extends { readonly writeUnits: number; readonly unprocessed?: readonly string[] },
>(scope: WriteScope, units: number, attempt: () => Promise<T>): Promise<T> {
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

/** Counts a request that DynamoDB refused, wholly or in part, for being too fast. */
export function noteThrottle({ meter, rate }: WriteScope, isThrottled: boolean): void {
  if (!isThrottled) return;
  meter.throttles += 1;
  rate.throttled();
}
