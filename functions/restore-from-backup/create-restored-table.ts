import { readManifest } from '../shared/backup/backup-catalog.ts';
import { RestoreTargetError } from '../shared/errors.ts';
import { raiseFence } from '../shared/fence.ts';
import { announceTable, recordTable } from '../shared/ledger/table-record.ts';
import type { Runtime } from '../shared/runtime.ts';
import type { RunStepInput } from '../shared/state.ts';
import { describeTable } from '../shared/tables/describe-table.ts';
import { ensureBlueprint } from '../shared/tables/ensure-table.ts';
import { orderOf } from './payloads.ts';
import { restoredTable } from './restored-table.ts';

/** CreateRestoredTable's answer; the workflow drops it. */
export interface RestoreTarget {
  readonly table: string;
  readonly outcome: 'CREATED' | 'EXISTED';
}

/** Notes a table that was there before, so that the report names it and a roll back leaves it alone. */
async function noteExisting(runtime: Runtime, input: RunStepInput, name: string): Promise<RestoreTarget> {
  const { ledger, clock, clients } = runtime;
  const table = await describeTable(clients.dynamo, name);
  if (table === undefined)
    throw new RestoreTargetError(
      `Table ${name} has gone since the restore began. Nothing was written. Start again.`,
    );
  await announceTable(ledger, { ...input, name, now: clock.now(), outcome: 'EXISTED' });
  const { TableId: tableId = '', TableArn: tableArn = '' } = table;
  await recordTable(ledger, input.runId, { name, outcome: 'EXISTED', tableId, tableArn });
  return { table: name, outcome: 'EXISTED' };
}

/**
 * Creates the table that is restored into, on-demand, with the keys and indexes of the one that was backed up;
 * or notes the one that is there. Idempotent.
 *
 * @throws RestoreTargetError where somebody else's table has taken the new one's name, RunClosedError; neither
 *   is retried.
 */
export async function createRestoredTable(runtime: Runtime, input: RunStepInput): Promise<RestoreTarget> {
  const { ledger, clock } = runtime;
  const { run } = await raiseFence({ ledger, clock, ...input });
  const { backupId, targetTable, mode } = orderOf(run);
  if (mode === 'EXISTING') return noteExisting(runtime, input, targetTable);
  const { table } = await readManifest(runtime.objects, backupId);
  const { outcome } = await ensureBlueprint(runtime, {
    ...input,
    blueprint: restoredTable(table, targetTable),
  });
  if (outcome === 'EXISTED')
    throw new RestoreTargetError(
      `Table ${targetTable} was created by somebody else after the restore began. It was not touched. Start again with another targetTable.`,
    );
  return { table: targetTable, outcome };
}
