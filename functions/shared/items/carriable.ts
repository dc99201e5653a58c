import { ItemNotCarriableError } from '../errors.ts';
import { canonicalJson } from './canonical-json.ts';
import { keyText, type TableKey } from './item-key.ts';
import type { WireItem, WireValue } from './wire-item.ts';

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
  for (const [name, value] of Object.entries(item)) {
    const problem = name.isWellFormed() ? problemIn(value) : 'has a name that is not valid Unicode';
    if (problem === undefined) continue;
    throw new ItemNotCarriableError(
      `Item ${keyText(item, key)} cannot be written to a backup without changing it: its attribute ${JSON.stringify(name)} ${problem}. ` +
        'The backup was stopped and nothing was created. Correct or remove this item.',
    );
  }
}

const isText = (value: unknown): boolean => typeof value === 'string' && value.isWellFormed();
const isTextList = (value: unknown): boolean => Array.isArray(value) && value.every(isText);
const isFlag = (value: unknown): boolean => typeof value === 'boolean';

/** What each scalar type's JSON must look like. `M` and `L` are walked. */
const shapes = new Map<string, (value: unknown) => boolean>([
  ['S', isText],
  ['N', isText],
  ['B', isText],
  ['BOOL', isFlag],
  ['NULL', isFlag],
  ['SS', isTextList],
  ['NS', isTextList],
  ['BS', isTextList],
]);

/** Where in the item something is wrong, and what; `undefined` when nothing is. */
function problemIn(value: WireValue | undefined): string | undefined {
  const entries = Object.entries(value ?? {}) as [string, unknown][];
  const [type, content] = entries[0] ?? ['none', undefined];
  if (entries.length !== 1)
    return `has ${entries.length} types (${entries.map(([name]) => name).join(', ')})`;
  if (type === 'M') return problemInMap(content as WireItem);
  if (type === 'L') return problemInList(content);
  const fits = shapes.get(type);
  if (fits === undefined) return `is of the type "${type}", which this version does not know`;
  return fits(content) ? undefined : 'holds text that is not valid Unicode, or a value of the wrong kind';
}

function problemInMap(map: WireItem): string | undefined {
  for (const [name, value] of Object.entries(map)) {
    const problem = name.isWellFormed() ? problemIn(value) : 'has a name that is not valid Unicode';
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function problemInList(list: unknown): string | undefined {
  if (!Array.isArray(list)) return 'is a list without elements';
  for (const element of list as WireValue[]) {
    const problem = problemIn(element);
    if (problem !== undefined) return problem;
  }
  return undefined;
}
