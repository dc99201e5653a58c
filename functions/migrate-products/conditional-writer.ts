import { MAX_SAMPLES } from '../shared/ledger/shard.ts';
import type { QueryPartition } from '../shared/aws/query-partition.ts';
import type { WireItem } from '../shared/items/wire-item.ts';
import { decideExisting } from '../shared/copy/load/decide-existing.ts';
import type { FoundRuns } from '../shared/copy/load/found-runs.ts';
import { createKeeper, type KeeperScope } from './keeper.ts';
import type { IsOfLaterRun } from './later-runs.ts';
import type { RefuseOwnMark } from './own-mark.ts';
import { createStaleSweep } from './stale-items.ts';
import { createPipeline, sideBySide } from '../shared/copy/pipeline.ts';
import { keyIdentity, keyText } from '../shared/items/item-key.ts';
import { isOfRun, type MadeBy } from '../shared/migration/as-written.ts';
import type { FilledTable } from '../shared/migration/migration.ts';
import {
  changeIfSame,
  type ConditionalPutScope,
  lookUp,
  putIfAbsent,
} from '../shared/copy/load/conditional-put.ts';
import type { LineWriter } from '../shared/copy/load/load.ts';
import type { LoadWindow } from '../shared/copy/load/load-window.ts';
import { cursorBehind } from '../shared/copy/load/read-lines.ts';
import type { DeletionScope, WriteScope } from '../shared/copy/load/write-scope.ts';
import type { WarnLost } from '../shared/copy/unseen-deletion.ts';
import type { UpdateIf } from '../shared/aws/update-if.ts';
import { createGrouping, type SourceGroup } from './source-items.ts';
import { noteWritten, type PendingItem, tallyOf } from './target-writer.ts';

/** Keys that are looked up in one request before anything is written: a second run finds nearly all of them. */
const LOOKED_UP_TOGETHER = 100;
const LOOK_UPS_IN_FLIGHT = 4;
/** For each of the look-ups: 32 in all. Each carries one item, so that as many are needed to keep an engine busy. */
const PUTS_IN_FLIGHT = 8;
/** Items that are kept in one object before they are replaced. */
const REPLACED_TOGETHER = 200;

/** What conditional writes need to know beyond the table. */
export interface ConditionalScope
  extends
    WriteScope,
    KeeperScope,
    Required<DeletionScope>,
    Pick<ConditionalPutScope, 'onRead' | 'refusalOf'> {
  readonly window: LoadWindow;
  readonly updateIf: UpdateIf;
  readonly madeBy: MadeBy;
  readonly table: FilledTable;
  readonly onExisting: 'keep' | 'replace';
  /** What a later run has written is neither replaced nor removed. */
  readonly isOfLaterRun: IsOfLaterRun;
  /** Absent: the run may have written what carries its mark. */
  readonly refuseOwnMark: RefuseOwnMark | undefined;
  /** Awaited before the first write. */
  readonly noteWriting: () => Promise<void>;
  /** See `lostChangeWarner`. */
  readonly warnLost: WarnLost;
  /** Reads a product's items, whichever there are. */
  readonly query: QueryPartition;
  /** Keys for the report; at most 20 of each kind. */
  readonly samples: LeftAlone;
  /** Told of every item that was there already. */
  readonly foundRuns: Pick<FoundRuns, 'see'> | undefined;
}

/** Keys of items that were left as they stood, by why. */
export type LeftAlone = Readonly<Record<LeftKind, string[]>>;

/**
 * `keptChanged`: by `replace`, as others have changed them. `keptTooLarge`: by `replace`, as no condition can name all
 * of their attributes. `outdated`: by `keep`, though the source has changed.
 */
type LeftKind = 'keptChanged' | 'keptTooLarge' | 'outdated';

/** An item to write, and the existing one in its place. */
interface Met extends PendingItem {
  readonly existing: WireItem;
}

/**
 * Writes that never overwrite: for a table that others write, or may have written. An item that is
 * there stays, unless the run was told to replace what a migration wrote, no later one, and nobody has changed.
 */
