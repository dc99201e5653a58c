import { MAX_SAMPLES } from '../shared/ledger/shard.ts';
import { createPipeline } from '../shared/copy/pipeline.ts';
import { isThrottle } from '../shared/retry.ts';
import { keyIdentity, keyOf, keyText } from '../shared/items/item-key.ts';
import type { Keeper } from './keeper.ts';
import type { IsOfLaterRun } from './later-runs.ts';
import { isAsMigrated, isOfRun } from '../shared/migration/as-written.ts';
import type { FilledTable } from '../shared/migration/migration.ts';
import { ownerKeyOf, ownerOf } from '../shared/migration/owner.ts';
import { removedStem } from '../shared/files/undo-file.ts';
import type { ConditionalOutcome, WireCondition } from '../shared/aws/item-table.ts';
import { partitionPages, type QueryPartition } from '../shared/aws/query-partition.ts';
import { absentCondition, unchangedCondition } from '../shared/aws/unchanged.ts';
import { stringAttribute, type WireItem } from '../shared/items/wire-item.ts';
import { type Deleted, type DeletionEnd, putBackIfMore } from '../shared/copy/put-back.ts';
import type { WarnLost } from '../shared/copy/unseen-deletion.ts';
import {
  type DeletionScope,
  noteThrottle,
  paidDeletion,
  type WriteScope,
} from '../shared/copy/load/write-scope.ts';
import type { PendingProduct } from './target-writer.ts';

/** One request a product; each answers within milliseconds. */
const QUERIES_IN_FLIGHT = 16;
/** Items that are kept in one object before they are removed. */
const REMOVED_TOGETHER = 200;
const DELETES_IN_FLIGHT = 16;

/** What a sweep needs to know beyond the table. */
export interface SweepScope extends WriteScope, Required<DeletionScope> {
  readonly runId: string;
  readonly table: FilledTable;
  /** What a later run has written is not stale. */
  readonly isOfLaterRun: IsOfLaterRun;
  readonly keeper: Pick<Keeper, 'change'>;
  /** See `lostChangeWarner`. */
  readonly warnLost: WarnLost;
  /** Reads a product's items, whichever there are. */
  readonly query: QueryPartition;
  /** Told what each look was charged. */
  readonly onRead: (readUnits: number) => void;
  /** Keys for the report; at most 20. */
  readonly samples: { readonly keptTooLarge: string[] };
}

/** Removes what earlier migrations have made of a product and this one does not make any more. */
export interface StaleSweep {
  /** Looks at one product's partitions, and removes what is stale there. Counts as one of the product's items. */
  sweep(product: PendingProduct, items: readonly WireItem[]): Promise<void>;
  /** Returns when everything is removed. @throws what a request failed with */
  drain(): Promise<void>;
  /** Returns when no request is under way. Never throws. */
  settle(): Promise<void>;
}

interface StaleItem {
  readonly item: WireItem;
  readonly product: PendingProduct;
  /** That the item still is as it was found. */
  readonly condition: WireCondition;
}

/** One source item's items in one table, as this run makes them. */
export interface StaleScope {
  readonly items: readonly WireItem[];
  readonly runId: string;
  readonly table: FilledTable;
}

/**
 * Items of the product that stand in its partitions as some earlier migration wrote them, and that it does not have
 * any more. Whatever belongs to another product, was changed by others, or was never written by a migration, stays.
 */
export function staleAmong(
  found: readonly WireItem[],
  { items, runId, table }: StaleScope,
): readonly WireItem[] {
  const [first] = items;
  const owner = first === undefined ? undefined : ownerOf(first, table);
  if (owner === undefined) return [];
  const expected = new Set(items.map((item) => keyIdentity(item, table.tableKey)));
  return found.filter(
    (item) =>
      !expected.has(keyIdentity(item, table.tableKey)) &&
      ownerOf(item, table) === owner &&
      stringAttribute(item, 'migrationRun') !== undefined &&
      !isOfRun(item, runId) &&
      isAsMigrated(item),
  );
}

