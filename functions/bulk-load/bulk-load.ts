import { loadTable } from './load-table.ts';
import type { BulkCursor } from '../shared/copy/bulk/bulk-cursor.ts';
import { takeTurn } from '../shared/copy/shard-turn.ts';
import { assertOpen } from '../shared/ledger/fence.ts';
import { readRun } from '../shared/ledger/run.ts';
import type { Runtime, Turn } from '../shared/runtime.ts';
import type { BulkLoadTurn, RunStepInput } from '../shared/state.ts';
import { bulkWorkOf } from './bulk-work.ts';

/** Where another call works on a table's shard, or this one's time is up. */
const LOOK_AGAIN_SECONDS = 5;

/**
 * Fills the run's tables by DynamoDB's bulk put: one operation for each, started at the first call and looked after by the
 * next ones until all have ended. Safe to be called again at any point.
 *
 * @throws BulkLoadError, ItemRefusedError, TableUnavailableError, RunClosedError; none is retried
 */
export async function bulkLoad(runtime: Runtime, input: RunStepInput, turn: Turn): Promise<BulkLoadTurn> {
  const run = await readRun(runtime.ledger, input.runId);
  assertOpen(run, input.executionArn);
  const works = await bulkWorkOf(runtime, run);
  const waits: number[] = [];
  const open: number[] = [];
  for (const [shard, work] of works.entries()) {
    const load = {
      runtime,
      work,
      tableCount: works.length,
      onWait: (seconds: number) => waits.push(seconds),
    };
    const call = { input: { ...input, shard }, turn };
    const { done, waitSeconds } = await takeTurn<BulkCursor>(runtime, call, {
      state: 'BulkLoad',
      unit: (shardTurn) => loadTable(load, shardTurn),
    });
    if (!done) open.push(shard);
    // Of a paused run.
    if (waitSeconds !== undefined) waits.push(waitSeconds);
  }
  return {
    done: open.length === 0,
    waitSeconds: waits.length === 0 ? LOOK_AGAIN_SECONDS : Math.min(...waits),
  };
}