export function createConditionalWriter(scope: ConditionalScope): LineWriter {
  const pipeline = createPipeline(LOOK_UPS_IN_FLIGHT);
  let waiting: PendingItem[] = [];
  const keeper = createKeeper(scope);
  let replacements: Met[] = [];
  const stale = scope.onExisting === 'replace' ? createStaleSweep({ ...scope, keeper }) : undefined;

  const place = async (pending: PendingItem): Promise<void> => {
    const existing = await putIfAbsent(scope, pending.item);
    return existing === 'written' ? noteWritten(pending) : meet({ ...pending, existing });
  };
  const meet = async (met: Met): Promise<void> => {
    const { item: fresh, existing, product } = met;
    scope.foundRuns?.see(existing);
    const wanted = decideExisting({ ...scope, existing, fresh });
    const decision = wanted === 'replace' && (await scope.isOfLaterRun(existing)) ? 'present' : wanted;
    if (decision === 'replace') return void replacements.push(met);
    if (decision !== 'ours') product.tally.alreadyPresent += 1;
    else if (scope.onExisting === 'replace' && (await keeper.hasKept(product.stem, fresh)))
      countReplaced(met);
    if (decision === 'changed') noteLeft(scope, 'keptChanged', met);
    if (decision === 'outdated') noteLeft(scope, 'outdated', met);
    noteWritten(met);
  };
  const change = async (met: Met): Promise<'changed' | 'left alone'> => {
    const existing = await changeIfSame(scope, { from: met.existing, to: met.item });
    if (existing === 'written') noteReplaced(met);
    else if (existing === 'too large') leaveAlone(scope, met);
    else if (existing === 'vanished') await place(met);
    else await meet({ ...met, existing });
    const isOurs = existing === 'written' || (typeof existing === 'object' && isOfRun(existing, scope.runId));
    return isOurs ? 'changed' : 'left alone';
  };
  /** What the look finds missing is written by condition all the same: somebody may be quicker. */
  const placeTogether = async (together: readonly PendingItem[]): Promise<void> => {
    const existing = await lookUp(
      scope,
      together.map(({ item }) => item),
    );
    const marked = existing.values().find((item) => isOfRun(item, scope.runId));
    if (marked !== undefined) await scope.refuseOwnMark?.(marked);
    await scope.noteWriting();
    await sideBySide(PUTS_IN_FLIGHT, together, (pending) => {
      const found = existing.get(keyIdentity(pending.item, scope.key));
      return found === undefined ? place(pending) : meet({ ...pending, existing: found });
    });
  };
  const flush = async (): Promise<void> => {
    const together = waiting;
    waiting = [];
    if (together.length > 0) await pipeline.start(() => placeTogether(together));
  };
  const replace = async (): Promise<void> => {
    const together = replacements.slice(0, REPLACED_TOGETHER);
    replacements = replacements.slice(REPLACED_TOGETHER);
    const kept = together.map((met) => ({
      stem: met.product.stem,
      old: met.existing,
      change: () => change(met),
    }));
    await keeper.change(kept, PUTS_IN_FLIGHT);
  };

  const write = async (item: PendingItem): Promise<void> => {
    if (replacements.length >= REPLACED_TOGETHER) await pipeline.start(replace);
    waiting.push(item);
    if (waiting.length >= LOOKED_UP_TOGETHER) await flush();
  };
  const writeGroup = async ({ items, stem, next }: SourceGroup): Promise<void> => {
    const remaining = items.length + (stale === undefined ? 0 : 1);
    const product = { remaining, tally: tallyOf(items.length), stem, next };
    scope.window.add(product);
    for (const item of items) await write({ item, product });
    await stale?.sweep(product, items);
  };
  const groupsOf = createGrouping(scope.table);

  return {
    async take(read) {
      const groups = groupsOf(read);
      for (const group of groups) await writeGroup(group);
      const { isFileEnd, file } = read;
      if (isFileEnd) scope.window.add({ remaining: 0, tally: { ...file.counts }, next: cursorBehind(read) });
      return groups.length > 0 || isFileEnd;
    },
    async drain() {
      await flush();
      await pipeline.finish();
      while (replacements.length > 0) await replace();
      await stale?.drain();
    },
    async settle() {
      await Promise.all([pipeline.settle(), stale?.settle()]);
    },
  };
}

/** More attributes than an expression can name: no condition could protect what the shop does meanwhile. */
function leaveAlone(scope: ConditionalScope, met: Met): void {
  met.product.tally.alreadyPresent += 1;
  noteLeft(scope, 'keptTooLarge', met);
  noteWritten(met);
}

function noteLeft({ samples, key }: ConditionalScope, kind: LeftKind, { item, product }: PendingItem): void {
  product.tally[kind] += 1;
  if (samples[kind].length < MAX_SAMPLES) samples[kind].push(keyText(item, key));
}

function countReplaced({ product }: PendingItem): void {
  product.tally.replaced += 1;
  product.tally.alreadyPresent += 1;
}

function noteReplaced(met: PendingItem): void {
  countReplaced(met);
  noteWritten(met);
}
