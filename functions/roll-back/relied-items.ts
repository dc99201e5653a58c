import { filledTable } from '../shared/tables/run-tables.ts';
import type { TableDescription } from '@aws-sdk/client-dynamodb';
import { errorSummary } from '../shared/errors.ts';
import type { Run } from '../shared/ledger/run.ts';
import { warnRun } from '../shared/ledger/run-update.ts';
import { shardOn } from '../shared/copy/checkpoint.ts';
import { findShard } from '../shared/ledger/shard.ts';
import { isTransient } from '../shared/retry.ts';
import type { Runtime } from '../shared/runtime.ts';
import { keepBackup } from './keep-net.ts';
import { type ItemTarget, noteContents } from './note-left.ts';
import { endsTurn } from './recovery-owner.ts';
import { basisOf } from './roll-back-items.ts';
import type { TableRollBackScope } from './roll-back-table.ts';

/** A table in which the run's items are rolled back, as it is now. */
export interface ReliedTable extends ItemTarget {
  readonly table: TableDescription;
}

/** Whether the run's items may be removed from a table that existed before the run. */
export type ItemsVerdict =
  | { readonly kind: 'take' }
  /** A later run relies on them. The ledger says so. */
  | { readonly kind: 'kept' }
  /** The backup is not AVAILABLE yet. */
  | { readonly kind: 'wait' }
  /** The table could not be backed up. The sentence says why the items stay. */
  | { readonly kind: 'refused'; readonly sentence: string };

async function keepItems(
  runtime: Runtime,
  run: Run,
  { target, remark }: { readonly target: ItemTarget; readonly remark: string },
): Promise<ItemsVerdict> {
  const contents = `the items of run ${run.runId} stay in it, because ${remark}`;
  await noteContents(runtime, run, target, { contents, itemsKept: true });
  await warnRun(runtime.ledger, run, [`Table ${target.record.name}: ${contents}.`]);
  return { kind: 'kept' };
}

/** A later run relies on these items, so they stay in the table if it cannot be backed up. */
async function backUpFirst(
  runtime: Runtime,
  scope: TableRollBackScope,
  { table, record }: ReliedTable,
): Promise<ItemsVerdict> {
  const { runId } = scope.run;
  const { name } = record;
  const { number } = filledTable(runtime, scope.run, name);
  const found = await findShard(runtime.ledger, runId, 'RollBack', number);
  const basis = basisOf({ run: scope.run, tableId: table.TableId });
  // A backup made now would lack the items that this roll back has already removed.
  if (shardOn(found, basis) !== undefined) return { kind: 'take' };
  try {
    const net = await keepBackup(runtime, { ...scope, table, record });
    return { kind: net.kind === 'ready' ? 'take' : 'wait' };
  } catch (error) {
    if (endsTurn(error) || isTransient(error)) throw error;
    const { name: errorName, message } = errorSummary(error);
    const sentence = `The items of run ${runId} stay in ${name}, because it could not be backed up first: ${errorName}: ${message}`;
    return { kind: 'refused', sentence };
  }
}

/**
 * Removing a run's items from a table that existed before can destroy what a later run relies on, just as deleting a
 * table can. Without a confirmation the items stay. With one, the table is backed up first.
 *
 * @throws RunClosedError (not retried); transient errors of DynamoDB (retried).
 */
export async function mayTakeItems(
  runtime: Runtime,
  scope: TableRollBackScope,
  existing: ReliedTable,
): Promise<ItemsVerdict> {
  const { name } = existing.record;
  const relied = scope.relied({ name, tableId: existing.table.TableId });
  switch (relied.kind) {
    case 'free':
      return { kind: 'take' };
    case 'keep':
      return keepItems(runtime, scope.run, { target: existing, remark: relied.remark });
    case 'back up first':
      return backUpFirst(runtime, scope, existing);
  }
}
