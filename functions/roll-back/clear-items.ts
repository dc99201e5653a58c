import { listShards, saveShard } from '../shared/ledger/shard.ts';
import { listTables } from '../shared/ledger/table-record.ts';
import type { Run } from '../shared/ledger/run.ts';
import type { Runtime, Turn } from '../shared/runtime.ts';
import { type ShardTurn, takeTurn } from '../shared/shard-turn.ts';
import type { WorkerInput, WorkerOutput } from '../shared/state.ts';
import { tableName } from '../shared/tables/table-spec.ts';
import { catalogueTable } from '../shared/tables/target-tables.ts';
import { codeVersion } from '../shared/transform/code-version.ts';
import { createItemTaker, type ItemTaker, type TakeBackCursor } from './item-taker.ts';
import { addStep } from './take-back-items.ts';

const checkpointMillis = 5_000;

/** Whether the run has come to the tables, and what it rehearsed before was rehearsed with other code. */
async function hasOtherCode({ ledger, config }: Runtime, run: Run): Promise<boolean> {
  const target = tableName(catalogueTable, config.tablePrefix);
  const tables = await listTables(ledger, run.runId);
  if (!tables.some(({ name, outcome }) => name === target && outcome !== 'INTENT')) return false;
  const rehearsed = await listShards(ledger, run.runId, 'RehearseBackup');
  return rehearsed.some((shard) => shard.codeVersion !== codeVersion());
}

/** What this code had migrated before another one did: its items are taken out too, so it counts for nothing. */
async function forgetMigrated({ ledger }: Runtime, { run }: ShardTurn<TakeBackCursor>): Promise<void> {
  const migrated = await listShards(ledger, run.runId, 'MigrateProducts');
  for (const { version: previousVersion, writer: _writer, ...shard } of migrated)
    if (shard.codeVersion === codeVersion())
      await saveShard(ledger, {
        runId: run.runId,
        shard: { ...shard, done: false, cursor: undefined, counters: {}, digests: {} },
        previousVersion,
        writer: crypto.randomUUID(),
      });
}

/**
 * Takes the items of a resumed run out of the target where the code has changed since they were written: the new code
 * may give other keys, and what nobody expects would stay there for ever. MigrateProducts then starts over. Does
 * nothing where the code is the same. What somebody has changed stays.
 *
 * @throws RunClosedError; not retried.
 */
export function clearItems(runtime: Runtime, input: WorkerInput, turn: Turn): Promise<WorkerOutput> {
  let taker: ItemTaker | undefined;
  const open = async (shardTurn: ShardTurn<TakeBackCursor>): Promise<ItemTaker> => {
    if (shardTurn.progress.cursor === undefined) await forgetMigrated(runtime, shardTurn);
    const { run, deadline, fence } = shardTurn;
    const table = tableName(catalogueTable, runtime.config.tablePrefix);
    return createItemTaker(runtime, { run, tableName: table, deadline, check: () => fence.check() });
  };
  const unit = async (shardTurn: ShardTurn<TakeBackCursor>): Promise<void> => {
    const { progress, run, clock } = shardTurn;
    if (progress.cursor === undefined && !(await hasOtherCode(runtime, run)))
      return shardTurn.save({ done: true, counters: {}, digests: {} });
    taker ??= await open(shardTurn);
    const step = await taker.takeSome(progress.cursor, clock.now() + checkpointMillis);
    await shardTurn.save(addStep(progress, step));
  };
  const work = { state: 'ClearItems', codeVersion: codeVersion(), isTiedToCode: true, unit } as const;
  return takeTurn<TakeBackCursor>(runtime, { input, turn }, work);
}
