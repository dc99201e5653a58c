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
}

export const NOTHING_SHOWN: Shown = { newest: new Map(), rolledBack: 0 };

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
  const rolledBack = runsOf(world).filter(({ status }) => ROLLED_BACK.has(String(status))).length;
  const isAnother = rolledBack !== last.rolledBack || filledNames(world).some((name) => removed.has(name));
  const before = isAnother ? NOTHING_SHOWN.newest : last.newest;
  const byPartition = Map.groupBy(filledItems(world), (item) => stringAttribute(item, 'PK'));
  const newest = new Map(
    [...versions].flatMap(([id, all]) => {
      const place = newestOf(all, byPartition.get(`PRODUCT#${id}`) ?? [], before.get(id));
      return place === undefined ? [] : [[id, place]];
    }),
  );
  const older = [...newest].filter(([id, place]) => place < (before.get(id) ?? 0));
  const gaps = older.map(
    ([id, place]) => `4: the target has version ${place} of product ${id}, and had ${before.get(id)}`,
  );
  return { shown: { newest, rolledBack }, gaps };
}

const ROLLED_BACK = new Set(['ROLLING_BACK', 'ROLLED_BACK', 'ROLLBACK_FAILED']);

/**
 * Where the items match no version, or the shop has changed them, it is the version before. A product without items counts
 * as removed only if the target has had it: a run may be held before it has written it.
 */
function newestOf(
  versions: readonly Version[],
  items: readonly WireItem[],
  before: number | undefined,
): number | undefined {
  const found = items.map(unmarked);
  if (found.length === 0 && before === undefined) return undefined;
  if (found.some(({ isMarked }) => isMarked)) return before;
  const bare = found.map(({ item }) => item);
  const place = versions.findLastIndex(({ item }) =>
    item === undefined ? bare.length === 0 : bare.length > 0 && coverageGaps(item, bare).length === 0,
  );
  return place < 0 ? before : place;
}
