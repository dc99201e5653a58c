import {
  type BulkOperation,
  cancelBulkOperation,
  describeBulkOperation,
  findBulkOperation,
  isEnded,
} from '../../aws/bulk-operations.ts';
import { isNamed } from '../../errors.ts';
import type { Run } from '../../ledger/run.ts';
import { saveShard, type Shard } from '../../ledger/shard.ts';
import { retry } from '../../retry.ts';
import type { Runtime } from '../../runtime.ts';
import { type BulkCursor, noted } from './bulk-cursor.ts';

/** How long one turn tries to cancel an operation. */
const CANCEL_PATIENCE_MILLIS = 60_000;

/**
 * Cancels each bulk put of a run that may still write. To be called once nothing can start another one.
 *
 * @param loads checkpoints of BulkLoad
 * @param check awaited before each request that changes something
 * @returns whether all of them have ended
 * @throws what `check` throws, and the SDK's errors; safe to repeat
 */
export async function endBulkLoads(
  runtime: Runtime,
  run: Run,
  { loads, check }: { readonly loads: readonly Shard[]; readonly check: () => Promise<void> },
): Promise<boolean> {
  const open = (loads as readonly Shard<BulkCursor>[]).flatMap(({ cursor, ...shard }) =>
    shard.done || cursor === undefined || cursor.endedAt !== undefined ? [] : [{ ...shard, cursor }],
  );
  const ended = await Promise.all(open.map((shard) => isOver(runtime, run, { shard, check })));
  return ended.every(Boolean);
}

interface OpenLoad {
  readonly shard: Shard<BulkCursor> & { readonly cursor: BulkCursor };
  readonly check: () => Promise<void>;
}

async function isOver(runtime: Runtime, run: Run, load: OpenLoad): Promise<boolean> {
  const { cursor } = load.shard;
  const operation = await currentOperation(runtime, cursor);
  if (operation === undefined) return isTooLateToAppear(runtime, run);
  if (operation.status === 'IN_PROGRESS') return cancel(runtime, operation, load.check);
  if (!isEnded(operation)) return false;
  await noteEnd(runtime, run, load, operation);
  return true;
}

/** Asks for the operation's end; whether it has come is for the next look to say. */
async function cancel(
  { clients, clock }: Runtime,
  { arn }: BulkOperation,
  check: OpenLoad['check'],
): Promise<false> {
  try {
    await retry({ clock, deadline: clock.now() + CANCEL_PATIENCE_MILLIS }, async () => {
      await check();
      await cancelBulkOperation(clients.dynamo, arn);
    });
  } catch (error) {
    if (isNamed(error, 'RunClosedError', 'TransientError')) throw error;
    // It may have ended a moment ago.
    const now = await describeBulkOperation(clients.tables, arn);
    if (now !== undefined && !isEnded(now)) throw error;
  }
  return false;
}

/** For the report of the run: what was written until then, and what DynamoDB charges for it. */
async function noteEnd(
  { ledger, newId }: Runtime,
  { runId }: Run,
  { shard, check }: OpenLoad,
  operation: BulkOperation,
): Promise<void> {
  await check();
  const cursor = { ...shard.cursor, operationArn: operation.arn };
  const ended = noted({ ...shard, cursor }, operation);
  try {
    await saveShard(ledger, { runId, shard: ended, previousVersion: shard.version, writer: newId() });
  } catch (error) {
    // Another call of the roll back was quicker, and has noted the same.
    if (!isNamed(error, 'ClaimLostError')) throw error;
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

/** AWS does not say how soon an operation is found. It has as long as a table has to appear. */
function isTooLateToAppear({ clock, config }: Runtime, { markedAt = 0 }: Run): boolean {
  return clock.now() >= markedAt + config.intentWaitSeconds * 1_000;
}
