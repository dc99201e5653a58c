import { readManifest } from '../shared/files/backup-catalog.ts';
import { RestoreTargetError } from '../shared/errors.ts';
import { raiseFence } from '../shared/ledger/fence.ts';
import { announceTable, recordTable } from '../shared/ledger/table-record.ts';
import type { Runtime } from '../shared/runtime.ts';
import type { RunStepInput } from '../shared/state.ts';
import { describeTable } from '../shared/aws/describe-table.ts';
import { type EnsuredTable, ensureBlueprint } from '../shared/tables/ensure-table.ts';
import { orderOf } from './payloads.ts';
import { restoredTable } from './restored-table.ts';

/** The live source is never created here, only noted, so that the report names it and a roll back leaves it alone. */
async function noteSource(runtime: Runtime, input: RunStepInput, name: string): Promise<EnsuredTable> {
  const { ledger, clock, clients } = runtime;
  const table = await describeTable(clients.tables, name);
  if (table === undefined)
    throw new RestoreTargetError(
      `Table ${name} is not there, so nothing can be put back into it. Nothing was written. Leave targetTable out to restore into a new table.`,
    );
  const outcome = 'EXISTED';
  await announceTable(ledger, { ...input, name, now: clock.now(), outcome });
  const { TableId: tableId = '', TableArn: tableArn = '' } = table;
  await recordTable(ledger, input.runId, { name, outcome, tableId, tableArn });
  return { name, outcome };
}

/**
 * Creates the table that is restored into, on-demand, with the keys and indexes of the one that was backed up;
 * or notes the one that is there. Decided here, under the lock: what PrepareRestore saw may have been a dead
 * run's table, and gone since. Idempotent.
 *
 * @throws RestoreTargetError, TableSchemaMismatchError, ForeignStageTableError, RunClosedError; none is retried.
 */
export async function createRestoredTable(runtime: Runtime, input: RunStepInput): Promise<EnsuredTable> {
  const { ledger, clock } = runtime;
  const { run } = await raiseFence({ ledger, clock, ...input });
  const { backupId, targetTable } = orderOf(run);
  if (targetTable === run.sourceTable) return noteSource(runtime, input, targetTable);
  const { table } = await readManifest(runtime.objects, backupId);
  return ensureBlueprint(runtime, { ...input, blueprint: restoredTable(table, targetTable) });
}
