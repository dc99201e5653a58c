import type { WireCondition } from './item-table.ts';
import type { WireItem, WireValue } from '../items/wire-item.ts';

/** Names and values of an expression: `#0 = :0` is the first attribute and its value. */
interface Terms {
  readonly names: Readonly<Record<string, string>>;
  readonly values: WireItem;
}

/**
 * An expression has at most 300 operators and 4 KB of text. Each attribute of a condition takes two
 * operators (`=` and `AND`) and up to 16 bytes, so this many fit with room to spare.
 *
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-expression-parameters
 */
const MAX_ATTRIBUTES = 140;

/** Whether a condition can name every attribute of the item. */
export function isNameable(item: WireItem): boolean {
  return Object.keys(item).length <= MAX_ATTRIBUTES;
}

/**
 * The condition that every attribute of an item still is as read; `undefined` if it has more attributes than an
 * expression can name. A condition cannot detect attributes added later. An update leaves them alone, and a deletion
 * must look at what it has deleted.
 */
export function unchangedCondition(item: WireItem): WireCondition | undefined {
  return isNameable(item) ? conditionOn(Object.entries(item)) : undefined;
}

/**
 * {@link unchangedCondition} of as many attributes as an expression can name. Only for a deletion that looks at what it
 * has deleted: the condition cannot detect attributes added later, and in a very large item not even every change.
 */
export function mostlyUnchangedCondition(item: WireItem): WireCondition {
  return conditionOn(Object.entries(item).slice(0, MAX_ATTRIBUTES));
}

function conditionOn(entries: readonly (readonly [string, WireValue])[]): WireCondition {
  return {
    expression: entries.map((_, index) => `#${index} = :${index}`).join(' AND '),
    ...termsOf(entries, ''),
  };
}

/** The condition that the key has no item. */
export function absentCondition(partitionKey: string): WireCondition {
  return { expression: 'attribute_not_exists(#key)', names: { '#key': partitionKey } };
}

/** One UpdateItem that turns an item into another of the same key, if it still is as read. */
export interface ItemChange {
  readonly update: string;
  readonly condition: string;
  readonly names: Readonly<Record<string, string>>;
  readonly values: WireItem;
}

/**
 * The change from one item to another of the same key; `undefined` if either is too large for an expression. A change
 * that is possible in one direction is possible in the other.
 */
export function changeOf(
  { from, to }: { readonly from: WireItem; readonly to: WireItem },
  keyNames: readonly string[],
): ItemChange | undefined {
  const condition = unchangedCondition(from);
  const fromNames = Object.keys(from);
  const set = Object.entries(to).filter(([name]) => !keyNames.includes(name));
  if (condition === undefined || !isNameable(to)) return undefined;
  const removed = fromNames.flatMap((name, index) => (Object.hasOwn(to, name) ? [] : [`#${index}`]));
  const terms = termsOf(set, 'n');
  const setClause = `SET ${set.map((_, index) => `#n${index} = :n${index}`).join(', ')}`;
  return {
    update: removed.length === 0 ? setClause : `${setClause} REMOVE ${removed.join(', ')}`,
    condition: condition.expression,
    names: { ...condition.names, ...terms.names },
    values: { ...condition.values, ...terms.values },
  };
}

function termsOf(entries: readonly (readonly [string, WireValue])[], prefix: string): Terms {
  return {
    names: Object.fromEntries(entries.map(([name], index) => [`#${prefix}${index}`, name])),
    values: Object.fromEntries(entries.map(([, value], index) => [`:${prefix}${index}`, value])),
  };
}
