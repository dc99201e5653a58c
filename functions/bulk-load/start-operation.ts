import { type BulkOperation, findBulkOperation, startBulkPut } from '../shared/aws/bulk-operations.ts';
import type { BulkCursor } from '../shared/copy/bulk/bulk-cursor.ts';
import { BULK_PUT, readingOf } from '../shared/cost/bulk-put.ts';
import { isNamed } from '../shared/errors.ts';
import { RUN_LAYOUT } from '../shared/files/layout.ts';
import { capsOf } from '../shared/ledger/control.ts';
import { bulkCap } from '../shared/tables/bulk-obstacles.ts';
import { assertSameTable } from '../shared/tables/known-table.ts';
import { assertInput } from './check-input.ts';
import { notStarted, tokenTaken } from './judge-operation.ts';
import type { BulkTurn, TableLoad } from './table-load.ts';
import { waitSeconds } from '../shared/runs/wait-seconds.ts';

/** Written before the request, so that an operation is found whose answer was lost. */
export async function announce(
  { runtime, work, tableCount }: TableLoad,
  turn: BulkTurn,
  attempt: number,
): Promise<void> {
  const { run, clock, fence } = turn;
  await assertInput(runtime, run, work);
  // For a look at the caps as they are now.
  await fence.check();
  const { writeUnitsPerSecond } = capsOf(fence.latest());
  const { name: table } = work.table;
  const { bulkPutBytes: earlierBytes = 0 } = turn.progress.counters;
  const cursor = {
    table,
    attempt,
    token: `${run.runId}:${table}:${attempt}`,
    intentAt: clock.now(),
    executionArn: run.executionArn,
    writeUnitsPerSecond: bulkCap(writeUnitsPerSecond, tableCount),
    earlierBytes,
  };
  await turn.save({ done: false, cursor, counters: {}, digests: {} });
}

/** A token finds its operation again for some hours. One of them is left for clocks and waits. */
const tokenMillis = ((readingOf(BULK_PUT.limits.tokenSeconds) ?? 0) - 3_600) * 1_000;

/**
 * Starts the operation that was announced. Where its token may no longer find it, it is looked for, and another one is
 * announced if there is none.
 */
export function startOrFind(load: TableLoad, turn: BulkTurn, cursor: BulkCursor): Promise<'pause' | void> {
  const isOwn = cursor.executionArn === turn.run.executionArn;
  const isFresh = turn.clock.now() - cursor.intentAt < tokenMillis;
  return isOwn && isFresh ? start(load, turn, cursor) : find(load, turn, cursor);
}

function noteStarted(turn: BulkTurn, cursor: BulkCursor, { arn }: BulkOperation): Promise<void> {
  return turn.save({ ...turn.progress, cursor: { ...cursor, operationArn: arn } });
}

async function start(load: TableLoad, turn: BulkTurn, cursor: BulkCursor): Promise<'pause' | void> {
  const started = await tryStart(load, turn, cursor);
  return started instanceof Error
    ? waitForTable(load, turn, { cursor, refusal: started })
    : noteStarted(turn, cursor, started);
}

/** @returns DynamoDB's refusal where the table, or the account, has no place for another operation now */
function tryStart(
  { runtime, work }: TableLoad,
  turn: BulkTurn,
  { token, attempt, writeUnitsPerSecond }: BulkCursor,
): Promise<BulkOperation | Error> {
  const { run, fence } = turn;
  const { name: tableName } = work.table;
  const order = {
    token,
    tableName,
    bucket: runtime.bucket,
    inputPrefix: work.inputPrefix,
    reportPrefix: RUN_LAYOUT.bulkReport(run.runId, tableName, attempt),
    writeUnitsPerSecond,
  };
  return turn.retry(async () => {
    // The operation may have been announced long ago.
    await assertSameTable(runtime, work.table);
    await fence.check();
    try {
      return await startBulkPut(runtime.clients.dynamo, order);
    } catch (error) {
      if (isNamed(error, 'IdempotentParameterMismatchException')) throw tokenTaken(tableName, token, error);
      if (isNamed(error, 'ResourceInUseException', 'LimitExceededException')) return error;
      throw error;
    }
  });
}

/** Long enough for an index of a large table, and shorter than a token's time. */
const BUSY_PATIENCE_MILLIS = 6 * 3_600_000;

interface Refused {
  readonly cursor: BulkCursor;
  readonly refusal: Error;
}

/** @throws BulkLoadError where it has been waited for too long; not retried */
async function waitForTable(
  { runtime, onWait }: TableLoad,
  turn: BulkTurn,
  { cursor, refusal }: Refused,
): Promise<'pause'> {
  const now = turn.clock.now();
  const { table, busySince = now } = cursor;
  if (now - busySince >= BUSY_PATIENCE_MILLIS)
    throw notStarted(table, refusal, `${BUSY_PATIENCE_MILLIS / 3_600_000} hours`);
  const { runId } = turn.run;
  runtime.logger.warn('Bulk put cannot start now. It is tried again.', {
    runId,
    stage: 'BulkLoad',
    table,
    error: refusal,
  });
  if (cursor.busySince === undefined) await turn.save({ ...turn.progress, cursor: { ...cursor, busySince } });
  onWait(waitSeconds((now - busySince) / 1_000));
  return 'pause';
}

/**
 * AWS does not say how soon a list names an operation. One that was started a moment ago has as long as a table has to
 * appear, because a roll back ends only the operation that was announced last.
 */
async function find(load: TableLoad, turn: BulkTurn, cursor: BulkCursor): Promise<'pause' | void> {
  const { clients, config } = load.runtime;
  const operation = await findBulkOperation(clients.tables, cursor);
  if (operation !== undefined) return noteStarted(turn, cursor, operation);
  const now = turn.clock.now();
  const { missingSince = now } = cursor;
  const leftMillis = missingSince + config.intentWaitSeconds * 1_000 - now;
  if (leftMillis <= 0) return announce(load, turn, cursor.attempt + 1);
  if (cursor.missingSince === undefined)
    await turn.save({ ...turn.progress, cursor: { ...cursor, missingSince } });
  load.onWait(Math.ceil(leftMillis / 1_000));
  return 'pause';
}
