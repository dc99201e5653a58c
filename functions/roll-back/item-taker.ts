import { fileStem } from '../shared/backup/layout.ts';
import { filesOfRun } from '../shared/backup/run-files.ts';
import { ItemRefusedError } from '../shared/errors.ts';
import type { Run } from '../shared/ledger/run.ts';
import { createPipeline } from '../shared/pipeline.ts';
import { createRate } from '../shared/rate.ts';
import { isThrottle, isTransient, retry } from '../shared/retry.ts';
import type { Runtime } from '../shared/runtime.ts';
import { keyIdentity, keyOf, keyText, targetKeyNames } from '../shared/tables/item-key.ts';
import { haveSameDigest, isAsMigrated, isOfRun } from '../shared/transform/as-written.ts';
import { readUndo, removedStem, undoObjects } from '../shared/undo-file.ts';
import type { ConditionalOutcome } from '../shared/wire/item-table.ts';
import { readItemsByKey } from '../shared/wire/read-items.ts';
import { changeOf, unchangedCondition } from '../shared/wire/unchanged.ts';
import { updateIf } from '../shared/wire/update-if.ts';
import type { WireItem } from '../shared/wire/wire-item.ts';

/** How far the taking back has come: first what was replaced, file by file, then what was added, page by page. */
export interface TakeBackCursor {
  readonly undoFilesDone: number;
  readonly exclusiveStartKey?: WireItem | undefined;
}

/** Items that were looked at. */
export interface TakeBackCounts {
  /** Added by the run, and gone now. */
  readonly deleted: number;
  /** Replaced by the run, and as before now. */
  readonly restored: number;
  /** Written by the run and changed by somebody since. */
  readonly kept: number;
}

/** What some seconds of work have come to. */
export interface TakeBackStep extends TakeBackCounts {
  /** Absent: everything is taken back. */
  readonly cursor?: TakeBackCursor | undefined;
  /** Keys of items that stay because somebody has changed them since; at most 20. */
  readonly keptKeys: readonly string[];
}

export interface TakerScope {
  readonly run: Run;
  readonly tableName: string;
  /** Epoch milliseconds after which no request begins. */
  readonly deadline: number;
  /** Awaited before every request that changes something; what it throws ends the call. */
  readonly check: () => Promise<void>;
}

/** Takes one run's items out of a table. */
export interface ItemTaker {
  /** Works until this time (epoch milliseconds), and at least one file or page of it. */
  takeSome(cursor: TakeBackCursor | undefined, until: number): Promise<TakeBackStep>;
}

const beginning: TakeBackCursor = { undoFilesDone: 0 };
const writesInFlight = 32;
const maxSamples = 20;

/** What has been done since the taker was last asked. */
class Tally {
  deleted = 0;
  restored = 0;
  kept = 0;
  readonly keptKeys: string[] = [];

  keep(item: WireItem): void {
    this.kept += 1;
    if (this.keptKeys.length < maxSamples) this.keptKeys.push(keyText(item));
  }
}

/** Written, or found as it would be: an answer was lost. */
function isDone(outcome: ConditionalOutcome, isAsWanted: (found: WireItem | undefined) => boolean): boolean {
  return outcome.written || isAsWanted(outcome.standing);
}

/**
 * Goes by what stands in the table, not by what today's transform would make of the backup: the code may be another
 * one than that which wrote. An item is the run's if it carries its mark, and untouched if its own digest says so.
 */
