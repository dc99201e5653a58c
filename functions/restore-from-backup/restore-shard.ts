import { readManifest } from '../shared/files/backup-catalog.ts';
import { keyOfDescription } from '../shared/aws/table-description.ts';
import { createBatchWriter } from '../shared/copy/load/batch-writer.ts';
import { type Load, openLoad } from '../shared/copy/load/load.ts';
import { loadShard } from '../shared/copy/load/load-shard.ts';
import { addTo, createLoadWindow } from '../shared/copy/load/load-window.ts';
import { FIRST_LINE, type LineCursor } from '../shared/copy/load/read-lines.ts';
import { turnWriteScope } from '../shared/copy/load/write-scope.ts';
import { ItemRefusedError } from '../shared/errors.ts';
import { keyText, type TableKey } from '../shared/items/item-key.ts';
import type { WireItem } from '../shared/items/wire-item.ts';
import type { Runtime, Turn } from '../shared/runtime.ts';
import type { ShardTurn } from '../shared/copy/shard-turn.ts';
import type { WorkerInput, WorkerOutput } from '../shared/state.ts';
import { shorten } from '../shared/text.ts';
import { createMissingItemsWriter } from './missing-items-writer.ts';
import { orderOf, restoreInputOf } from '../shared/runs/restore-order.ts';
import { intoNewTable } from './plan-restore.ts';
import type { Run } from '../shared/ledger/run.ts';
import { loadFiles } from './restore-files.ts';
import { listTables, type TableRecord } from '../shared/ledger/table-record.ts';
import { isAloneIn } from '../shared/tables/close-table.ts';
import { restoredTableIn } from '../shared/runs/restored-counts.ts';

/**
 * Writes one shard of the backup to the target. A table that this run created is filled with batches. Any other table
 * gets only missing items. Safe to repeat from any checkpoint.
 *
 * @throws BackupDamagedError, ItemRefusedError, RunClosedError; none is retried.
 */
export function restoreShard(runtime: Runtime, input: WorkerInput, turn: Turn): Promise<WorkerOutput> {
  const open = (shardTurn: ShardTurn<LineCursor>): Promise<Load> =>
    openRestore(runtime, input.shard, shardTurn);
  return loadShard(runtime, { input, turn }, { state: 'RestoreProducts', open });
}

/** What a restore counts besides `items`. */
const COUNTERS = ['written', 'alreadyPresent', 'keptDifferent'] as const;

async function openRestore(runtime: Runtime, shard: number, turn: ShardTurn<LineCursor>): Promise<Load> {
  const { run, progress: before } = turn;
  const { backupId, targetTable: tableName } = orderOf(run);
  const { table, files, tableBytes, bytes } = await readManifest(runtime.objects, backupId);
  const target = restoredTableIn(await listTables(runtime.ledger, run.runId), run);
  const start = before.cursor ?? FIRST_LINE;
  const window = createLoadWindow(start);
  const key = keyOfDescription(table);
  const { writeUnits = 0, readUnits = 0, throttles = 0 } = before.counters;
  const meter = { writeUnits, readUnits, throttles };
  const scope = {
    ...turnWriteScope(runtime, turn, { table: target ?? { name: tableName }, key, meter }),
    window,
    refusalOf: (item: WireItem, reason: Error) => refusal(runtime, { run, target, key }, { item, reason }),
    onRead: (units: number) => {
      meter.readUnits += units;
    },
  };
  const unitsPerByte = bytes === 0 ? 0 : tableBytes / bytes / 1024;
  const isBatch = isAloneIn(target, run);
  const writer = isBatch ? createBatchWriter({ ...scope, unitsPerByte }) : createMissingItemsWriter(scope);
  return openLoad(
    {
      objects: runtime.objects,
      files: loadFiles(files, { shard, shardCount: run.plan.shards.length }),
      window,
      writer,
      progressOf({ totals }) {
        const counters = { ...Object.fromEntries(COUNTERS.map((name) => [name, 0])), ...before.counters };
        addTo(counters, totals);
        // A batch overwrites, so all of its items are written.
        if (isBatch) addTo(counters, { written: totals['items'] ?? 0 });
        return { counters: { ...counters, ...meter }, digests: {} };
      },
    },
    start,
  );
}

interface RefusedIn {
  readonly run: Run;
  readonly target: TableRecord | undefined;
  readonly key: TableKey;
}

/**
 * The error for an item that DynamoDB will never accept. A new table has no index that refuses an item of the backup, but
 * one that existed may have any.
 */
function refusal(
  { config }: Runtime,
  { run, target, key }: RefusedIn,
  { item, reason }: { readonly item: WireItem; readonly reason: Error },
): ItemRefusedError {
  const isNew = target?.outcome === 'CREATED';
  const said = `Table ${orderOf(run).targetTable} refuses item ${keyText(item, key)}: ${shorten(reason.message, 300)} A backup is never changed, so the same restore fails again.`;
  return isNew
    ? new ItemRefusedError(said, undefined, { cause: reason })
    : new ItemRefusedError(
        `${said} Items written before it stay. If an index of the table refuses it, delete the index and restore again.`,
        intoNewTable(config, restoreInputOf(run)),
        { cause: reason },
      );
}
