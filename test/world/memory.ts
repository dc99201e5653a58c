import { stringAttribute, type WireItem } from '../../functions/shared/items/wire-item.ts';
import { itemsOf, SOURCE, tableOf, targetNames } from './holdings.ts';
import type { World } from './world.ts';

/** What a table held, by key. */
interface Remembered {
  readonly tableId: string;
  readonly items: Map<string, WireItem>;
}

/**
 * How long a run may go on sending to a table that has replaced its own. A look is 5 seconds old at most. It takes that
 * long where its answer is late, and a sandbox may stand still.
 */
export const UNNOTICED_MILLIS = 30_000;

/** Tables as they must be after a roll back. */
export type Snapshot = Map<string, Remembered>;

/** A version of a product. `undefined`: it was removed. */
export interface Version {
  readonly item: WireItem | undefined;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** One write of the shop that was applied. */
export interface ShopWrite {
  readonly table: string;
  readonly tableId: string;
  readonly key: string;
  /** Its key as a report names it. */
  readonly text: string;
  /** An attribute that only this write has given. */
  readonly mark: string;
  /** Epoch milliseconds. */
  readonly at: number;
  isAnswered: boolean;
}

/** What others than the service have done, to compare with what is there. */
export interface Memory {
  /** By the run that began then. What the shop has written since is in it. */
  readonly before: ReadonlyMap<string, Snapshot>;
  /** Every version of every product, by id. */
  readonly versions: ReadonlyMap<string, readonly Version[]>;
  readonly writes: readonly ShopWrite[];
  /** By name: when somebody has deleted a table last (epoch milliseconds). */
  readonly removed: ReadonlyMap<string, number>;
  /** By key: what files held that somebody has then deleted or changed, oldest first. Files of backups, and target files. */
  readonly damaged: Map<string, readonly Buffer[]>;
  /** By name: when the service has sent the last deletion of a table (epoch milliseconds). */
  readonly deletions: Map<string, number>;
  /** Items that the service has sent a deletion of: `table: key`. */
  readonly deletedItems: Set<string>;
  /** Remembers what is there now, as the beginning of a run. */
  begin(runId: string): void;
  /** The shop has just written a product. */
  noteProduct(id: string): void;
  /** The shop has just written an item of a target table. */
  noteItem(write: Omit<ShopWrite, 'tableId' | 'isAnswered' | 'at'>): ShopWrite;
  /** Somebody has deleted a table, and everything in it. */
  forgetTable(name: string): void;
  /** Somebody has created a table, which must stay. */
  noteTable(name: string): void;
}

export function createMemory(world: World): Memory {
  const before = new Map<string, Snapshot>();
  const versions = new Map<string, Version[]>();
  const removed = new Map<string, number>();
  const writes: ShopWrite[] = [];
  const now = world.scheduler.now;
  for (const item of itemsOf(world, SOURCE)) versions.set(idOf(item), [{ item, at: now() }]);
  return {
    before,
    versions,
    removed,
    deletions: new Map(),
    deletedItems: new Set(),
    damaged: new Map(),
    writes,
    begin(runId) {
      if (!before.has(runId)) before.set(runId, snapshotOf(world));
    },
    noteProduct(id) {
      const item = itemsOf(world, SOURCE).find((one) => idOf(one) === id);
      versions.set(id, [...(versions.get(id) ?? []), { item, at: now() }]);
    },
    noteItem({ table, key, text, mark }) {
      const found = tableOf(world, table);
      const tableId = found?.id ?? '';
      const item = found?.rows.get(key)?.item;
      for (const snapshot of before.values()) noteIn(snapshot, { table, tableId, key, item });
      const write = { table, tableId, key, text, mark, at: now(), isAnswered: false };
      writes.push(write);
      return write;
    },
    forgetTable(name) {
      removed.set(name, now());
      for (const snapshot of before.values()) snapshot.delete(name);
      writes.splice(0, writes.length, ...writes.filter(({ table }) => table !== name));
    },
    noteTable(name) {
      const tableId = tableOf(world, name)?.id ?? '';
      for (const snapshot of before.values()) snapshot.set(name, { tableId, items: new Map() });
    },
  };
}

/** An item's key as reports name it. */
export const textOfKey = (item: WireItem): string =>
  item.PK === undefined ? idOf(item) : `${stringAttribute(item, 'PK')} / ${stringAttribute(item, 'SK')}`;

export const idOf = (product: WireItem): string => stringAttribute(product, 'id') ?? '';

function snapshotOf(world: World): Snapshot {
  return new Map(
    targetNames(world).map((name) => {
      const table = tableOf(world, name);
      const rows = [...(table?.rows.values() ?? [])];
      return [name, { tableId: table?.id ?? '', items: new Map(rows.map(({ key, item }) => [key, item])) }];
    }),
  );
}

interface Noted {
  readonly table: string;
  readonly tableId: string;
  readonly key: string;
  readonly item: WireItem | undefined;
}

function noteIn(snapshot: Snapshot, { table, tableId, key, item }: Noted): void {
  const remembered = snapshot.get(table) ?? { tableId, items: new Map<string, WireItem>() };
  snapshot.set(table, remembered);
  if (remembered.tableId !== tableId || item === undefined) return;
  remembered.items.set(key, item);
}
