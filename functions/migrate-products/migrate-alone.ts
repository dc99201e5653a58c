import { newestBackup, readBackup } from '../shared/files/backup-catalog.ts';
import type { Run } from '../shared/ledger/run.ts';
import { findShard } from '../shared/ledger/shard.ts';
import { type ManualOutcome, type ManualProgress, withManualRun } from '../shared/runs/manual-run.ts';
import { requireSwitchConfirmed } from '../shared/runs/switched.ts';
import type { Runtime, Turn } from '../shared/runtime.ts';
import type { Plan } from '../shared/state.ts';
import { describeTable } from '../shared/aws/describe-table.ts';
import { ensureTable } from '../shared/tables/ensure-table.ts';
import { planAlone } from '../shared/runs/cut-work.ts';
import { tableName } from '../shared/migration/table-spec.ts';
import { transformShard } from '../shared/copy/transform/transform-shard.ts';
import { assertWhole } from './judge-alone.ts';
import { migrateShard } from './migrate-shard.ts';

async function planMigration({ clients, config, migration }: Runtime): Promise<Plan> {
  const names = migration.filled.map((spec) => tableName(spec, config.tablePrefix));
  return planAlone({ targets: await Promise.all(names.map((name) => describeTable(clients.tables, name))) });
}

async function migrateBackup(runtime: Runtime, run: Run, turn: Turn): Promise<ManualProgress> {
  const { runId, executionArn, backupId } = run;
  const transformed = await transformShard(runtime, { runId, executionArn, shard: 0 }, turn);
  if (!transformed.done) return { done: false, result: { backupId, step: 'TransformProducts' } };
  const names: string[] = [];
  for (const spec of runtime.migration.filled)
    names.push((await ensureTable(runtime, { spec, runId, executionArn })).name);
  const { done } = await migrateShard(runtime, { runId, executionArn, shard: 0 }, turn);
  const { counters } = (await findShard(runtime.ledger, runId, 'MigrateProducts', 0)) ?? { counters: {} };
  if (done) await assertWhole(runtime, run, { tables: names, counters });
  return { done, result: { backupId, table: names.join(', '), ...counters } };
}

/**
 * `sls invoke -f migrateProductsEnhanced`: the newest sealed backup of the source into
 * the tables that the migration fills. They are created if they are not there, and items that are there stay. Short of time it
 * says so; the next call goes on with the same backup.
 *
 * @throws BackupNotFoundError, BackupDamagedError, TableSchemaMismatchError, LockHeldError; none is retried
 */
export async function migrateAlone(runtime: Runtime, turn: Turn): Promise<ManualOutcome> {
  const backupId = await newestBackup(runtime.objects, runtime.config.sourceTable);
  await readBackup(runtime.objects, backupId);
  await requireSwitchConfirmed(runtime, {
    confirm: undefined,
    confirmed: ({ migrate }, confirm) => migrate({ confirm }),
  });
  const plan = await planMigration(runtime);
  return withManualRun(runtime, turn, {
    step: runtime.migration.migratedBy,
    backupId,
    plan,
    work: (run) => migrateBackup(runtime, run, turn),
  });
}