/** For a run that replaces. What is removed is kept in the undo files first. */
export function createStaleSweep(scope: SweepScope): StaleSweep {
  const queries = createPipeline(QUERIES_IN_FLIGHT);
  let stale: StaleItem[] = [];

  const look = async (product: PendingProduct, items: readonly WireItem[]): Promise<void> => {
    const removable: StaleItem[] = [];
    for await (const page of pagesOf(scope, items))
      for (const item of staleAmong(page, { items, runId: scope.runId, table: scope.table })) {
        if (await scope.isOfLaterRun(item)) continue;
        const condition = unchangedCondition(item);
        if (condition === undefined) noteTooLarge(scope, item, product);
        else removable.push({ item, product, condition });
      }
    product.remaining += removable.length;
    stale.push(...removable);
    product.remaining -= 1;
  };
  const removeSome = async (): Promise<void> => {
    const together = stale.slice(0, REMOVED_TOGETHER);
    stale = stale.slice(REMOVED_TOGETHER);
    const kept = together.map((one) => ({
      stem: removedStem(one.product.stem),
      old: one.item,
      change: () => remove(scope, one),
    }));
    await scope.keeper.change(kept, DELETES_IN_FLIGHT);
  };
  return {
    async sweep(product, items) {
      if (stale.length >= REMOVED_TOGETHER) await removeSome();
      await queries.start(() => look(product, items));
    },
    async drain() {
      await queries.finish();
      while (stale.length > 0) await removeSome();
    },
    settle: () => queries.settle(),
  };
}

/** Page by page: a partition that many source items share may be of any size. */
async function* pagesOf(scope: SweepScope, items: readonly WireItem[]): AsyncGenerator<readonly WireItem[]> {
  const { partitionKey } = scope.table.key;
  const [first] = items;
  const owner = first === undefined ? undefined : ownerKeyOf(first, scope.table);
  const partitions = owner === undefined ? [] : scope.table.partitionsOf(owner);
  const readPage: QueryPartition = async (request) => {
    const page = await scope.retry(
      () => scope.query(request),
      (error) => noteThrottle(scope, isThrottle(error)),
    );
    scope.onRead(page.readUnits);
    return page;
  };
  for (const value of partitions)
    yield* partitionPages(readPage, { tableName: scope.tableName, partitionKey, value });
}

/** What somebody has changed since it was looked at stays; verification names it. */
async function remove(
  scope: SweepScope,
  { item, product, condition }: StaleItem,
): Promise<'changed' | 'left alone'> {
  const outcome = await paidDeletion(scope, 1, () =>
    scope.items.deleteIf(scope.tableName, keyOf(item, scope.key), condition),
  );
  const end = outcome.written ? await putBackChanged(scope, { ...outcome, asRead: item }) : 'refused';
  if (!outcome.written && outcome.isInDoubt && outcome.existing === undefined) await scope.warnUnseen();
  if (end === 'gone') product.tally.staleRemoved += 1;
  product.remaining -= 1;
  const isSpared = end === 'refused' || end === 'back';
  return isSpared && !outcome.isInDoubt ? 'left alone' : 'changed';
}

/** Somebody may have changed the item between reading and deleting it. What cannot be put back is named. */
async function putBackChanged(scope: SweepScope, deleted: Deleted): Promise<DeletionEnd> {
  const { tableName, key } = scope;
  const putIfAbsent = async (old: WireItem): Promise<ConditionalOutcome> => {
    const outcome = await scope.retry(
      () => scope.items.putIf(tableName, old, absentCondition(key[0]?.name ?? '')),
      (error) => noteThrottle(scope, isThrottle(error)),
    );
    scope.meter.writeUnits += outcome.writeUnits;
    return outcome;
  };
  let end: DeletionEnd = 'lost';
  try {
    end = await putBackIfMore(deleted, { putIfAbsent });
    return end;
  } finally {
    if (end === 'lost') await scope.warnLost(tableName, keyText(deleted.asRead, key));
  }
}

function noteTooLarge({ samples, key }: SweepScope, item: WireItem, { tally }: PendingProduct): void {
  tally.keptTooLarge += 1;
  tally.staleTooLarge += 1;
  if (samples.keptTooLarge.length < MAX_SAMPLES) samples.keptTooLarge.push(keyText(item, key));
}
