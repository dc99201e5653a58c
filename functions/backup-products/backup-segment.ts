import { assertCarriable } from '../shared/items/carriable.ts';
import { createFileEncoder, fileLimits } from '../shared/files/data-file.ts';
import { backupLayout, type FilePosition } from '../shared/files/layout.ts';
import { readPace } from '../shared/copy/read-pace.ts';
import { filePut } from '../shared/ledger/file.ts';
import { isThrottle } from '../shared/retry.ts';
import type { Runtime, Turn } from '../shared/runtime.ts';
import { type Progress, type ShardTurn, takeTurn } from '../shared/copy/shard-turn.ts';
import type { WorkerInput, WorkerOutput } from '../shared/state.ts';
import { sourceTableKey } from '../migrations/shop/target-key.ts';
import { combineDigests, EMPTY_DIGEST } from '../shared/items/digest.ts';
import type { WireItem } from '../shared/items/wire-item.ts';
import { type SegmentReader, segmentReader } from './segment-reader.ts';
import { adoptExisting, type FileTarget, type ExistingFile, storeFile } from './store-file.ts';

/** Where the next turn goes on: key values, and so in the ledger only. */
export interface SegmentCursor {
  readonly exclusiveStartKey?: WireItem;
  /** Of the next file. */
  readonly sequence: number;
}

/** What the pages of this turn have cost, on top of what is saved. */
interface Meter {
  readUnits: number;
  throttles: number;
}

interface SegmentScope {
  readonly runtime: Runtime;
  readonly segment: number;
  readonly reader: SegmentReader;
  readonly meter: Meter;
}

function openScope(runtime: Runtime, segment: number, turn: ShardTurn<SegmentCursor>): SegmentScope {
  const { plan, sourceTable } = turn.run;
  const { counters, cursor } = turn.progress;
  const { readUnits = 0, throttles = 0, items = 0 } = counters;
  const meter: Meter = { readUnits, throttles };
  const plannedUnitsPerItem =
    plan.estimatedProducts === 0 ? 0 : plan.estimatedBytes / plan.estimatedProducts / 4096;
  const pace = readPace({
    unitsPerSecond: plan.readUnitsPerSecond / plan.workers,
    unitsPerItem: items === 0 ? plannedUnitsPerItem : readUnits / items,
    clock: runtime.clock,
    deadline: turn.deadline,
  });
  const countThrottle = (error: unknown): void => {
    if (isThrottle(error)) meter.throttles += 1;
  };
  const reader = segmentReader(
    {
      items: runtime.items,
      pace,
      retry: (attempt) => turn.retry(attempt, countThrottle),
      onPage: (units) => {
        meter.readUnits += units;
      },
    },
    { tableName: sourceTable, segment, totalSegments: plan.segments.length, key: sourceTableKey },
    cursor?.exclusiveStartKey === undefined ? {} : { exclusiveStartKey: cursor.exclusiveStartKey },
  );
  return { runtime, segment, reader, meter };
}

/** Fills a file until it is full, the segment ends, or time is short and there is something to keep. */
async function fillFile({ reader }: SegmentScope, turn: ShardTurn<SegmentCursor>) {
  const encoder = createFileEncoder(fileLimits(turn.run.plan.itemsPerFile));
  let pageCount = 0;
  for (;;) {
    const item = reader.next;
    if (item !== undefined) {
      assertCarriable(item, sourceTableKey);
      if (!(await encoder.add(item))) return encoder;
      reader.take();
    } else {
      if (reader.isAtEnd || (pageCount > 0 && turn.isShort())) return encoder;
      await reader.readPage();
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
  { reader, meter }: SegmentScope,
  { progress }: ShardTurn<SegmentCursor>,
  existing: ExistingFile | undefined,
): Progress<SegmentCursor> {
  const { items = 0, bytes = 0, files = 0 } = progress.counters;
  const file = existing?.file;
  const sequence = (progress.cursor?.sequence ?? 0) + (file === undefined ? 0 : 1);
  const done = reader.isAtEnd;
  return {
    done,
    cursor: done ? undefined : { ...reader.position, sequence },
    counters: {
      ...meter,
      items: items + (file?.itemCount ?? 0),
      bytes: bytes + (file?.bytes ?? 0),
      files: files + (file === undefined ? 0 : 1),
    },
    digests: {
      source: combineDigests([progress.digests['source'] ?? EMPTY_DIGEST, file?.digest ?? EMPTY_DIGEST]),
    },
  };
}

/** One file: scan, upload, note it in the ledger, checkpoint. */
async function backUpFile(scope: SegmentScope, turn: ShardTurn<SegmentCursor>): Promise<void> {
  const encoder = await fillFile(scope, turn);
  const target = targetOf(scope, turn);
  // Without an item the segment is at its end, or a dead worker's file holds items that have been deleted since.
  const existing =
    encoder.itemCount > 0 ? await storeFile(target, await encoder.finish()) : await adoptExisting(target);
  if (existing?.lastItem !== undefined) scope.reader.moveBehind(existing.lastItem);
  const { ledger } = scope.runtime;
  const record = existing === undefined ? [] : [filePut(ledger, turn.run.runId, existing.file)];
  await turn.save(nextProgress(scope, turn, existing), record);
}

async function markStarted({ runtime }: SegmentScope, turn: ShardTurn<SegmentCursor>): Promise<void> {
  if (turn.progress.cursor !== undefined) return;
  const options = { deadline: turn.saveDeadline, beforeAttempt: () => turn.fence.check() };
  await runtime.objects.putOnce(backupLayout(turn.run.backupId).started, '', options);
}

/**
 * Backs up one Scan segment of the source: strongly consistent pages inside the worker's share, into data
 * files that are written once. Safe to be called again at any point, also twice at once.
 *
 * @throws ItemNotCarriableError, TableUnavailableError, BackupDamagedError, RunClosedError (none retried);
 *   TransientError when another worker is at the same segment.
 */
export async function backupSegment(runtime: Runtime, input: WorkerInput, turn: Turn): Promise<WorkerOutput> {
  let scope: SegmentScope | undefined;
  try {
    return await takeTurn<SegmentCursor>(
      runtime,
      { input, turn },
      {
        state: 'BackupProducts',
        codeVersion: '',
        isTiedToCode: false,
        unit: async (shardTurn) => {
          scope ??= openScope(runtime, input.shard, shardTurn);
          await markStarted(scope, shardTurn);
          await backUpFile(scope, shardTurn);
        },
      },
    );
  } finally {
    await scope?.reader.settle();
  }
}
