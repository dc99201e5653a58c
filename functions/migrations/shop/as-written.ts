import { itemDigest } from '../../shared/items/digest.ts';
import { stringAttribute, type WireItem, wireItem } from '../../shared/items/wire-item.ts';
import { madeTimes } from './product-to-items.ts';

/** Whether an item is, attribute for attribute, as some migration wrote it: its own digest says so. */
export function isAsMigrated(item: WireItem): boolean {
  const others = Object.entries(item).filter(([name]) => name !== 'migrationDigest');
  return stringAttribute(item, 'migrationDigest') === itemDigest(wireItem(others));
}

/** Whether this run wrote the item last, whatever has become of it since. */
export function isOfRun(item: WireItem, runId: string): boolean {
  return stringAttribute(item, 'migrationRun') === runId;
}

/** Whether two items are the same as a migration writes them, told by their digests; an edited item's digest is stale. */
export function haveSameDigest(one: WireItem, other: WireItem): boolean {
  const digest = stringAttribute(one, 'migrationDigest');
  return digest !== undefined && digest === stringAttribute(other, 'migrationDigest');
}

/**
 * Whether two migrations made the same of a product, but for what every run makes anew: its mark, and
 * times that stand in for missing ones (`madeAt`, ISO 8601, of the fresh item's run).
 */
export function isSameContent(existing: WireItem, fresh: WireItem, madeAt: string): boolean {
  const made = madeTimes.filter((name) => stringAttribute(fresh, name) === madeAt);
  const ignored = new Set(['migrationRun', 'migrationDigest', ...made]);
  return contentDigest(existing, ignored) === contentDigest(fresh, ignored);
}

function contentDigest(item: WireItem, ignored: ReadonlySet<string>): string {
  return itemDigest(wireItem(Object.entries(item).filter(([name]) => !ignored.has(name))));
}
