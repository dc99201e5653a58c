import { readManifest } from '../shared/files/backup-catalog.ts';
import { backupLayout, RUN_LAYOUT } from '../shared/files/layout.ts';
import { targetFilesOfTables } from '../shared/files/run-files.ts';
import { keyOfDescription } from '../shared/aws/table-description.ts';
import { addTo } from '../shared/copy/load/load-window.ts';
import { makingOf } from '../shared/copy/transform/making.ts';
import { TableUnavailableError } from '../shared/errors.ts';
import type { TableKey } from '../shared/items/item-key.ts';
import { isRestore, type Run } from '../shared/ledger/run.ts';
import { listTables, type TableRecord } from '../shared/ledger/table-record.ts';
import { orderOf } from '../shared/runs/restore-order.ts';
import type { Runtime } from '../shared/runtime.ts';
import { filledTablesOf } from '../shared/tables/run-tables.ts';

/** What one operation loads: every object under a prefix, into one table. */
export interface BulkWork {
  readonly table: TableRecord;
  readonly key: TableKey;
  readonly inputPrefix: string;
  /** Objects that must be under the prefix, and no others. Bytes by key. */
  readonly objects: ReadonlyMap<string, number>;
  readonly itemCount: number;
  /** Added to the counters once all of it is loaded. */
  readonly counts: Readonly<Record<string, number>>;
}

/**
 * The run's operations, one for each filled table, in the order of their shards.
 *
 * @throws TableUnavailableError (not retried) where a table was not made ready; the manifest's errors of a restore
 */
export async function bulkWorkOf(runtime: Runtime, run: Run): Promise<readonly BulkWork[]> {
  const tables = await listTables(runtime.ledger, run.runId);
  const recordOf = (name: string): TableRecord => {
    const record = tables.find((table) => table.name === name);
    if (record !== undefined) return record;
    throw new TableUnavailableError(
      `Run ${run.runId} has no table ${name} to write to: it was not made ready. Nothing was written.`,
    );
  };
  return isRestore(run) ? [await restoreWork(runtime, run, recordOf)] : migrateWork(runtime, run, recordOf);
}

type RecordOf = (name: string) => TableRecord;

async function migrateWork(runtime: Runtime, run: Run, recordOf: RecordOf): Promise<readonly BulkWork[]> {
  const filled = filledTablesOf(runtime, run);
  const tables = filled.map(({ name }) => name);
  const whole = { ...run, plan: { ...run.plan, shards: [0] } };
  const files = await targetFilesOfTables(runtime, whole, { shard: 0, tables });
  return filled.map(({ spec, name }) => {
    const own = files.filter(({ table }) => table === name);
    const counts: Record<string, number> = {};
    for (const file of own) addTo(counts, file.counts);
    return {
      table: recordOf(name),
      key: spec.tableKey,
      inputPrefix: `${RUN_LAYOUT.target({ runId: run.runId, making: makingOf(run), table: name })}data/`,
      objects: sizesOf(own.flatMap(({ parts }) => parts)),
      itemCount: own.reduce((sum, { itemCount }) => sum + itemCount, 0),
      counts,
    };
  });
}

/**
 * A backup's files are the input as they are. Each of them holds a part of the source's hash order. DynamoDB decides in
 * which order it reads the objects of a prefix, and so how many partitions are written at once.
 */
async function restoreWork(runtime: Runtime, run: Run, recordOf: RecordOf): Promise<BulkWork> {
  const { backupId, targetTable } = orderOf(run);
  const { table, files, itemCount } = await readManifest(runtime.objects, backupId);
  return {
    table: recordOf(targetTable),
    key: keyOfDescription(table),
    inputPrefix: backupLayout(backupId).dataPrefix,
    objects: sizesOf(files),
    itemCount,
    counts: { written: itemCount },
  };
}

function sizesOf(
  objects: readonly { readonly key: string; readonly gzipBytes: number }[],
): ReadonlyMap<string, number> {
  return new Map(objects.map(({ key, gzipBytes }) => [key, gzipBytes]));
}
