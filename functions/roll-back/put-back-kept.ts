import { isRefusedItem } from '../shared/aws/item-table.ts';
import { changeIfSame, lookUp, putIfAbsent } from '../shared/copy/load/conditional-put.ts';
import { sideBySide } from '../shared/copy/pipeline.ts';
import { keyIdentity } from '../shared/items/item-key.ts';
import type { WireItem } from '../shared/items/wire-item.ts';
import { keyMark } from '../shared/ledger/undo-record.ts';
import { haveSameDigest } from '../shared/migration/as-written.ts';
import { type TakerTools, WRITES_IN_FLIGHT } from './remover-tools.ts';

/** Items of one undo object, as they were before the run. */
export interface KeptItems {
  readonly kept: readonly WireItem[];
  /** Whether the ledger will say which of them could not be put back. Otherwise a refusal is thrown. */
  readonly isRecorded: boolean;
}

/**
 * Puts back items that the run replaced.
 *
 * @returns marks of the items that could not be put back
 */
export async function putBackReplaced(tools: TakerTools, object: KeptItems): Promise<readonly string[]> {
  const { key } = tools;
  const { kept } = object;
  const old = new Map(kept.map((item) => [keyIdentity(item, key), item]));
  const unrestored = new Set(kept.map((item) => keyMark(item, key)));
  const existing = await lookUp(tools, kept);
  const untouched = [...existing].filter(([, item]) => tools.isUntouched(item));
  await sideBySide(WRITES_IN_FLIGHT, untouched, async ([identity, item]) => {
    const before = old.get(identity);
    if (before === undefined) return;
    const end = await unlessRefused(tools, object, () => putBack(tools, item, before));
    if (end !== true) return;
    tools.tally.restored += 1;
    unrestored.delete(keyMark(item, key));
  });
  return [...unrestored];
}

/**
 * Puts back items that the run removed, unless others have written items under their keys in the meantime.
 *
 * @returns marks of the items that could not be put back: those that DynamoDB refuses
 */
export async function putBackRemoved(tools: TakerTools, object: KeptItems): Promise<readonly string[]> {
  const refused: string[] = [];
  await sideBySide(WRITES_IN_FLIGHT, object.kept, async (item) => {
    const end = await unlessRefused(tools, object, () => putIfAbsent(tools, item));
    if (end === 'written') tools.tally.restored += 1;
    if (end === 'refused') refused.push(keyMark(item, tools.key));
  });
  return refused;
}

/**
 * @returns whether the item is as before. If somebody changes the item in the meantime, the pass over the table
 *   decides.
 */
async function putBack(tools: TakerTools, existing: WireItem, old: WireItem): Promise<boolean> {
  const found = await changeIfSame(tools, { from: existing, to: old });
  if (typeof found === 'string') return found === 'written';
  // An answer was lost.
  if (haveSameDigest(found, old)) return true;
  return tools.isUntouched(found) ? putBack(tools, found, old) : false;
}

/** DynamoDB may refuse an item that it had before, for example because somebody has added an index since. */
async function unlessRefused<End>(
  { warnRefused }: TakerTools,
  { isRecorded }: KeptItems,
  attempt: () => Promise<End>,
): Promise<End | 'refused'> {
  try {
    return await attempt();
  } catch (error) {
    if (!isRecorded || !isRefusedItem(error)) throw error;
    await warnRefused(error);
    return 'refused';
  }
}
