import { stringAttribute, type WireItem } from '../../../functions/shared/items/wire-item.ts';
import { coverageGaps } from '../../support/coverage-checker.ts';
import { unmarked } from '../../support/shop-marks.ts';
import { filledItems, itemsOf, ledgerItems, SOURCE } from '../holdings.ts';
import { idOf, type Memory } from '../memory.ts';
import type { World } from '../world.ts';

/**
 * A sync that has compared everything, at rest: the target is what the source's products become, and nothing else.
 *
 * @param expired ids of products that time to live has deleted during a cut over: their items may stay
 */
export function outOfStep(
  world: World,
  memory: Memory,
  expired: ReadonlySet<string> = new Set(),
): readonly string[] {
  const byPartition = Map.groupBy(filledItems(world), (item) => stringAttribute(item, 'PK'));
  const named = namedKeys(world);
  const products = new Map(itemsOf(world, SOURCE).map((product) => [idOf(product), product]));
  const ids = new Set([...memory.versions.keys(), ...products.keys()]);
  return [...ids].flatMap((id) => {
    const found = (byPartition.get(`PRODUCT#${id}`) ?? []).map(unmarked);
    // What the shop has changed in the target is a conflict, which stays. What cannot be transformed is named.
    if (expired.has(id) || found.some(({ isMarked }) => isMarked) || named.some((text) => text.includes(id)))
      return [];
    return productGaps(
      products.get(id),
      found.map(({ item }) => item),
    ).map((gap) => `sync: product ${id}: ${gap}`);
  });
}

function productGaps(product: WireItem | undefined, items: readonly WireItem[]): readonly string[] {
  if (product !== undefined) return coverageGaps(product, items);
  return items.length === 0 ? [] : [`${items.length} items of a product that the source no longer has`];
}

/** Texts of the keys that a sync has named: quarantined, or in conflict. */
function namedKeys(world: World): readonly string[] {
  return ledgerItems(world)
    .filter(({ SK }) => SK.startsWith('NAMED#'))
    .map((item) => JSON.stringify(item));
}
