import { errorSummary } from '../shared/errors.ts';
import { warnRun } from '../shared/ledger/run-update.ts';
import { findShard } from '../shared/ledger/shard.ts';
import { recordTable } from '../shared/ledger/table-record.ts';
import { isTransient } from '../shared/retry.ts';
import type { Runtime } from '../shared/runtime.ts';
import type { ExistingTable } from './relied-tables.ts';
import { keepBackup, type TakeBackScope } from './take-back-table.ts';

/** Whether the run's items may be taken out of a table that existed before the run. */
export type ItemsVerdict =
  | { readonly kind: 'take' }
  /** A later run relies on them; noted in the ledger. */
  | { readonly kind: 'kept' }
  /** The table could not be backed up first; the sentence says why the items stay. */
  | { readonly kind: 'refused'; readonly sentence: string };

async function keepItems(
  { ledger }: Runtime,
  { run }: TakeBackScope,
  { name, remark }: { readonly name: string; readonly remark: string },
): Promise<ItemsVerdict> {
  const noted = `the items of run ${run.runId} stay in it, because ${remark}`;
  await recordTable(ledger, run.runId, { name, outcome: 'EXISTED', itemsKept: true, remark: noted });
  await warnRun(ledger, run, [`Table ${name}: ${noted}.`]);
  return { kind: 'kept' };
}

/** A table that cannot be backed up keeps the items: a later run relies on them. */
async function backUpFirst(runtime: Runtime, scope: TakeBackScope, name: string): Promise<ItemsVerdict> {
  const { runId } = scope.run;
  // Once something has been taken out, a backup would not hold it any more.
  if ((await findShard(runtime.ledger, runId, 'RollBack', 0)) !== undefined) return { kind: 'take' };
  try {
    const warning = `The items of run ${runId} were taken out of ${name} without a DynamoDB backup of the table, because this endpoint offers none.`;
    await keepBackup(runtime, scope, { TableName: name, warning });
    return { kind: 'take' };
  } catch (error) {
    const { name: errorName, message } = errorSummary(error);
    if (errorName === 'RunClosedError' || isTransient(error)) throw error;
    const sentence = `The items of run ${runId} in ${name}, which could not be backed up first: ${errorName}: ${message}`;
    return { kind: 'refused', sentence };
  }
}

/**
 * Taking a run's items out of a table that existed before destroys what a later run relies on as much as deleting
 * its table would: without a confirmation they stay, with one the table is backed up first.
 *
 * @throws RunClosedError (not retried); transient errors of DynamoDB (retried).
 */
export async function mayTakeItems(
  runtime: Runtime,
  scope: TakeBackScope,
  table: ExistingTable,
): Promise<ItemsVerdict> {
  const relied = scope.relied(table);
  switch (relied.kind) {
    case 'free':
      return { kind: 'take' };
    case 'keep':
      return keepItems(runtime, scope, { name: table.name, remark: relied.remark });
    case 'back up first':
      return backUpFirst(runtime, scope, table.name);
  }
}
