import { isNameable } from '../../aws/unchanged.ts';
import { canonicalJson } from '../../items/canonical-json.ts';
import { keyIdentity } from '../../items/item-key.ts';
import { stringAttribute, type WireItem } from '../../items/wire-item.ts';
import { isAsMigrated, isSameContent, type MadeBy, withMarkOf } from '../../migration/as-written.ts';
import type { FilledTable, TargetItem, TransformResult } from '../../migration/migration.ts';

/** One source item and what exists of it in one filled table. */
export interface Look {
  readonly table: Pick<FilledTable, 'name' | 'tableKey'>;
  /** Every item of the table that belongs to the source item. */
  readonly existing: readonly WireItem[];
  /** What the source item becomes, in all filled tables, or why it becomes nothing. Absent: there is no such source item. */
  readonly made: TransformResult | undefined;
  /** Of the existing items those that a migration of another source has written. Asked where there is no source item. */
  readonly others?: ReadonlySet<WireItem> | undefined;
  /** Whether time to live may delete the item at once, so that it need not be there. Absent: it must. */
  readonly isOver?: ((item: WireItem) => boolean) | undefined;
}

/** What must happen so that the table says what the source says. */
export interface Decision {
  /** Where nothing is. */
  readonly puts: readonly WireItem[];
  readonly changes: readonly ItemReplacement[];
  /** Items that the source item no longer becomes, as they were read. */
  readonly deletions: readonly WireItem[];
  /** What stays although the source says something else. */
  readonly conflicts: readonly Conflict[];
  /** Items that are missing because their time to live is over. */
  readonly expired: number;
  /** Whether there is nothing to write. Conflicts are no writes. */
  readonly isEqual: boolean;
}

/** One item as it was read, and the item of the same key and of the same run that takes its place. */
export interface ItemReplacement {
  readonly from: WireItem;
  readonly to: WireItem;
}

/** An existing item that stays. */
export interface Conflict {
  readonly item: WireItem;
  readonly kind: ConflictKind;
}

/**
 * `changed`: differs from what the source says, and is not as a migration wrote it. `added`: under a key that the source
 * item does not become, and no migration ever wrote it. `tooLarge`: must change, but has more attributes than a
 * condition can name. (It can be deleted all the same, because a deletion looks at what it has deleted.) `ofOther`: a
 * migration of another source wrote it, and this source does not have its source item.
 */
export type ConflictKind = 'changed' | 'added' | 'tooLarge' | 'ofOther';

const NOTHING: Decision = { puts: [], changes: [], deletions: [], conflicts: [], expired: 0, isEqual: true };

/**
 * Compares what a source item becomes with what exists of it. Items are equal where they differ in nothing but the marks
 * of their runs and the times that a run makes; such an item keeps its own. What others have changed stays, and so does what
 * a migration of another source has added. A source item that cannot be transformed keeps all its items.
 *
 * Pure: after its writes have been applied, the decision for the same source item is that all is equal.
 */
export function decide({ table, existing, made, others, isOver }: Look, madeBy: MadeBy): Decision {
  if (made?.kind === 'quarantined') return NOTHING;
  const missing = itemsByKey(made?.items ?? [], table);
  const changes: ItemReplacement[] = [];
  const deletions: WireItem[] = [];
  const conflicts: Conflict[] = [];
  for (const item of existing) {
    const identity = keyIdentity(item, table.tableKey);
    const target = missing.get(identity);
    missing.delete(identity);
    const isOfOther = made === undefined && others?.has(item) === true;
    const verdict = isOfOther ? 'ofOther' : judge(item, target, madeBy);
    if (verdict === 'outdated' && target !== undefined)
      changes.push({ from: item, to: withMarkOf(item, target.item) });
    else if (verdict === 'outdated') deletions.push(item);
    else if (verdict !== 'equal') conflicts.push({ item, kind: verdict });
  }
  const absent = [...missing.values()].map(({ item }) => item);
  const puts = isOver === undefined ? absent : absent.filter((item) => !isOver(item));
  const isEqual = puts.length + changes.length + deletions.length === 0;
  return { puts, changes, deletions, conflicts, expired: absent.length - puts.length, isEqual };
}

function itemsByKey(
  items: readonly TargetItem[],
  { name, tableKey }: Look['table'],
): Map<string, TargetItem> {
  const own = items.filter(({ table }) => table.name === name);
  return new Map(own.map((target) => [keyIdentity(target.item, tableKey), target]));
}

/** @param target what belongs under the item's key; absent: nothing does */
function judge(
  item: WireItem,
  target: TargetItem | undefined,
  madeBy: MadeBy,
): 'equal' | 'outdated' | Exclude<ConflictKind, 'ofOther'> {
  if (target !== undefined && isEqual(item, target, madeBy)) return 'equal';
  const isMigrated = stringAttribute(item, 'migrationRun') !== undefined;
  if (!isMigrated && target === undefined) return 'added';
  if (!isMigrated || !isAsMigrated(item)) return 'changed';
  const isTooLarge = target !== undefined && !(isNameable(item) && isNameable(target.item));
  return isTooLarge ? 'tooLarge' : 'outdated';
}

/** The text is canonical: nearly all items are told to be equal by it alone. */
function isEqual(item: WireItem, { item: fresh, text }: TargetItem, madeBy: MadeBy): boolean {
  return canonicalJson(item) === text || isSameContent(item, fresh, madeBy);
}
