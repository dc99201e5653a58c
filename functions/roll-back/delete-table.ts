import { DeleteTableCommand, type TableDescription, UpdateTableCommand } from '@aws-sdk/client-dynamodb';
import { TransientError } from '../shared/errors.ts';
import { isTransient, retry } from '../shared/retry.ts';
import type { Runtime } from '../shared/runtime.ts';
import { isBusyOrTransient } from '../shared/tables/busy-table.ts';
import { describeTable } from '../shared/aws/describe-table.ts';
import type { Contents } from './inspection.ts';
import type { RollBackFence } from './recovery-owner.ts';

/** A table to delete. */
export interface Doomed {
  readonly table: TableDescription;
  readonly fence: RollBackFence;
  /** Epoch milliseconds. */
  readonly deadline: number;
  /**
   * Inspects it directly before each request, because others may have written to it since. `undefined` if nobody else
   * can write.
   */
  readonly lookAgain: (() => Promise<Contents>) | undefined;
  /** Awaited before its deletion protection is switched off. */
  readonly noteUnprotected: () => Promise<void>;
  /** Awaited before DeleteTable: the call may die before it sees the table gone. */
  readonly noteDeleting: () => Promise<void>;
}

const PATIENCE_MILLIS = 300_000;
const NOTHING: Contents = { kind: 'nothing of the shop' };

/** Whether the table still has its name. */
const isThere = async (
  { clients }: Runtime,
  { TableName = '', TableId }: TableDescription,
): Promise<boolean> => (await describeTable(clients.tables, TableName))?.TableId === TableId;

async function unprotect(runtime: Runtime, { table, fence, noteUnprotected }: Doomed): Promise<void> {
  const { TableName = '', TableStatus, DeletionProtectionEnabled } = table;
  if (TableStatus !== 'ACTIVE') await untilActive(runtime, table);
  if (DeletionProtectionEnabled !== true) return;
  await noteUnprotected();
  await fence.check();
  if (!(await isThere(runtime, table))) return;
  await runtime.clients.dynamo.send(new UpdateTableCommand({ TableName, DeletionProtectionEnabled: false }));
  await untilActive(runtime, table);
}

const untilActive = (runtime: Runtime, table: TableDescription): Promise<void> =>
  waitWhile(runtime, table, ({ TableStatus }) =>
    TableStatus === 'ACTIVE' ? undefined : `is ${TableStatus ?? 'in no known state'}`,
  );

const untilGone = (runtime: Runtime, table: TableDescription): Promise<void> =>
  waitWhile(runtime, table, () => 'is still being deleted');

/**
 * Waits as long as there is a reason. Returns at once when the table is gone or another table has its name. That other
 * table is not waited for.
 *
 * @throws TransientError with the reason if it still exists after five minutes
 */
async function waitWhile(
  { clients, clock }: Runtime,
  { TableName = '', TableId }: TableDescription,
  reasonOf: (table: TableDescription) => string | undefined,
): Promise<void> {
  const deadline = clock.now() + PATIENCE_MILLIS;
  const isRetryable = (error: unknown): boolean => error instanceof TransientError || isTransient(error);
  await retry({ clock, deadline, patienceMillis: PATIENCE_MILLIS, isRetryable }, async () => {
    const table = await describeTable(clients.tables, TableName);
    const reason = table?.TableId === TableId && table !== undefined ? reasonOf(table) : undefined;
    if (reason !== undefined) throw new TransientError(`Table ${TableName} ${reason}.`);
  });
}

/** Nobody can delete a table and create another one in less time. */
const LONG_LOOK_MILLIS = 1_000;

/**
 * Switches off the table's deletion protection and deletes it, unless another table has its name by now.
 *
 * @returns what the last inspection found. Only `nothing of the shop` means that the table is gone
 * @throws RunClosedError, and the SDK's errors; safe to repeat
 */
export async function deleteTable(runtime: Runtime, doomed: Doomed): Promise<Contents> {
  const { clients, clock } = runtime;
  const { table, fence, deadline, lookAgain, noteDeleting } = doomed;
  const { TableName = '' } = table;
  await unprotect(runtime, doomed);
  const until = { clock, deadline, patienceMillis: 60_000, isRetryable: isBusyOrTransient };
  const found = await retry(until, async (): Promise<Contents | undefined> => {
    const lookedAt = clock.now();
    if (!(await isThere(runtime, table))) return undefined;
    await fence.check();
    const contents = (await lookAgain?.()) ?? NOTHING;
    if (contents.kind !== 'nothing of the shop') return contents;
    await noteDeleting();
    await fence.check();
    // DeleteTable takes only a name, and the inspection may have taken minutes. So this check is the last step before
    // it.
    if (clock.now() - lookedAt > LONG_LOOK_MILLIS && !(await isThere(runtime, table))) return undefined;
    await clients.dynamo.send(new DeleteTableCommand({ TableName }));
    return contents;
  });
  if (found === undefined) return NOTHING;
  if (found.kind === 'nothing of the shop') await untilGone(runtime, table);
  return found;
}
