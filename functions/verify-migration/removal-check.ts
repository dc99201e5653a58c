import { readPaceOf } from '../shared/copy/read-pace.ts';
import { isThrottle } from '../shared/retry.ts';
import type { Runtime } from '../shared/runtime.ts';
import type { ShardTurn } from '../shared/copy/shard-turn.ts';
import { keyIdentity, keyText } from '../shared/items/item-key.ts';
import { isOfRun } from '../shared/migration/as-written.ts';
import type { FilledTable } from '../shared/migration/migration.ts';
import { ownerKeyOf } from '../shared/migration/owner.ts';
import { transformContext } from '../shared/tables/transform-context.ts';
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
  /** The table whose pages are seen. */
  readonly table: FilledTable;
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
export function createRemovalCheck({ runtime, turn, tally, table }: RemovalScope): RemovalCheck {
  const { sourceTable, runId } = turn.run;
  const { key: sourceKey } = runtime.migration.source;
  const pace = readPaceOf(turn);
  const sourceItems = async (keys: readonly WireItem[]): Promise<readonly WireItem[]> => {
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
      keys,
    );
  };
  const context = transformContext(runtime, turn.run);
  /** Items that the source item does not become any more. One that cannot be transformed keeps what it has. */
  const staleOf = (items: readonly WireItem[], product: WireItem): readonly WireItem[] => {
    const result = runtime.migration.transform(product, context);
    if (result.kind !== 'items') return [];
    const own = result.items.filter((one) => one.table.name === table.name);
    const expected = new Set(own.map(({ item }) => keyIdentity(item, table.tableKey)));
    return items.filter((item) => !expected.has(keyIdentity(item, table.tableKey)));
  };
  // Items of one partition follow each other, so that a source item whose items fill two pages is counted once.
  let lastOwner: string | undefined;
  return {
    async see(page) {
      const earlier = page.filter((item) => isOfEarlierRun(item, runId));
      const owners = new Map<string, { readonly key: WireItem; readonly items: WireItem[] }>();
      for (const item of earlier) {
        const key = ownerKeyOf(item, table);
        if (key === undefined) continue;
        const identity = keyIdentity(key, sourceKey);
        const owner = owners.get(identity) ?? { key, items: [] };
        owners.set(identity, owner);
        owner.items.push(item);
      }
      const removed: WireItem[] = [];
      const stale: WireItem[] = [];
      const all = [...owners];
      for (let start = 0; start < all.length; start += KEYS_TOGETHER) {
        const together = all.slice(start, start + KEYS_TOGETHER);
        const found = await sourceItems(together.map(([, { key }]) => key));
        const products = new Map(found.map((product) => [keyIdentity(product, sourceKey), product]));
        for (const [identity, { key, items }] of together) {
          const product = products.get(identity);
          if (product !== undefined) stale.push(...staleOf(items, product));
          else if (identity !== lastOwner) removed.push(key);
        }
      }
      lastOwner = all.at(-1)?.[0] ?? lastOwner;
      tally.counters.targetItems += page.length;
      tally.counters.removedBefore += removed.length;
      tally.counters.staleVariants += stale.length;
      for (const key of removed)
        tally.sample('removedAtSource', shorten(keyText(key, sourceKey), MAX_ID_BYTES));
      for (const item of stale) tally.sample('staleVariants', keyText(item, table.tableKey));
    },
  };
}

/** Whether another migration has brought the item. */
function isOfEarlierRun(item: WireItem, runId: string): boolean {
  return stringAttribute(item, 'migrationRun') !== undefined && !isOfRun(item, runId);
}
