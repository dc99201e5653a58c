import { carriableText } from '../shared/items/carriable.ts';
import { createFileEncoder, fileLimits } from '../shared/files/data-file.ts';
import { backupLayout, type FilePosition } from '../shared/files/layout.ts';
import { readPaceOf } from '../shared/copy/read-pace.ts';
import {
  openScan,
  type ScanMeter,
  type ScanPosition,
  type SegmentScan,
  turnScope,
} from '../shared/copy/scan.ts';
import { type ItemScan, scanItems } from '../shared/copy/scan-items.ts';
import { BackupDamagedError } from '../shared/errors.ts';
import { filePut } from '../shared/ledger/file.ts';
import type { Run } from '../shared/ledger/run.ts';
import { assertBackupSource } from '../shared/runs/known-source.ts';
import type { Runtime, Turn } from '../shared/runtime.ts';
import type { Progress } from '../shared/copy/checkpoint.ts';
import { type ShardTurn, takeTurn } from '../shared/copy/shard-turn.ts';
import type { WorkerInput, WorkerOutput } from '../shared/state.ts';
import { combineDigests, EMPTY_DIGEST } from '../shared/items/digest.ts';
import { adoptExisting, type FileTarget, type ExistingFile, storeFile } from './store-file.ts';

/** Where the next turn continues. It holds key values and is therefore in the ledger only. */
export interface SegmentCursor extends ScanPosition {
  /** Of the next file. */
  readonly sequence: number;
}

interface SegmentScope {
  readonly runtime: Runtime;
  readonly segment: number;
  readonly scan: SegmentScan;
  readonly items: ItemScan;
  /** Absolute over the segment. */
  readonly meter: ScanMeter;
}

/**
 * Backs up one Scan segment of the source: strongly consistent pages within the worker's share, into data
 * files that are written once. Can be called again at any point, even twice at once.
 *
 * @throws ItemNotCarriableError, TableUnavailableError, SourceReplacedError, BackupDamagedError, RunClosedError (none retried);
 *   TransientError when another worker works on the same segment.
 */
export async function backupSegment(runtime: Runtime, input: WorkerInput, turn: Turn): Promise<WorkerOutput> {
  let scope: SegmentScope | undefined;
  try {
    return await takeTurn<SegmentCursor>(
      runtime,
      { input, turn },
      {
        state: 'BackupProducts',
        unit: async (shardTurn) => {
          assertNotSealed(shardTurn.run, input.shard);
          scope ??= await openScope(runtime, input.shard, shardTurn);
          await markStarted(scope, shardTurn);
          return backUpFile(scope, shardTurn);
        },
      },
    );
  } finally {
    await scope?.scan.settle();
  }
}

/** Every segment of a sealed backup is done. One that is not has lost its record. @throws BackupDamagedError */
function assertNotSealed({ runId, backup }: Run, segment: number): void {
  if (backup === undefined) return;
  throw new BackupDamagedError(
    `Somebody has removed the record of segment ${segment} of run ${runId} from the ledger. Backup ${backup.backupId} is sealed, and nothing was added to it. A new run writes a new backup.`,
  );
}

async function openScope(
  runtime: Runtime,
  segment: number,
  turn: ShardTurn<SegmentCursor>,
): Promise<SegmentScope> {
  await assertBackupSource(runtime, turn.run);
  const { plan, sourceTable } = turn.run;
  const { counters, cursor } = turn.progress;
  const { readUnits = 0, throttles = 0, items = 0 } = counters;
  const meter = { readUnits, throttles };
  const plannedUnitsPerItem =
    plan.estimatedProducts === 0 ? 0 : plan.estimatedBytes / plan.estimatedProducts / 4096;
  const pace = readPaceOf(turn, items === 0 ? plannedUnitsPerItem : readUnits / items);
  const scan = openScan(
    { ...turnScope(runtime, turn, meter), pace, isReadingAhead: true },
    { tableName: sourceTable, segment, totalSegments: plan.segments.length },
    cursor,
  );
  return { runtime, segment, scan, items: scanItems(scan, runtime.migration.source.key), meter };
}

async function markStarted({ runtime }: SegmentScope, turn: ShardTurn<SegmentCursor>): Promise<void> {
  if (turn.progress.cursor !== undefined) return;
  const options = { deadline: turn.saveDeadline, beforeAttempt: () => turn.fence.check() };
  await runtime.objects.putOnce(backupLayout(turn.run.backupId).started, '', options);
}

/** One file: scan, upload, note it in the ledger, checkpoint. */
async function backUpFile(scope: SegmentScope, turn: ShardTurn<SegmentCursor>): Promise<'pause' | void> {
  const encoder = await fillFile(scope, turn);
  const target = targetOf(scope, turn);
  const hasItems = encoder.itemCount() > 0;
  // Without an item the segment is at its end, or an earlier call's file holds items that have been deleted since. That
  // file may still be on its way. If the segment ended before, no record would name it.
  if (!hasItems && !(await turn.areEarlierCallsQuiet())) return 'pause';
  const existing = hasItems ? await storeFile(target, await encoder.finish()) : await adoptExisting(target);
  if (existing?.lastItem !== undefined) scope.items.moveBehind(existing.lastItem);
  const { ledger } = scope.runtime;
  const record = existing === undefined ? [] : [filePut(ledger, turn.run.runId, existing.file)];
  await turn.save(nextProgress(scope, turn, existing), record);
}

/** Fills a file until it is full, the segment ends, or time is short and there is something to keep. */
async function fillFile({ runtime, items }: SegmentScope, turn: ShardTurn<SegmentCursor>) {
  const encoder = createFileEncoder(fileLimits(turn.run.plan.itemsPerFile));
  let pageCount = 0;
  for (;;) {
    const item = items.next();
    if (item !== undefined) {
      if (!(await encoder.add(carriableText(item, runtime.migration.source.key)))) return encoder;
      items.take();
    } else {
      if (items.isAtEnd() || (pageCount > 0 && turn.isShort())) return encoder;
      await items.readPage();
      pageCount += 1;
    }
  }
}

function targetOf({ runtime, segment }: SegmentScope, turn: ShardTurn<SegmentCursor>): FileTarget {
  const position: FilePosition = { segment, sequence: turn.progress.cursor?.sequence ?? 0 };
  const options = { deadline: turn.saveDeadline, beforeAttempt: () => turn.fence.check() };
  return { objects: runtime.objects, backupId: turn.run.backupId, position, options };
}

function nextProgress(
  scope: SegmentScope,
  { progress }: ShardTurn<SegmentCursor>,
  existing: ExistingFile | undefined,
): Progress<SegmentCursor> {
  const { items = 0, bytes = 0, files = 0 } = progress.counters;
  const file = existing?.file;
  const sequence = (progress.cursor?.sequence ?? 0) + (file === undefined ? 0 : 1);
  const done = scope.items.isAtEnd();
  return {
    done,
    cursor: done ? undefined : { ...scope.items.position(), sequence },
    counters: {
      ...scope.meter,
      items: items + (file?.itemCount ?? 0),
      bytes: bytes + (file?.bytes ?? 0),
      files: files + (file === undefined ? 0 : 1),
    },
    digests: {
      source: combineDigests([progress.digests['source'] ?? EMPTY_DIGEST, file?.digest ?? EMPTY_DIGEST]),
    },
  };
}
