import { ItemNotCarriableError } from '../errors.ts';
import { canonicalJson } from './canonical-json.ts';
import { keyText, type TableKey } from './item-key.ts';
import { type ContentRule, itemProblem, type ItemRules } from './item-problem.ts';
import type { WireItem } from './wire-item.ts';

/** What JSON makes of half a surrogate pair. A text that spells it out contains it, too, and is found to be in order. */
const ESCAPED_SURROGATE = '\\ud';

/**
 * The item's canonical JSON, which represents it value for value, with two exceptions: halves of surrogate pairs, which
 * no UTF-8 file can hold, and values of a type that did not exist when this was written.
 *
 * @throws ItemNotCarriableError naming the item's key and the attribute; not retried.
 */
export function carriableText(item: WireItem, key: TableKey): string {
  const text = textOrUndefined(item);
  if (text === undefined || text.includes(ESCAPED_SURROGATE)) assertCarriable(item, key);
  return text ?? canonicalJson(item);
}

function textOrUndefined(item: WireItem): string | undefined {
  try {
    return canonicalJson(item);
  } catch {
    return undefined;
  }
}

/** The walk that names the attribute. It is taken only where something may be wrong. */
function assertCarriable(item: WireItem, key: TableKey): void {
  const problem = itemProblem(item, RULES);
  if (problem === undefined) return;
  throw new ItemNotCarriableError(
    `Item ${keyText(item, key)} cannot be written to a backup without changing it: its attribute ${problem}. ` +
      'The backup was stopped and nothing was created. Correct or remove this item.',
  );
}

const isText = (value: unknown): boolean => typeof value === 'string' && value.isWellFormed();

const must =
  (fits: (content: unknown) => boolean): ContentRule =>
  (content) =>
    fits(content) ? undefined : 'holds text that is not valid Unicode, or a value of the wrong kind';
const text = must(isText);
const set = must((content) => Array.isArray(content) && content.every(isText));
const flag = must((content) => typeof content === 'boolean');

/** A source item is DynamoDB's own, whatever it holds. */
const RULES: ItemRules = {
  maxDepth: Number.POSITIVE_INFINITY,
  contents: { S: text, N: text, B: text, BOOL: flag, NULL: flag, SS: set, NS: set, BS: set },
};
