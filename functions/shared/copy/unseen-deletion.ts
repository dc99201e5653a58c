import { listDeleting } from '../ledger/deleting-call.ts';
import type { LedgerTable } from '../ledger/ledger-table.ts';
import type { Run } from '../ledger/run.ts';
import { warnRun } from '../ledger/run-update.ts';
import type { RunRecords } from '../ledger/run-records.ts';
import type { Runtime } from '../runtime.ts';
import { filledTablesOf } from '../tables/run-tables.ts';

/**
 * Warns that the answer to a deletion in an existing table may be lost, and with it what the item held: there was no
 * answer, or a call that deletes there has died or was made twice. No condition detects an attribute that somebody has
 * added since, and nothing else tells what was deleted.
 *
 * @throws the SDK's errors; harmless to repeat
 */
export function warnOfUnseenDeletion(ledger: LedgerTable, run: Run, tableName: string): Promise<void> {
  return warnRun(ledger, run, [
    `The run may not have seen DynamoDB's answer to a deletion in ${tableName}: there was none, or the call that removes items there has died or was made twice. If somebody changed that item at that moment, the change may be lost.`,
  ]);
}

/**
 * Warns of each table that calls of a sync were deleting from when they died. A call that is still at work is warned of
 * as well, which does no harm.
 *
 * @throws the SDK's errors; harmless to repeat
 */
export async function warnOfDeadCalls(ledger: LedgerTable, sync: Run): Promise<void> {
  const dead = await listDeleting(ledger, sync.runId);
  for (const tableName of new Set(dead.flatMap(({ tables }) => tables)))
    await warnOfUnseenDeletion(ledger, sync, tableName);
}

/**
 * Warns where a worker that removes items, because the run replaces, has died, and no other has taken its place. To be
 * asked before anybody closes its claim.
 *
 * @param records as they were read when the run's workers had stopped, or as the run is about to be committed
 * @throws the SDK's errors; harmless to repeat
 */
export async function warnOfDeadWorkers(
  runtime: Pick<Runtime, 'ledger' | 'config' | 'migration'>,
  { run, shards }: Pick<RunRecords, 'run' | 'shards'>,
): Promise<void> {
  const isOpen = (shards.get('MigrateProducts') ?? []).some(({ claim }) => claim !== undefined);
  if (!isOpen || run.parameters.onExisting !== 'replace') return;
  for (const { name } of filledTablesOf(runtime, run)) await warnOfUnseenDeletion(runtime.ledger, run, name);
}

/** Names an item that was changed and deleted, and that could not be put back: whose table, and the item's key as text. */
export type WarnLost = (tableName: string, key: string) => Promise<void>;

/** Warns of each such item. @throws the SDK's errors; harmless to repeat */
export function lostChangeWarner(ledger: LedgerTable, run: Run): WarnLost {
  return (tableName, key) =>
    warnRun(ledger, run, [
      `Table ${tableName} may lack a change of ${key}: somebody made it while the item was being deleted, and the item could not be put back.`,
    ]);
}

/** {@link warnOfUnseenDeletion} of one call, which warns once: a ledger item has its limit, and deletions have none. */
export function unseenDeletionWarner(ledger: LedgerTable, run: Run, tableName: string): () => Promise<void> {
  let warned: Promise<void> | undefined;
  return () =>
    (warned ??= warnOfUnseenDeletion(ledger, run, tableName).catch((error: unknown) => {
      warned = undefined;
      throw error;
    }));
}

/** {@link unseenDeletionWarner} of a call that deletes in several tables. */
export function unseenDeletionWarners(ledger: LedgerTable, run: Run): (tableName: string) => Promise<void> {
  const byTable = new Map<string, () => Promise<void>>();
  return (tableName) => {
    const warn = byTable.get(tableName) ?? unseenDeletionWarner(ledger, run, tableName);
    byTable.set(tableName, warn);
    return warn();
  };
}
