import { targetFilesOfShard } from '../shared/files/run-files.ts';
import { ItemRefusedError, TableUnavailableError } from '../shared/errors.ts';
import { saveUndoRecord } from '../shared/ledger/undo-record.ts';
import type { Runtime, Turn } from '../shared/runtime.ts';
import { createBatchWriter } from '../shared/copy/load/batch-writer.ts';
import { type Load, type LineWriter, type LoadScope, openLoad } from '../shared/copy/load/load.ts';
import { addTo, createLoadWindow, type LoadWindow } from '../shared/copy/load/load-window.ts';
import { FIRST_LINE, type LineCursor } from '../shared/copy/load/read-lines.ts';
import { type ShardTurn, takeTurn } from '../shared/copy/shard-turn.ts';
import type { WorkerInput, WorkerOutput } from '../shared/state.ts';
import { keyText } from '../migrations/shop/target-key.ts';
import { queryPartition } from '../shared/aws/query-partition.ts';
import { updateIf } from '../shared/aws/update-if.ts';
import type { WireItem } from '../shared/items/wire-item.ts';
import { createConditionalWriter, type LeftAlone } from './conditional-writer.ts';
import { createFoundRuns } from './found-runs.ts';
import { findTarget, type Target, writeScope } from './open-target.ts';
import { tallyOf } from './target-writer.ts';
import { shorten } from '../shared/text.ts';

/**
 * Migrates one shard: sends the lines of its target files as they are, and saves how far it has come. Safe to be called
 * again at any point: what is written twice is the same both times.
 *
 * @throws ItemRefusedError, TableUnavailableError, BackupDamagedError, RunClosedError (none retried);
 *   ThrottlingException (retried) when DynamoDB let nothing through in a whole turn.
 */
export async function migrateShard(runtime: Runtime, input: WorkerInput, turn: Turn): Promise<WorkerOutput> {
  let load: Load | undefined;
  try {
    return await takeTurn<LineCursor>(
      runtime,
      { input, turn },
      {
        state: 'MigrateProducts',
        unit: async (shardTurn) => {
          const current = load ?? (await openMigration(runtime, input.shard, shardTurn));
          load = current;
          // What has failed is read and written again, from the checkpoint on.
          if (!(await current.next(shardTurn))) load = undefined;
        },
      },
    );
  } catch (error) {
    throw translateMissing(error);
  } finally {
    await load?.close();
  }
}

async function openMigration(runtime: Runtime, shard: number, turn: ShardTurn<LineCursor>): Promise<Load> {
  const target = await findTarget(runtime, turn.run);
  const files = await targetFilesOfShard(runtime, turn.run, { shard, table: target.tableName });
  const start = turn.progress.cursor ?? FIRST_LINE;
  const window = createLoadWindow(start);
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const units = files.reduce((sum, file) => sum + file.writeUnits, 0);
  const unitsPerByte = bytes === 0 ? 0 : units / bytes;
  const { writer, progressOf } = openWriter(runtime, turn, { target, window, unitsPerByte });
  return openLoad({ objects: runtime.objects, files, window, writer, progressOf }, start);
}

interface WriterParts {
  readonly target: Target;
  readonly window: LoadWindow;
  readonly unitsPerByte: number;
}

/** The writer that the table needs, and the checkpoint of what it has done. */
function openWriter(
  runtime: Runtime,
  turn: ShardTurn<LineCursor>,
  { target, window, unitsPerByte }: WriterParts,
): { readonly writer: LineWriter } & Pick<LoadScope, 'progressOf'> {
  const { run, progress: before } = turn;
  const { tableName } = target;
  const { writeUnits = 0, readUnits = 0, throttles = 0 } = before.counters;
  const meter = { writeUnits, readUnits, throttles };
  const samples = copySamples(before.samples);
  const foundRuns = createFoundRuns(run.runId, before.foundRuns?.[tableName]);
  const scope = { ...writeScope(runtime, turn, { tableName, meter }), window, refusalOf };
  const writer = target.isOurs
    ? createBatchWriter({ ...scope, unitsPerByte })
    : createConditionalWriter({
        ...scope,
        updateIf: updateIf(runtime.clients.dynamo),
        runId: run.runId,
        runStartedAt: run.startedAt,
        onExisting: run.parameters.onExisting,
        objects: runtime.objects,
        noteKept: (kept) => saveUndoRecord(runtime.ledger, run.runId, kept),
        onRead: (units) => {
          meter.readUnits += units;
        },
        saveDeadline: turn.saveDeadline,
        query: queryPartition(runtime.clients.dynamo),
        samples,
        foundRuns,
      });
  return {
    writer,
    progressOf({ totals }) {
      const counters: Record<string, number> = { ...NO_COUNTS, ...before.counters };
      addTo(counters, totals);
      const named = Object.entries(samples).filter(([, keys]) => keys.length > 0);
      const found = foundRuns.ids();
      return {
        counters: { ...counters, ...meter },
        digests: {},
        ...(named.length > 0 && {
          samples: Object.fromEntries(named.map(([kind, keys]) => [kind, [...keys]])),
        }),
        ...(found.length > 0 && { foundRuns: { ...before.foundRuns, [tableName]: found } }),
      };
    },
  };
}

const NO_COUNTS = { ...tallyOf(0), products: 0, metadata: 0, variants: 0, quarantined: 0 } as const;

function copySamples(saved: Readonly<Record<string, readonly string[]>> = {}): LeftAlone {
  const { keptChanged = [], keptTooLarge = [], outdated = [] } = saved;
  return { keptChanged: [...keptChanged], keptTooLarge: [...keptTooLarge], outdated: [...outdated] };
}

/** The error for an item that DynamoDB will never take. */
function refusalOf(item: WireItem, reason: Error): ItemRefusedError {
  return new ItemRefusedError(
    `DynamoDB refuses item ${keyText(item)} for good: ${shorten(reason.message, 500)} The run cannot be completed; correct this product at the source, then start again.`,
    { cause: reason },
  );
}

function translateMissing(error: unknown): unknown {
  if (!(error instanceof Error) || error.name !== 'ResourceNotFoundException') return error;
  return new TableUnavailableError(
    `The target table has gone while products were being written (${shorten(error.message, 200)}). Check who deleted it, then start again.`,
    { cause: error },
  );
}
