import { hash } from 'node:crypto';
import { canonicalJson, canonicalJsonWithout } from '../items/canonical-json.ts';
import { stringAttribute, type WireItem, wireItem } from '../items/wire-item.ts';

/** Whether an item is, attribute for attribute, as some migration wrote it: its own digest says so. */
export function isAsMigrated(item: WireItem): boolean {
  return stringAttribute(item, DIGEST_NAME) === digestOfOthers(item);
}

/**
 * What an item of a target counts for in the digest of all of them: its own `migrationDigest`, which is made with the
 * item, so that nothing is hashed twice. An item that is not as it says counts for something that no migration makes.
 */
export function writtenDigest(item: WireItem): string {
  const digest = digestOfOthers(item);
  if (stringAttribute(item, DIGEST_NAME) === digest) return digest;
  return hash('sha256', `not as written: ${canonicalJson(item)}`);
}

const DIGEST_NAME = 'migrationDigest';

/** The item as no migration writes it. */
export function withoutDigest(item: WireItem): WireItem {
  return wireItem(Object.entries(item).filter(([name]) => name !== DIGEST_NAME));
}

const digestOfOthers = (item: WireItem): string => hash('sha256', canonicalJsonWithout(item, DIGEST_NAME));

/** Whether this run wrote the item last, whatever has become of it since. */
export function isOfRun(item: WireItem, runId: string): boolean {
  return stringAttribute(item, 'migrationRun') === runId;
}

/**
 * The fresh item with the mark of the run that wrote the existing one. Whoever rolls back a run removes what carries its
 * mark, and an item belongs to the run that has added it, however often it is brought up to date.
 */
export function withMarkOf(existing: WireItem, fresh: WireItem): WireItem {
  const { migrationRun } = existing;
  if (migrationRun === undefined) return fresh;
  const marked = { ...withoutDigest(fresh), migrationRun };
  return { ...marked, [DIGEST_NAME]: { S: digestOfOthers(marked) } };
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
