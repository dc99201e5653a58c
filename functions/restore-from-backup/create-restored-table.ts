import { readManifest } from '../shared/files/backup-catalog.ts';
import { RestoreTargetError } from '../shared/errors.ts';
import { assertOpen } from '../shared/ledger/fence.ts';
import { readRun, type Run } from '../shared/ledger/run.ts';
import { listShards } from '../shared/ledger/shard.ts';
import { warnRun } from '../shared/ledger/run-update.ts';
import type { TableDescription } from '../shared/aws/table-description.ts';
import { announceTable, findTableRecord, recordTable } from '../shared/ledger/table-record.ts';
import type { Runtime } from '../shared/runtime.ts';
import type { RunStepInput } from '../shared/state.ts';
import { describeTable } from '../shared/aws/describe-table.ts';
import { type EnsuredTable, ensureBlueprint } from '../shared/tables/ensure-table.ts';
import { orderOf } from '../shared/runs/restore-order.ts';
import { leftOutIndexes, type LeftOutIndex, leftOutWarning, withoutIndexes } from './left-out-indexes.ts';
import { restoredTable } from './restored-table.ts';

/** Records the live source, so that the report names it and a roll back leaves it alone. It is never created here. */
async function noteSource(runtime: Runtime, input: RunStepInput, name: string): Promise<EnsuredTable> {
  const { ledger, clock, clients } = runtime;
  const table = await describeTable(clients.tables, name);
  if (table === undefined)
    throw new RestoreTargetError(
      `Table ${name} does not exist, so nothing can be restored into it. Nothing was written. Leave targetTable out to restore into a new table.`,
    );
  const outcome = 'EXISTED';
  await announceTable(ledger, { ...input, name, now: clock.now(), outcome });
  const { TableId: tableId = '', TableArn: tableArn = '' } = table;
  await recordTable(ledger, input.runId, { name, outcome, tableId, tableArn });
  return { name, outcome };
}

/**
 * Creates the target table, on-demand, with the keys of the backed up table and the indexes that can hold its items, or
 * records the target that exists. This is decided under the lock, because PrepareRestore may have seen a dead
 * run's table that is now gone. Idempotent.
 *
 * @throws RestoreTargetError, TableSchemaMismatchError, ForeignStageTableError, RunClosedError; none is retried.
 */
export async function createRestoredTable(runtime: Runtime, input: RunStepInput): Promise<EnsuredTable> {
  const run = await readRun(runtime.ledger, input.runId);
  assertOpen(run, input.executionArn);
  const { backupId, targetTable } = orderOf(run);
  if (targetTable === run.sourceTable) return noteSource(runtime, input, targetTable);
  const { table } = await readManifest(runtime.objects, backupId);
  const leftOut = leftOutIndexes(table, await listShards(runtime.ledger, input.runId, 'ProveBackup'));
  const ensured = await ensureBlueprint(runtime, {
    run,
    executionArn: input.executionArn,
    blueprint: restoredTable(withoutIndexes(table, leftOut), targetTable),
  });
  if (ensured.outcome === 'CREATED') await warnOfIndexes(runtime, { run, backedUp: table, leftOut });
  return ensured;
}

interface CreatedWithout {
  readonly run: Run;
  readonly backedUp: TableDescription;
  readonly leftOut: readonly LeftOutIndex[];
}

/** Before anything is written, so that every report of the run names them. */
async function warnOfIndexes(runtime: Runtime, { run, backedUp, leftOut }: CreatedWithout): Promise<void> {
  if (leftOut.length === 0) return;
  const { targetTable: name } = orderOf(run);
  const { tableArn: arn = name } = (await findTableRecord(runtime.ledger, { runId: run.runId, name })) ?? {};
  const warnings = leftOut.map((one) => leftOutWarning(runtime.config, one, { name, arn, backedUp }));
  await warnRun(runtime.ledger, run, warnings);
}
