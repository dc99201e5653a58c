import { stringAttribute, type WireItem } from '../../../functions/shared/items/wire-item.ts';
import { coverageGaps } from '../../support/coverage-checker.ts';
import { unmarked } from '../../support/shop-marks.ts';
import { filledItems, filledNames, runsOf } from '../holdings.ts';
import type { Memory, Version } from '../memory.ts';
import type { World } from '../world.ts';

/** What the target held at the last rest. */
export interface Shown {
  /** By id of a product: the newest of its versions that the target had. */
  readonly newest: ReadonlyMap<string, number>;
  /** Runs that had been rolled back, wholly or in part. */
  readonly rolledBack: number;
  /** A roll back had not come to its end. */
  readonly isGoingBack: boolean;
}

export const NOTHING_SHOWN: Shown = { newest: new Map(), rolledBack: 0, isGoingBack: false };

/**
 * Promise 4: nobody takes the target back to an older version of a product than it had at the last rest. A roll back may:
 * it puts back what was there before its run.
 *
 * @returns what it holds now, and a sentence for each product that went back
 */
export function goingBack(
  world: World,
  { versions, removed }: Memory,
  last: Shown,
): { readonly shown: Shown; readonly gaps: readonly string[] } {
  const statuses = runsOf(world).map(({ status }) => String(status));
  const rolledBack = statuses.filter((status) => status === 'ROLLED_BACK' || GOING_BACK.has(status)).length;
  const isGoingBack = statuses.some((status) => GOING_BACK.has(status));
  const isAnother =
    last.isGoingBack ||
    rolledBack !== last.rolledBack ||
    filledNames(world).some((name) => removed.has(name));
  const before = isAnother ? NOTHING_SHOWN.newest : last.newest;
  const byPartition = Map.groupBy(filledItems(world), (item) => stringAttribute(item, 'PK'));
  const newest = new Map<string, number>();
  const gaps: string[] = [];
  for (const [id, all] of versions) {
    const had = before.get(id);
    const items = byPartition.get(`PRODUCT#${id}`) ?? [];
    // A run may be held before it has written a product.
    if (items.length === 0 && had === undefined) continue;
    const place = placeOf(all, items);
    const has = typeof place === 'number' ? place : had;
    if (has !== undefined) newest.set(id, has);
    if (had === undefined) continue;
    if (typeof place === 'number' && place < had)
      gaps.push(`4: the target has version ${place} of product ${id}, and had ${had}`);
    if (place === 'mixed' && had === all.length - 1)
      gaps.push(`4: the target had the newest version of product ${id}, and now has items of several`);
  }
  return { shown: { newest, rolledBack, isGoingBack }, gaps };
}

/** The newest version of a product that the items are, unless they are `mixed`: of several, or `edited` by the shop. */
function placeOf(versions: readonly Version[], items: readonly WireItem[]): number | 'edited' | 'mixed' {
  const found = items.map(unmarked);
  if (found.some(({ isMarked }) => isMarked)) return 'edited';
  const bare = found.map(({ item }) => item);
  const place = versions.findLastIndex(({ item }) =>
    item === undefined ? bare.length === 0 : bare.length > 0 && coverageGaps(item, bare).length === 0,
  );
  return place < 0 ? 'mixed' : place;
}

const GOING_BACK = new Set(['ROLLING_BACK', 'ROLLBACK_FAILED']);
