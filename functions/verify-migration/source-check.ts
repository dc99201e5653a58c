import { digestOfLine, readItems } from '../shared/files/read-file.ts';
import type { BackupFile } from '../shared/ledger/file.ts';
import type { Runtime } from '../shared/runtime.ts';
import type { ShardTurn } from '../shared/copy/shard-turn.ts';
import { keyIdentity, keyOf, keyText } from '../shared/items/item-key.ts';
import { combineDigests, equalDigests, itemDigest } from '../shared/items/digest.ts';
import { readItemsByKey } from '../shared/aws/read-items.ts';
import type { WireItem } from '../shared/items/wire-item.ts';
import { createProductTable, type ProductTable } from './product-table.ts';
import type { ScanTally } from './scan-tally.ts';
import { shorten } from '../shared/text.ts';

/** Compares one segment of the source with what the backup holds of it. */
export interface SourceCheck {
  /** Takes one page of the first Scan. */
  digest(page: readonly WireItem[]): void;
  /**
   * Whether the segment is not what its data files hold, by the ledger's count and digest of them. To be asked once the
   * first Scan is at its end. Where it is the same, nothing has drifted, and no file is read.
   */
  hasDrifted(): boolean;
  /** Takes one page of a second Scan, and compares it key by key. The backup is read before the first one. */
  compare(page: readonly WireItem[]): Promise<void>;
  /** To be called once the second Scan is at its end: what was not seen has been removed. */
  finish(): Promise<void>;
}

/** At most as many keys are asked for, to name what was removed. */
const MAX_CANDIDATES = 2_000;
const CANDIDATES_TOGETHER = 100;
const MAX_NAMED = 20;
const MAX_ID_BYTES = 200;

interface CheckScope {
  readonly runtime: Runtime;
  readonly turn: ShardTurn<unknown>;
  /** Data files of the segment; a product lies in the segment that its key hashes to, then as now. */
  readonly files: readonly BackupFile[];
  readonly tally: ScanTally;
}

/** Stands ready to check the segment, from the tally's checkpoint on. */
export function createSourceCheck(scope: CheckScope): SourceCheck {
  const { files, tally } = scope;
  let held: ProductTable | undefined;
  const backup = async (): Promise<ProductTable> => (held ??= await readTable(scope));
  return {
    digest(page) {
      for (const product of page) tally.sums.source.add(product);
      tally.counters.sourceItems += page.length;
    },
    hasDrifted: () =>
      !equalDigests(tally.sums.source.value(), combineDigests(files.map(({ digest }) => digest))),
    async compare(page) {
      const table = await backup();
      for (const product of page) compareProduct(scope, table, product);
    },
    async finish() {
      const table = await backup();
      const removed = Math.max(0, table.size() - tally.counters.matched);
      tally.counters.driftRemoved = removed;
      if (removed > 0) await nameRemoved(scope, { table, removed });
    },
  };
}

function compareProduct({ runtime, tally }: CheckScope, table: ProductTable, product: WireItem): void {
  const { key } = runtime.migration.source;
  const match = table.match(keyIdentity(product, key), itemDigest(product));
  if (match !== 'added') tally.counters.matched += 1;
  if (match === 'same') return;
  const kind = match === 'added' ? 'driftAdded' : 'driftChanged';
  tally.counters[kind] += 1;
  tally.sample(kind, shorten(keyText(product, key), MAX_ID_BYTES));
}

async function readTable({ runtime, files }: CheckScope): Promise<ProductTable> {
  const { key } = runtime.migration.source;
  const table = createProductTable(files.reduce((sum, { itemCount }) => sum + itemCount, 0));
  for (const file of files) {
    for await (const read of readItems(runtime.objects, file))
      table.add(keyIdentity(read.item, key), digestOfLine(read, file));
  }
  return table;
}

/**
 * Asks the source for products that this turn has not seen; after a Scan of several turns those may be
 * there all the same, having been seen in an earlier one.
 */
async function nameRemoved(
  scope: CheckScope,
  { table, removed }: { readonly table: ProductTable; readonly removed: number },
): Promise<void> {
  const { key: sourceKey } = scope.runtime.migration.source;
  const wanted = Math.min(removed, MAX_NAMED);
  let named = 0;
  let asked = 0;
  for await (const keys of unseenKeys(scope, table)) {
    const gone = await removedAmong(scope, keys);
    for (const key of gone)
      scope.tally.sample('driftRemoved', shorten(keyText(key, sourceKey), MAX_ID_BYTES));
    named += gone.length;
    asked += keys.length;
    if (named >= wanted || asked >= MAX_CANDIDATES) return;
  }
}

async function* unseenKeys(
  { runtime, files }: CheckScope,
  table: ProductTable,
): AsyncGenerator<readonly WireItem[]> {
  const { key } = runtime.migration.source;
  let keys: WireItem[] = [];
  for (const file of files) {
    for await (const { item: product } of readItems(runtime.objects, file)) {
      if (table.isSeen(keyIdentity(product, key))) continue;
      keys.push(keyOf(product, key));
      if (keys.length < CANDIDATES_TOGETHER) continue;
      yield keys;
      keys = [];
    }
  }
  if (keys.length > 0) yield keys;
}

async function removedAmong(
  { runtime, turn, tally }: CheckScope,
  keys: readonly WireItem[],
): Promise<readonly WireItem[]> {
  const { key } = runtime.migration.source;
  const found = await readItemsByKey(
    {
      items: runtime.items,
      tableName: turn.run.sourceTable,
      retry: (attempt) => turn.retry(attempt),
      onRead: (readUnits) => {
        tally.counters.readUnits += readUnits;
      },
    },
    keys,
  );
  const existing = new Set(found.map((item) => keyIdentity(item, key)));
  return keys.filter((one) => !existing.has(keyIdentity(one, key)));
}
