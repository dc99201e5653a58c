import {
  type BulkOperation,
  cancelBulkOperation,
  describeBulkOperation,
  findBulkOperation,
  isEnded,
} from '../../aws/bulk-operations.ts';
import { isNamed } from '../../errors.ts';
import type { Run } from '../../ledger/run.ts';
import { listShards } from '../../ledger/shard.ts';
import { retry } from '../../retry.ts';
import type { Runtime } from '../../runtime.ts';
import type { BulkCursor } from './bulk-cursor.ts';

/** How long one turn tries to cancel an operation. */
const CANCEL_PATIENCE_MILLIS = 60_000;

/**
 * Cancels each bulk put of a run that may still write. To be called once nothing can start another one.
 *
 * @param check awaited before each request that changes something
 * @returns whether all of them have ended
 * @throws what `check` throws, and the SDK's errors; safe to repeat
 */
export async function endBulkLoads(runtime: Runtime, run: Run, check: () => Promise<void>): Promise<boolean> {
  const shards = await listShards<BulkCursor>(runtime.ledger, run.runId, 'BulkLoad');
  const open = shards.flatMap(({ done, cursor }) => (done || cursor === undefined ? [] : [cursor]));
  const ended = await Promise.all(open.map((cursor) => isOver(runtime, run, { cursor, check })));
  return ended.every(Boolean);
}

interface OpenLoad {
  readonly cursor: BulkCursor;
  readonly check: () => Promise<void>;
}

async function isOver(runtime: Runtime, run: Run, { cursor, check }: OpenLoad): Promise<boolean> {
  const { clients, clock } = runtime;
  const operation = await currentOperation(runtime, cursor);
  if (operation === undefined) return cursor.operationArn !== undefined || isTooLateToAppear(runtime, run);
  if (isEnded(operation)) return true;
  if (operation.status !== 'IN_PROGRESS') return false;
  const cancel = async (): Promise<void> => {
    await check();
    await cancelBulkOperation(clients.dynamo, operation.arn);
  };
  try {
    await retry({ clock, deadline: clock.now() + CANCEL_PATIENCE_MILLIS }, cancel);
    return false;
  } catch (error) {
    if (isNamed(error, 'RunClosedError', 'TransientError')) throw error;
    // It may have ended a moment ago.
    const now = await describeBulkOperation(clients.tables, operation.arn);
    if (now !== undefined && !isEnded(now)) throw error;
    return true;
  }
}

/** `undefined`: DynamoDB knows no such operation. Those of a lost answer are looked for. */
export function currentOperation(
  { clients }: Pick<Runtime, 'clients'>,
  cursor: BulkCursor,
): Promise<BulkOperation | undefined> {
  return cursor.operationArn === undefined
    ? findBulkOperation(clients.tables, cursor)
    : describeBulkOperation(clients.tables, cursor.operationArn);
}

/** AWS does not say how soon a list names an operation. It has as long as a table has to appear. */
function isTooLateToAppear({ clock, config }: Runtime, { markedAt = 0 }: Run): boolean {
  return clock.now() >= markedAt + config.intentWaitSeconds * 1_000;
}
