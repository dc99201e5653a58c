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

/** What a bench's run and table have besides the defaults. */
interface BenchSettings {
  readonly plan?: Partial<Plan>;
  readonly run?: Partial<Run>;
  readonly table?: object;
}

/** A bench with one sealed backup of these items. */
export async function sealedBench(
  items: readonly WireItem[],
  settings: BenchSettings = {},
): Promise<{ bench: Bench; run: Run; sealed: SealedBackup }> {
  const transformed = await transformedBench(items, settings);
  return { ...transformed, sealed: await sealBackup(transformed.bench.runtime, transformed.run) };
}

/** A bench with one run that has backed these items up and transformed them. */
export async function transformedBench(
  items: readonly WireItem[],
  { plan = {}, run = {}, table = {} }: BenchSettings = {},
): Promise<{ readonly bench: Bench; readonly run: Run }> {
  const bench = await startBench();
  await bench.createTable({ ...productsTable, ...table });
  await bench.fill(sourceTable, items);
  const begun = await bench.begin('run-1', plan, run);
  await backUpAndTransform(bench, begun);
  return { bench, run: begun };
}
