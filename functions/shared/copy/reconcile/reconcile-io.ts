import type { ConditionalOutcome } from '../../aws/item-table.ts';
import type { WireItem } from '../../items/wire-item.ts';
import type { MadeBy } from '../../migration/as-written.ts';
import type { FilledTable, TransformResult } from '../../migration/migration.ts';
import type { Deleted } from '../put-back.ts';
import type { RunTable } from '../../tables/run-tables.ts';
import type { ItemReplacement } from './decide.ts';
import type { OthersAmong } from './other-sources.ts';

/** Every request of a reconcile. Each read is strongly consistent, and each awaits what it needs: pace, retries, fence. */
export interface ReconcileIo {
  /** The items of a table that belong to the source item of this key. */
  readonly readTarget: (table: TargetTable, sourceKey: WireItem) => Promise<readonly WireItem[]>;
  /** `undefined`: there is no such source item. */
  readonly readSource: (sourceKey: WireItem) => Promise<WireItem | undefined>;
  /** Writes the item where nothing is. */
  readonly putIf: (table: TargetTable, item: WireItem) => Promise<WriteEnd>;
  /** Replaces an item if every attribute still is as read. An attribute that was added since stays. */
  readonly changeIf: (table: TargetTable, change: ItemReplacement) => Promise<WriteEnd>;
  /** Deletes an item if every attribute still is as read; `old` is what was deleted. */
  readonly deleteIf: (
    table: TargetTable,
    item: WireItem,
  ) => Promise<{ readonly written: false } | ({ readonly written: true } & Omit<Deleted, 'asRead'>)>;
  /**
   * Puts an item back that was deleted with more than was read: where nothing is, or in place of `existing` if that still
   * is as read. Not stopped by the fence.
   */
  readonly putBack: (table: TargetTable, item: WireItem, existing?: WireItem) => Promise<ConditionalOutcome>;
  /** Writes nothing: what is known of DynamoDB's refusal of this very put or change; `undefined`: nothing. */
  readonly recallRefusal: (table: TargetTable, write: PlannedWrite) => Promise<Refused | undefined>;
}

export type TargetTable = RunTable<FilledTable>;

/** `failed`: the condition failed, others have written. An object: DynamoDB will never take this item, and why. */
export type WriteEnd = 'written' | 'failed' | Refused;

/** A change, or, without `from`, a put where nothing is. */
export type PlannedWrite = Pick<ItemReplacement, 'to'> & Partial<ItemReplacement>;

export interface Refused {
  /** A sentence. */
  readonly refused: string;
}

/** Whether time to live may delete an item at once, by this attribute. */
export type IsOver = (item: WireItem, attributeName: string | undefined) => boolean;

/** What a source item must become: as the followed run would have made it. */
export interface ReconcileRules {
  readonly tables: readonly TargetTable[];
  readonly transform: (source: WireItem) => TransformResult;
  readonly madeBy: MadeBy;
  /** Absent: every migration that has written into the tables was one of this source. */
  readonly othersAmong?: OthersAmong;
  /** Whether time to live may delete the item at once, by this attribute of its table. Absent: that is not asked for. */
  readonly isOver?: IsOver | undefined;
}
