import { readPace } from '../shared/backup/read-pace.ts';
import { isThrottle } from '../shared/retry.ts';
import type { Runtime } from '../shared/runtime.ts';
import type { ShardTurn } from '../shared/shard-turn.ts';
import { sourceKey } from '../shared/tables/target-tables.ts';
import { isOfRun } from '../shared/transform/as-written.ts';
import { productIdOf } from '../shared/transform/product-to-items.ts';
import { readItemsByKey } from '../shared/wire/read-items.ts';
import { stringAttribute, type WireItem } from '../shared/wire/wire-item.ts';
import type { ScanTally } from './scan-tally.ts';
import { shorten } from '../shared/text.ts';

const KEYS_TOGETHER = 100;
const MAX_ID_BYTES = 200;

interface RemovalScope {
  readonly runtime: Runtime;
  readonly turn: ShardTurn<unknown>;
  readonly tally: ScanTally;
}

/** Finds products of earlier migrations that the source no longer has. */
export interface RemovalCheck {
  /** Takes one page of the target. Counts nothing before the whole page is looked up, so that it can be taken again. */
  see(page: readonly WireItem[]): Promise<void>;
}

/**
 * For a target that was there before the run: its pages tell which products earlier runs have brought, and
 * the source is asked for each of them by key, inside the worker's share of the run's cap.
 */
export function createRemovalCheck({ runtime, turn, tally }: RemovalScope): RemovalCheck {
  const { sourceTable, runId, plan } = turn.run;
  const pace = readPace({
    unitsPerSecond: plan.readUnitsPerSecond / plan.workers,
    clock: turn.clock,
    deadline: turn.deadline,
  });
  const standingAmong = async (ids: readonly string[]): Promise<ReadonlySet<string | undefined>> => {
    await pace.wait();
    const found = await readItemsByKey(
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
    return new Set(found.map((product) => stringAttribute(product, sourceKey.partitionKey)));
  };
  return {
    async see(page) {
      const ids = [...new Set(page.flatMap((item) => productOfEarlierRun(item, runId) ?? []))];
      const removed: string[] = [];
      for (let start = 0; start < ids.length; start += KEYS_TOGETHER) {
        const together = ids.slice(start, start + KEYS_TOGETHER);
        const standing = await standingAmong(together);
        removed.push(...together.filter((id) => !standing.has(id)));
      }
      tally.counters.targetItems += page.length;
      tally.counters.removedBefore += removed.length;
      for (const id of removed) tally.sample('removedAtSource', shorten(id, MAX_ID_BYTES));
    },
  };
}

/** Id of the product that another migration has brought. */
function productOfEarlierRun(item: WireItem, runId: string): string | undefined {
  const isMigrated = stringAttribute(item, 'migrationRun') !== undefined && !isOfRun(item, runId);
  const id = isMigrated ? productIdOf(item) : undefined;
  return id === '' ? undefined : id;
}