export function createItemTaker(runtime: Runtime, scope: TakerScope): ItemTaker {
  const { clock, items, clients } = runtime;
  const { run, tableName, deadline, check } = scope;
  const { runId } = run;
  const update = updateIf(clients.dynamo);
  let tally = new Tally();
  let stems: readonly string[] | undefined;

  const patiently = <T>(attempt: () => Promise<T>): Promise<T> => retry({ clock, deadline }, attempt);
  const rate = createRate({ unitsPerSecond: run.plan.writeUnitsPerSecond, clock, deadline });
  const onRetry = (error: unknown): void => {
    if (isThrottle(error)) rate.throttled();
  };
  const guarded = (attempt: () => Promise<ConditionalOutcome>): Promise<ConditionalOutcome> =>
    retry({ clock, deadline, onRetry }, async () => {
      await rate.take(1);
      await check();
      const outcome = await attempt();
      rate.charge({ taken: 1, charged: outcome.writeUnits });
      return outcome;
    });
  const isUntouched = (item: WireItem): boolean => isOfRun(item, runId) && isAsMigrated(item);

  /** What somebody changes meanwhile is left to the pass over the table, which names it. */
  const putBack = async (standing: WireItem, old: WireItem): Promise<void> => {
    const change = changeOf({ from: standing, to: old }, targetKeyNames);
    if (change === undefined) throw unrestorable(tableName, standing);
    const outcome = await guarded(() => update({ tableName, key: keyOf(standing), change }));
    if (isDone(outcome, (found) => found !== undefined && haveSameDigest(found, old))) tally.restored += 1;
    else if (!outcome.written && outcome.standing !== undefined && isUntouched(outcome.standing))
      await putBack(outcome.standing, old);
  };
  const isRemoved = async (standing: WireItem): Promise<boolean> => {
    const condition = isAsMigrated(standing) ? unchangedCondition(standing) : undefined;
    if (condition === undefined) return false;
    const outcome = await guarded(() => items.deleteIf(tableName, keyOf(standing), condition));
    return isDone(outcome, (found) => found === undefined);
  };

  const putBackFile = async (stem: string): Promise<void> => {
    for await (const kept of undoObjects({ objects: runtime.objects, runId, stem })) {
      const old = new Map(kept.map((item) => [keyIdentity(item), item]));
      const reading = { items, tableName, retry: patiently, onRead: () => undefined };
      const standing = await readItemsByKey(reading, kept.map(keyOf));
      await sideBySide(standing.filter(isUntouched), async (item) => {
        const before = old.get(keyIdentity(item));
        if (before !== undefined) await putBack(item, before);
      });
    }
  };
  /** What the run has removed comes back where nothing is: what others have put there meanwhile stays. */
  const putBackRemoved = async (stem: string): Promise<void> => {
    const removed = await readUndo({ objects: runtime.objects, runId, stem: removedStem(stem) });
    const [partitionKey = ''] = targetKeyNames;
    const condition = { expression: 'attribute_not_exists(#key)', names: { '#key': partitionKey } };
    await sideBySide([...removed.values()], async (item) => {
      const outcome = await guarded(() => items.putIf(tableName, item, condition));
      if (outcome.written) tally.restored += 1;
    });
  };
  /** Goes on behind the last item that stays: an item that is gone is no place that every engine finds again. */
  const removePage = async (cursor: TakeBackCursor): Promise<TakeBackCursor | undefined> => {
    const { exclusiveStartKey } = cursor;
    const request = { tableName, segment: 0, totalSegments: 1, exclusiveStartKey };
    const page = await patiently(() => items.scanPage(request));
    const removed = new Set<WireItem>();
    const kept: WireItem[] = [];
    await sideBySide(
      page.items.filter((item) => isOfRun(item, runId)),
      async (item) => {
        if (!(await isRemoved(item))) return void kept.push(item);
        removed.add(item);
        tally.deleted += 1;
      },
    );
    // Only now: a page that is cut short is looked at again, and what stays is met again.
    for (const item of kept) tally.keep(item);
    if (page.lastEvaluatedKey === undefined) return undefined;
    if (removed.size === 0) return { ...cursor, exclusiveStartKey: page.lastEvaluatedKey };
    const last = page.items.findLast((item) => !removed.has(item));
    return last === undefined ? cursor : { ...cursor, exclusiveStartKey: keyOf(last) };
  };
  const step = async (cursor: TakeBackCursor): Promise<TakeBackCursor | undefined> => {
    stems ??= await replacedFiles(runtime, run);
    const stem = stems[cursor.undoFilesDone];
    if (stem === undefined) return removePage(cursor);
    await putBackFile(stem);
    await putBackRemoved(stem);
    return { undoFilesDone: cursor.undoFilesDone + 1 };
  };

  return {
    async takeSome(start = beginning, until) {
      let cursor: TakeBackCursor | undefined = start;
      try {
        do cursor = await step(cursor);
        while (cursor !== undefined && clock.now() < Math.min(until, deadline));
      } catch (error) {
        // A fault that outlasts the deadline only ends the turn; what it did is found done by the next one.
        if (!isTransient(error) || clock.now() < deadline) throw error;
      }
      const { deleted, restored, kept, keptKeys } = tally;
      tally = new Tally();
      return { cursor, deleted, restored, kept, keptKeys };
    },
  };
}

/** Data files whose products may have replaced something; only `replace` does. */
async function replacedFiles(runtime: Runtime, run: Run): Promise<readonly string[]> {
  if (run.parameters.onExisting !== 'replace') return [];
  return (await filesOfRun(runtime, run)).map(({ key }) => fileStem(key));
}

async function sideBySide(
  items: readonly WireItem[],
  task: (item: WireItem) => Promise<void>,
): Promise<void> {
  const pipeline = createPipeline(writesInFlight);
  try {
    for (const item of items) await pipeline.start(() => task(item));
    await pipeline.finish();
  } finally {
    await pipeline.settle();
  }
}

/** Nothing is replaced that does not fit into the expression that puts it back; so this item was never as the run left it. */
function unrestorable(tableName: string, item: WireItem): ItemRefusedError {
  return new ItemRefusedError(
    `Item ${keyText(item)} of table ${tableName} has too many attributes to be put back as it was; its old state lies below runs/<run>/undo/ in the backup bucket. Put it back by hand, then start the roll back again.`,
  );
}
