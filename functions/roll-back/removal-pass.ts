import { errorSummary } from '../shared/errors.ts';
import { keyMark, unrestoredRecords } from '../shared/ledger/undo-record.ts';
import { existingBehind, lookUp } from '../shared/copy/load/conditional-put.ts';
import { paidDeletion } from '../shared/copy/load/write-scope.ts';
import { sideBySide } from '../shared/copy/pipeline.ts';
import { openScan, wholeTable } from '../shared/copy/scan.ts';
import { type Deleted, type DeletionEnd, putBackIfMore, putBackUntil } from '../shared/copy/put-back.ts';
import { retry } from '../shared/retry.ts';
import { watchDoubt } from '../shared/runtime.ts';
import { keyIdentity, keyOf, keyText } from '../shared/items/item-key.ts';
import { writeUnitsOf } from '../shared/items/item-size.ts';
import { isAsMigrated, isOfRun } from '../shared/migration/as-written.ts';
import { absentCondition, mostlyUnchangedCondition } from '../shared/aws/unchanged.ts';
import { tableOfStem } from '../shared/files/undo-file.ts';
import type { WireItem } from '../shared/items/wire-item.ts';
import type { LeftReason } from './left-items.ts';
import { type TakerTools, WRITES_IN_FLIGHT } from './remover-tools.ts';

/** By mark: items whose older versions the first pass could not put back. Deleting them would lose both versions. */
export type Undeletable = ReadonlyMap<string, LeftReason>;

export async function undeletableItems({ runtime, run, number }: TakerTools): Promise<Undeletable> {
  if (run.parameters.onExisting !== 'replace') return new Map();
  const undeletable = new Map<string, LeftReason>();
  for await (const { stem, unrestored, isReadable } of unrestoredRecords(runtime.ledger, run.runId))
    if (tableOfStem(stem) === number)
      for (const mark of unrestored) undeletable.set(mark, isReadable === false ? 'noUndo' : 'unrestored');
  return undeletable;
}

/** `unsure`: the item was changed and deleted, and whether it has come back, or still will, nobody knows. */
type Removal = 'removed' | 'unsure' | LeftReason;

/** Somebody may have changed the item between reading and deleting it. */
async function putBackChanged(tools: TakerTools, deleted: Deleted): Promise<Removal> {
  const { runtime, tableName, key, deadline, run } = tools;
  const { clock, items, logger } = runtime;
  const condition = absentCondition(key[0]?.name ?? '');
  const until = putBackUntil(clock, deadline);
  const doubt = watchDoubt(runtime);
  // An attempt without an answer may bring it back later, or has brought it back, and somebody has changed it again.
  const lost = (): Removal => (doubt() === undefined ? 'lost' : 'unsure');
  try {
    const end = await putBackIfMore(deleted, {
      putIfAbsent: async (old) => {
        const outcome = await retry(until, () => items.putIf(tableName, old, condition));
        tools.meter.writeUnits += outcome.writeUnits;
        return outcome;
      },
      find: (old) => existingBehind(tools, old, { existing: undefined }),
    });
    return end === 'lost' ? lost() : REMOVALS[end];
  } catch (error) {
    const { name } = errorSummary(error);
    logger.error('A deleted item could not be put back.', { runId: run.runId, tableName, error: name });
    return lost();
  }
}

const REMOVALS = { gone: 'removed', back: 'changed' } as const satisfies Partial<
  Record<DeletionEnd, Removal>
>;

async function remove(tools: TakerTools, undeletable: Undeletable, existing: WireItem): Promise<Removal> {
  const { runtime, run, tableName, key, isUntouched, warnUnseen, keepsMarked } = tools;
  if (keepsMarked !== undefined) return keepsMarked;
  if (!isAsMigrated(existing)) return 'changed';
  const reason = undeletable.get(keyMark(existing, key));
  if (reason !== undefined) return reason;
  const condition = mostlyUnchangedCondition(existing);
  const outcome = await paidDeletion(tools, writeUnitsOf(existing), () =>
    runtime.items.deleteIf(tableName, keyOf(existing, key), condition),
  );
  if (outcome.written) return putBackChanged(tools, { ...outcome, asRead: existing });
  const found = await existingBehind(tools, existing, outcome);
  // Either an answer was lost, or somebody else deleted the item. Others may have written there since.
  if (found === undefined || (outcome.isInDoubt && !isOfRun(found, run.runId))) {
    if (outcome.isInDoubt) await warnUnseen();
    return 'removed';
  }
  return isUntouched(found) ? remove(tools, undeletable, found) : 'changed';
}

/**
 * Looks at the items of an earlier call of which nobody knew whether they come back. By now nothing of that call can take
 * effect any more. What is not there is lost. What is there, its page meets: that is read again.
 */
export async function lookAtUnsure(tools: TakerTools, keys: readonly WireItem[]): Promise<void> {
  const { run, key, tally } = tools;
  const found = await lookUp(tools, keys);
  for (const one of keys) {
    const existing = found.get(keyIdentity(one, key));
    if (existing === undefined || !isOfRun(existing, run.runId)) tally.leave('lost', keyText(one, key));
  }
}

/**
 * Deletes the run's items of one page of the table. An interrupted page is read again from its start, so the items that
 * stay are counted only when the page is complete. A page with an item of which nobody knows whether it comes back is
 * interrupted as well.
 *
 * @returns where to continue: after the last item that stays, because not every engine can continue at an item that is
 *   gone. `undefined` at the table's end.
 */
export async function removePage(
  tools: TakerTools,
  undeletable: Undeletable,
  exclusiveStartKey: WireItem | undefined,
): Promise<{ readonly exclusiveStartKey: WireItem | undefined } | undefined> {
  const { run, tableName, key, tally, scan } = tools;
  const start = { isDone: false, exclusiveStartKey };
  const page = await openScan(scan, wholeTable(tableName), start).readPage();
  const removed = new Set<WireItem>();
  const left: (readonly [LeftReason, WireItem])[] = [];
  await sideBySide(
    WRITES_IN_FLIGHT,
    page.items.filter((item) => isOfRun(item, run.runId)),
    async (item) => {
      const removal = await remove(tools, undeletable, item);
      if (removal === 'removed') tally.deleted += 1;
      if (removal === 'unsure') tally.unsure.push(keyOf(item, key));
      else if (removal === 'lost') tally.leave(removal, keyText(item, key));
      else if (removal !== 'removed') left.push([removal, item]);
      if (removal === 'removed' || removal === 'lost') removed.add(item);
    },
  );
  if (tally.unsure.length > 0) return { exclusiveStartKey };
  for (const [reason, item] of left) tally.leave(reason, keyText(item, key));
  if (page.lastEvaluatedKey === undefined) return undefined;
  if (removed.size === 0) return { exclusiveStartKey: page.lastEvaluatedKey };
  const last = page.items.findLast((item) => !removed.has(item));
  return { exclusiveStartKey: last === undefined ? exclusiveStartKey : keyOf(last, key) };
}
