import { readPaceOf } from '../shared/copy/read-pace.ts';
import { isThrottle } from '../shared/retry.ts';
import type { Runtime } from '../shared/runtime.ts';
import type { ShardTurn } from '../shared/copy/shard-turn.ts';
import { inOneSpelling } from '../shared/items/canonical-json.ts';
import { keyIdentity, keyText, type TableKey } from '../shared/items/item-key.ts';
import { isOfRun } from '../shared/migration/as-written.ts';
import type { FilledTable } from '../shared/migration/migration.ts';
import { ownerKeyOf } from '../shared/migration/owner.ts';
import { transformContext } from '../shared/tables/transform-context.ts';
import { readItemsByKey, type ReadScope } from '../shared/aws/read-items.ts';
import { stringAttribute, type WireItem } from '../shared/items/wire-item.ts';
import type { ScanTally } from './scan-tally.ts';
import { otherSources } from '../shared/copy/reconcile/other-sources.ts';
import { shorten } from '../shared/text.ts';

const KEYS_TOGETHER = 100;
const MAX_ID_BYTES = 200;

interface RemovalScope {
  readonly runtime: Runtime;
  readonly turn: ShardTurn<unknown>;
  readonly tally: ScanTally;
  /** The table whose pages are seen. */
  readonly table: FilledTable;
  /** Key of the last item that earlier turns have seen. */
  readonly startKey: WireItem | undefined;
}

/** Finds what earlier migrations have brought and the source no longer has: products, and items of products. */
export interface RemovalCheck {
  /** Takes one page of the target. Counts nothing before the whole page is looked up, so that it can be taken again. */
  see(page: readonly WireItem[]): Promise<void>;
}

/**
 * For a target that existed before the run: its pages tell which items earlier runs have brought, and the source is
 * asked for the product of each by key, inside the worker's share of the run's cap. What a migration of another source has
 * brought is left out, because this source never had it.
 */
export function createRemovalCheck(scope: RemovalScope): RemovalCheck {
  const { runtime, turn, tally, table, startKey } = scope;
  const { key: sourceKey } = runtime.migration.source;
  const readSource = sourceReader(scope);
  const othersAmong = otherSources(runtime.ledger, turn.run, (attempt) => turn.retry(attempt));
  // Items of one partition follow each other, so that a source item whose items fill two pages is counted once.
  const startOwner = startKey === undefined ? undefined : ownerKeyOf(startKey, table);
  let lastOwner = startOwner === undefined ? undefined : keyIdentity(startOwner, sourceKey);
  return {
    async see(page) {
      const earlier = page.filter((item) => isOfEarlierRun(item, turn.run.runId));
      const owners = [...ownersOf(earlier, { table, sourceKey })];
      const missing: Owner[] = [];
      const stale: WireItem[] = [];
      for (let start = 0; start < owners.length; start += KEYS_TOGETHER) {
        const together = owners.slice(start, start + KEYS_TOGETHER);
        const found = await readSource(together.map(([, { key }]) => key));
        for (const [identity, { key, items }] of together) {
          const source = found.get(identity);
          if (source !== undefined) stale.push(...staleOf(scope, items, source));
          else if (identity !== lastOwner) missing.push({ key, items });
        }
      }
      const others = await othersAmong(missing.flatMap(({ items }) => items));
      const removed = missing.filter(({ items }) => !items.every((item) => others.has(item)));
      lastOwner = owners.at(-1)?.[0] ?? lastOwner;
      tally.counters.targetItems += page.length;
      tally.counters.removedBefore += removed.length;
      tally.counters.staleVariants += stale.length;
      for (const { key } of removed)
        tally.sample('removedAtSource', shorten(keyText(key, sourceKey), MAX_ID_BYTES));
      for (const item of stale) tally.sample('staleVariants', keyText(item, table.tableKey));
    },
  };
}

/** A source item by its key, and what a page holds of it. */
interface Owner {
  readonly key: WireItem;
  readonly items: WireItem[];
}

/** Items by the source item that they belong to; what belongs to none is left out. */
function ownersOf(
  items: readonly WireItem[],
  { table, sourceKey }: { readonly table: FilledTable; readonly sourceKey: TableKey },
): ReadonlyMap<string, Owner> {
  const owners = new Map<string, Owner>();
  for (const item of items) {
    const key = ownerKeyOf(item, table);
    if (key === undefined) continue;
    const identity = keyIdentity(key, sourceKey);
    const owner = owners.get(identity) ?? { key, items: [] };
    owners.set(identity, owner);
    owner.items.push(item);
  }
  return owners;
}

/** Reads source items by key, inside the worker's share of the run's cap; by the identity of their key. */
function sourceReader({ runtime, turn, tally }: RemovalScope) {
  const { key } = runtime.migration.source;
  const pace = readPaceOf(turn);
  const onRetry = (error: unknown): void => {
    if (isThrottle(error)) tally.counters.throttles += 1;
  };
  const scope: ReadScope = {
    items: runtime.items,
    tableName: turn.run.sourceTable,
    retry: (attempt) => turn.retry(attempt, onRetry),
    onRead: (readUnits) => {
      tally.counters.readUnits += readUnits;
      pace.charge({ readUnits, items: 0 });
    },
  };
  return async (keys: readonly WireItem[]): Promise<ReadonlyMap<string, WireItem>> => {
    await pace.wait();
    const found = await readItemsByKey(scope, keys);
    return new Map(found.map((item) => [keyIdentity(item, key), item]));
  };
}

/** Items that the source item does not become any more. One that cannot be transformed keeps what it has. */
function staleOf(
  { runtime, turn, table }: RemovalScope,
  items: readonly WireItem[],
  source: WireItem,
): readonly WireItem[] {
  const result = runtime.migration.transform(inOneSpelling(source), transformContext(runtime, turn.run));
  if (result.kind !== 'items') return [];
  const own = result.items.filter((one) => one.table.name === table.name);
  const expected = new Set(own.map(({ item }) => keyIdentity(item, table.tableKey)));
  return items.filter((item) => !expected.has(keyIdentity(item, table.tableKey)));
}

/** Whether another migration has brought the item. */
function isOfEarlierRun(item: WireItem, runId: string): boolean {
  return stringAttribute(item, 'migrationRun') !== undefined && !isOfRun(item, runId);
}
