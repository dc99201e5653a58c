import { canonicalJson } from '../items/canonical-json.ts';
import { itemDigest } from '../items/digest.ts';
import { stringAttribute, type WireItem, wireItem } from '../items/wire-item.ts';

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

/** What a run makes of itself, and so differently from every other run. */
export interface MadeBy {
  /** ISO 8601: start of the run that made the fresh item. */
  readonly startedAt: string;
  /** Attributes that hold this time where the source has none. */
  readonly madeAttributes: readonly string[];
}

/** Whether two migrations made the same of a source item, but for what every run makes itself: its marks and its times. */
export function isSameContent(
  existing: WireItem,
  fresh: WireItem,
  { startedAt, madeAttributes }: MadeBy,
): boolean {
  const made = madeAttributes.filter((name) => stringAttribute(fresh, name) === startedAt);
  const ignored = new Set(['migrationRun', 'migrationDigest', ...made]);
  return contentOf(existing, ignored) === contentOf(fresh, ignored);
}

function contentOf(item: WireItem, ignored: ReadonlySet<string>): string {
  return canonicalJson(wireItem(Object.entries(item).filter(([name]) => !ignored.has(name))));
}
