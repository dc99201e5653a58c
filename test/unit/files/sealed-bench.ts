import { backupSegment } from '../../../functions/backup-products/backup-segment.ts';
import { transformShard } from '../../../functions/shared/copy/transform/transform-shard.ts';
import { type SealedBackup, sealBackup } from '../../../functions/shared/runs/seal-backup.ts';
import type { Run } from '../../../functions/shared/ledger/run.ts';
import type { Plan } from '../../../functions/shared/state.ts';
import type { WireItem } from '../../../functions/shared/items/wire-item.ts';
import { type Bench, drive, productsTable, sourceTable, startBench } from './backup-bench.ts';

/** Backs up and rehearses a run, as the workflow's first two Maps do. */
export async function backUpAndTransform(bench: Bench, { runId, executionArn, plan }: Run): Promise<void> {
  const passes = [
    [backupSegment, plan.segments],
    [transformShard, plan.shards],
  ] as const;
  for (const [worker, shards] of passes)
    for (const shard of shards)
      await drive((input, turn) => worker(bench.runtime, input, turn), { runId, executionArn, shard });
}

/** A bench with one sealed backup of these items. */
export async function sealedBench(
  items: readonly WireItem[],
  { plan = {}, run = {}, table = {} }: { plan?: Partial<Plan>; run?: Partial<Run>; table?: object } = {},
): Promise<{ bench: Bench; run: Run; sealed: SealedBackup }> {
  const bench = await startBench();
  await bench.createTable({ ...productsTable, ...table });
  await bench.fill(sourceTable, items);
  const begun = await bench.begin('run-1', plan, run);
  await backUpAndTransform(bench, begun);
  const sealed = await sealBackup(bench.runtime, begun);
  return { bench, run: begun, sealed };
}
