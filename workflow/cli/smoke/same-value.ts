import { migration } from '#migration/index.ts';
import type { WireItem, WireValue } from '../../../functions/shared/items/wire-item.ts';

/**
 * Comparison of items as they travel, sharing no code with the migration's own: the same text but for the order of
 * names and of sets, which DynamoDB does not keep.
 */
export function isSame(one: WireValue | undefined, other: WireValue | undefined): boolean {
  return one !== undefined && other !== undefined && orderedText(one) === orderedText(other);
}

/** A text that two items share exactly when they are the same. */
export function orderedText(value: WireValue | WireItem): string {
  return textOf(value);
}

const sets = new Set(['SS', 'NS', 'BS']);

function textOf(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(textOf).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).map(
    ([name, inner]: [string, unknown]) => `${JSON.stringify(name)}:${textOf(memberOf(name, inner))}`,
  );
  return `{${entries.toSorted().join()}}`;
}

function memberOf(name: string, value: unknown): unknown {
  return sets.has(name) && Array.isArray(value) ? value.map(String).toSorted() : value;
}

/** Keys of items that only one of two tables has, or that differ between them. */
export function differences(expected: readonly WireItem[], found: readonly WireItem[]): readonly string[] {
  const existing = new Map(found.map((item) => [keyOf(item), orderedText(item)]));
  const wanted = new Map(expected.map((item) => [keyOf(item), orderedText(item)]));
  const changed = [...wanted].filter(([key, text]) => existing.get(key) !== text);
  const extra = [...existing].filter(([key]) => !wanted.has(key));
  return [...changed, ...extra].map(([key]) => key);
}

/** The values of a target item's keys, or of a source item's. */
function keyOf(item: WireItem): string {
  const target = migration.filled.find(({ tableKey }) =>
    tableKey.every(({ name }) => Object.hasOwn(item, name)),
  );
  const parts = (target?.tableKey ?? migration.source.key).map(({ name }) => item[name]);
  return parts.map((part) => (part !== undefined && 'S' in part ? part.S : '')).join(' ');
}
