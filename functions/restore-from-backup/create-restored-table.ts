import { readManifest } from '../shared/files/backup-catalog.ts';
import { RestoreTargetError } from '../shared/errors.ts';
import { assertOpen } from '../shared/ledger/fence.ts';
import { readRun } from '../shared/ledger/run.ts';
import { announceTable, recordTable } from '../shared/ledger/table-record.ts';
import type { Runtime } from '../shared/runtime.ts';
import type { RunStepInput } from '../shared/state.ts';
import { describeTable } from '../shared/aws/describe-table.ts';
import { type EnsuredTable, ensureBlueprint } from '../shared/tables/ensure-table.ts';
import { orderOf } from '../shared/runs/restore-order.ts';
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
 * Creates the target table, on-demand, with the keys and indexes of the backed up table, or records the target that
 * exists. This is decided under the lock, because PrepareRestore may have seen a dead run's table that is now gone.
 * Idempotent.
 *
 * @throws RestoreTargetError, TableSchemaMismatchError, ForeignStageTableError, RunClosedError; none is retried.
 */
export async function createRestoredTable(runtime: Runtime, input: RunStepInput): Promise<EnsuredTable> {
  const run = await readRun(runtime.ledger, input.runId);
  assertOpen(run, input.executionArn);
  const { backupId, targetTable } = orderOf(run);
  if (targetTable === run.sourceTable) return noteSource(runtime, input, targetTable);
  const { table } = await readManifest(runtime.objects, backupId);
  return ensureBlueprint(runtime, {
    run,
    executionArn: input.executionArn,
    blueprint: restoredTable(table, targetTable),
  });
}
