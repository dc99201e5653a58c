import { readPaceOf } from '../shared/copy/read-pace.ts';
import { isThrottle } from '../shared/retry.ts';
import type { Runtime } from '../shared/runtime.ts';
import type { ShardTurn } from '../shared/copy/shard-turn.ts';
import { sourceKey } from '../migrations/shop/tables/target-tables.ts';
import { isOfRun } from '../shared/migration/as-written.ts';
import { ownerIdOf, productIdOf, productToItems } from '../migrations/shop/product-to-items.ts';
import { type TransformContext, transformContext } from '../migrations/shop/transform-context.ts';
import { keyIdentity, keyText } from '../migrations/shop/target-key.ts';
import { readItemsByKey } from '../shared/aws/read-items.ts';
import { stringAttribute, type WireItem } from '../shared/items/wire-item.ts';
import type { ScanTally } from './scan-tally.ts';
import { shorten } from '../shared/text.ts';

const KEYS_TOGETHER = 100;
const MAX_ID_BYTES = 200;

interface RemovalScope {
  readonly runtime: Runtime;
  readonly turn: ShardTurn<unknown>;
  readonly tally: ScanTally;
}

/** Finds what earlier migrations have brought and the source no longer has: products, and items of products. */
export interface RemovalCheck {
  /** Takes one page of the target. Counts nothing before the whole page is looked up, so that it can be taken again. */
  see(page: readonly WireItem[]): Promise<void>;
}

/**
 * For a target that was there before the run: its pages tell which items earlier runs have brought, and the source is
 * asked for the product of each by key, inside the worker's share of the run's cap.
 */
export function createRemovalCheck({ runtime, turn, tally }: RemovalScope): RemovalCheck {
  const { sourceTable, runId } = turn.run;
  const pace = readPaceOf(turn);
  const sourceItems = async (ids: readonly string[]): Promise<readonly WireItem[]> => {
    await pace.wait();
    return readItemsByKey(
      {
        items: runtime.items,
        tableName: sourceTable,
        retry: (attempt) =>
          turn.retry(attempt, (error) => {
            if (isThrottle(error)) tally.counters.throttles += 1;
          }),
        onRead: (readUnits) => {
          tally.counters.readUnits += readUnits;
          pace.charge({ readUnits, items: 0 });
        },
      },
      ids.map((id) => ({ [sourceKey.partitionKey]: { S: id } })),
    );
  };
  const context = transformContext(turn.run);
  return {
    async see(page) {
      const earlier = page.filter((item) => isOfEarlierRun(item, runId));
      const described = new Set(earlier.flatMap((item) => productIdOf(item) ?? []));
      const ids = [...new Set(earlier.flatMap((item) => ownerIdOf(item) ?? []))].filter((id) => id !== '');
      const byOwner = Map.groupBy(earlier, ownerIdOf);
      const removed: string[] = [];
      const stale: WireItem[] = [];
      for (let start = 0; start < ids.length; start += KEYS_TOGETHER) {
        const together = ids.slice(start, start + KEYS_TOGETHER);
        const found = new Map((await sourceItems(together)).map((product) => [idOf(product), product]));
        removed.push(...together.filter((id) => described.has(id) && !found.has(id)));
        for (const [id, product] of found) stale.push(...staleOf(byOwner.get(id) ?? [], product, context));
      }
      tally.counters.targetItems += page.length;
      tally.counters.removedBefore += removed.length;
      tally.counters.staleVariants += stale.length;
      for (const id of removed) tally.sample('removedAtSource', shorten(id, MAX_ID_BYTES));
      for (const item of stale) tally.sample('staleVariants', keyText(item));
    },
  };
}

const idOf = (product: WireItem): string => stringAttribute(product, sourceKey.partitionKey) ?? '';

/** Whether another migration has brought the item. */
function isOfEarlierRun(item: WireItem, runId: string): boolean {
  return stringAttribute(item, 'migrationRun') !== undefined && !isOfRun(item, runId);
}

/** Items that the product does not become any more. One that cannot be transformed keeps what it has. */
function staleOf(
  items: readonly WireItem[],
  product: WireItem,
  context: TransformContext,
): readonly WireItem[] {
  const result = productToItems(product, context);
  if (result.kind !== 'items') return [];
  const expected = new Set(result.items.map(keyIdentity));
  return items.filter((item) => !expected.has(keyIdentity(item)));
}
