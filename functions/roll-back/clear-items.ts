import { setTimeout as sleep } from 'node:timers/promises';
import { listShards, saveShard } from '../shared/ledger/shard.ts';
import { listTables } from '../shared/ledger/table-record.ts';
import { type Run, tablePrefixOf } from '../shared/ledger/run.ts';
import type { Runtime, Turn } from '../shared/runtime.ts';
import { type ShardTurn, takeTurn } from '../shared/copy/shard-turn.ts';
import type { WorkerInput, WorkerOutput } from '../shared/state.ts';
import { assertSameTable } from '../shared/tables/known-table.ts';
import { tableName } from '../shared/migration/table-spec.ts';
import { catalogueTable } from '../migrations/shop/tables/target-tables.ts';
import { codeVersion } from '../migrations/shop/code-version.ts';
import { createItemTaker, type ItemTaker, type RemovalCursor } from './item-remover.ts';
import { addStep } from './roll-back-items.ts';

const checkpointMillis = 5_000;

/** Whether the run has come to the tables, and anything of it was rehearsed or migrated with other code. */
async function hasOtherCode(runtime: Runtime, run: Run): Promise<boolean> {
  const { ledger } = runtime;
  const target = tableName(catalogueTable, tablePrefixOf(runtime, run));
  const tables = await listTables(ledger, run.runId);
  if (!tables.some(({ name, outcome }) => name === target && outcome !== 'INTENT')) return false;
  const shards = await Promise.all([
    listShards(ledger, run.runId, 'TransformProducts'),
    listShards(ledger, run.runId, 'MigrateProducts'),
  ]);
  return shards.flat().some((shard) => shard.codeVersion !== codeVersion());
}

/**
 * What was migrated counts for nothing any more, by whichever code it was. Once everything is taken out and not
 * before: until then the shards say that there is something to take out.
 */
async function forgetMigrated({ ledger }: Runtime, { run }: ShardTurn<RemovalCursor>): Promise<void> {
  const nothing = { done: false, cursor: undefined, counters: {}, digests: {} };
  for (const shard of await listShards(ledger, run.runId, 'MigrateProducts')) {
    const { version: previousVersion, writer: _writer, ...rest } = shard;
    await saveShard(ledger, {
      runId: run.runId,
      shard: { ...rest, ...nothing, codeVersion: codeVersion() },
      previousVersion,
      writer: crypto.randomUUID(),
    });
  }
}

/** Workers of the execution that was held may have requests under way that they began before. */
async function untilLateWorkersAreThrough({ clock, config }: Runtime, { finishedAt }: Run): Promise<void> {
  if (finishedAt === undefined) return;
  const until = Date.parse(finishedAt) + config.fenceWaitSeconds * 1_000;
  await sleep(Math.max(0, until - clock.now()));
}

/**
 * Takes the items of a resumed run out of the target where the code has changed since they were written: the new code
 * may give other keys, and what nobody expects would stay there for ever. MigrateProducts then starts over. Does
 * nothing where the code is the same. What somebody has changed stays.
 *
 * @throws RunClosedError, TableUnavailableError where somebody has replaced the table; neither is retried.
 */
export function clearItems(runtime: Runtime, input: WorkerInput, turn: Turn): Promise<WorkerOutput> {
  let taker: ItemTaker | undefined;
  const open = async ({ run, deadline, fence }: ShardTurn<RemovalCursor>): Promise<ItemTaker> => {
    await untilLateWorkersAreThrough(runtime, run);
    const table = tableName(catalogueTable, tablePrefixOf(runtime, run));
    const record = (await listTables(runtime.ledger, run.runId)).find(({ name }) => name === table);
    if (record !== undefined) await assertSameTable(runtime, record);
    return createItemTaker(runtime, { run, tableName: table, deadline, check: () => fence.check() });
  };
  const unit = async (shardTurn: ShardTurn<RemovalCursor>): Promise<void> => {
    const { progress, run, clock } = shardTurn;
    if (progress.cursor === undefined && !(await hasOtherCode(runtime, run)))
      return shardTurn.save({ done: true, counters: {}, digests: {} });
    taker ??= await open(shardTurn);
    const step = await taker.takeSome(progress.cursor, clock.now() + checkpointMillis);
    if (step.cursor === undefined) await forgetMigrated(runtime, shardTurn);
    await shardTurn.save(addStep(progress, step));
  };
  // Of this execution alone: what an earlier one has cleared may have been written again since.
  const version = `${codeVersion()} ${input.executionArn}`;
  const work = { state: 'ClearItems', codeVersion: version, isTiedToCode: true, unit } as const;
  return takeTurn<RemovalCursor>(runtime, { input, turn }, work);
}
