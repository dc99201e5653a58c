import { errorSummary } from '../shared/errors.ts';
import { keyMark, listUndoRecords } from '../shared/ledger/undo-record.ts';
import { retry } from '../shared/retry.ts';
import { keyOf, targetKeyNames } from '../shared/tables/item-key.ts';
import { isAsMigrated, isOfRun } from '../shared/transform/as-written.ts';
import { canonicalJson } from '../shared/wire/canonical-json.ts';
import { absentCondition, mostlyUnchangedCondition } from '../shared/wire/unchanged.ts';
import type { WireItem } from '../shared/wire/wire-item.ts';
import type { LeftReason } from './left-items.ts';
import { sideBySide, type TakerTools } from './taker-tools.ts';

/** Items in place of older ones that the first pass could not put back, by mark: deleting them would lose both. */
export type Undeletable = ReadonlyMap<string, LeftReason>;

export async function undeletableItems({ runtime, run }: TakerTools): Promise<Undeletable> {
  if (run.parameters.onExisting !== 'replace') return new Map();
  const records = await listUndoRecords(runtime.ledger, run.runId);
  return new Map(
    records.flatMap(({ unrestored = [], isReadable }) =>
      unrestored.map((mark) => [mark, isReadable === false ? 'noUndo' : 'unrestored'] as const),
    ),
  );
}

type Removal = 'removed' | LeftReason;

/** What has been deleted must come back even where a turn is over: half of the time kept back is for this. */
const putBackMillis = 5_000;

const isSame = (one: WireItem, other: WireItem): boolean => canonicalJson(one) === canonicalJson(other);

/**
 * Somebody changed the item between the look at it and its deletion. Not stopped by anything: it takes nothing away
 * and never overwrites.
 */
async function putBackDeleted(tools: TakerTools, old: WireItem): Promise<Removal> {
  const { runtime, tableName, deadline, run } = tools;
  const { clock, items, logger } = runtime;
  const condition = absentCondition(targetKeyNames[0] ?? '');
  const until = { clock, deadline: Math.max(deadline, clock.now()) + putBackMillis };
  try {
    const outcome = await retry(until, () => items.putIf(tableName, old, condition));
    if (outcome.written) return 'changed';
    const [found] = outcome.standing === undefined ? await tools.read([old]) : [outcome.standing];
    return found !== undefined && isSame(found, old) ? 'changed' : 'lost';
  } catch (error) {
    const { name } = errorSummary(error);
    logger.error('A deleted item could not be put back.', { runId: run.runId, tableName, error: name });
    return 'lost';
  }
}

async function remove(tools: TakerTools, undeletable: Undeletable, standing: WireItem): Promise<Removal> {
  const { runtime, tableName, guarded, isUntouched } = tools;
  if (!isAsMigrated(standing)) return 'changed';
  const reason = undeletable.get(keyMark(standing));
  if (reason !== undefined) return reason;
  const condition = mostlyUnchangedCondition(standing);
  const outcome = await guarded(() => runtime.items.deleteIf(tableName, keyOf(standing), condition));
  if (outcome.written) {
    const { old = standing } = outcome;
    return isSame(old, standing) ? 'removed' : putBackDeleted(tools, old);
  }
  const [found] = outcome.standing === undefined ? await tools.read([standing]) : [outcome.standing];
  // An answer was lost, or somebody else deleted it.
  if (found === undefined) return 'removed';
  return isUntouched(found) ? remove(tools, undeletable, found) : 'changed';
}

/**
 * Deletes the run's items of one page of the table. A page that is cut short is looked at again, and what stays is
 * met again: it is counted when the page is through.
 *
 * @returns where to go on: behind the last item that stays, because not every engine finds the place of an item that
 *   is gone again. `undefined` at the table's end.
 */
export async function removePage(
  tools: TakerTools,
  undeletable: Undeletable,
  exclusiveStartKey: WireItem | undefined,
): Promise<{ readonly exclusiveStartKey: WireItem | undefined } | undefined> {
  const { runtime, run, tableName, tally } = tools;
  const request = { tableName, segment: 0, totalSegments: 1, exclusiveStartKey };
  const page = await tools.patiently(() => runtime.items.scanPage(request));
  const removed = new Set<WireItem>();
  const left: (readonly [LeftReason, WireItem])[] = [];
  await sideBySide(
    page.items.filter((item) => isOfRun(item, run.runId)),
    async (item) => {
      const removal = await remove(tools, undeletable, item);
      if (removal === 'removed') tally.deleted += 1;
      if (removal === 'lost') tally.leave(removal, item);
      else if (removal !== 'removed') left.push([removal, item]);
      if (removal === 'removed' || removal === 'lost') removed.add(item);
    },
  );
  for (const [reason, item] of left) tally.leave(reason, item);
  if (page.lastEvaluatedKey === undefined) return undefined;
  if (removed.size === 0) return { exclusiveStartKey: page.lastEvaluatedKey };
  const last = page.items.findLast((item) => !removed.has(item));
  return { exclusiveStartKey: last === undefined ? exclusiveStartKey : keyOf(last) };
}
