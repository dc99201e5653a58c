import { commandsOf, stepText } from '../shared/commands.ts';
import { BackupOutdatedError } from '../shared/errors.ts';
import { newestBackup, readBackup } from '../shared/files/backup-catalog.ts';
import { backupTime } from '../shared/files/layout.ts';
import type { Run } from '../shared/ledger/run.ts';
import { findShard } from '../shared/ledger/shard.ts';
import { type ManualOutcome, type ManualProgress, withManualRun } from '../shared/runs/manual-run.ts';
import { requireSwitchConfirmed } from '../shared/runs/switched.ts';
import { syncedSince } from '../shared/runs/synced-since.ts';
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

/**
 * A sync removes the items of what is deleted at the source. An older backup would bring them back.
 *
 * @throws BackupOutdatedError; not retried
 */
async function assertNotOutdated({ ledger, config, migration }: Runtime, backupId: string): Promise<void> {
  const sync = await syncedSince(ledger, config.sourceTable, backupTime(backupId));
  if (sync === undefined) return;
  const { invoke } = commandsOf(config);
  throw new BackupOutdatedError(
    `Sync ${sync.runId} followed table ${config.sourceTable} after backup ${backupId} was made, so the backup is older than the target: it may hold what was deleted since. Nothing was changed.`,
    stepText(
      ['Make a new backup', invoke('backupProducts')],
      ['Then call the step again', invoke(migration.migratedBy)],
    ),
  );
}

async function migrateBackup(runtime: Runtime, run: Run, turn: Turn): Promise<ManualProgress> {
  const { runId, executionArn, backupId } = run;
  // Asked again under the lock: from here on no sync can begin.
  await assertNotOutdated(runtime, backupId);
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
 * @throws BackupNotFoundError, BackupDamagedError, BackupOutdatedError, TableSchemaMismatchError, LockHeldError; none is
 *   retried
 */
export async function migrateAlone(runtime: Runtime, turn: Turn): Promise<ManualOutcome> {
  const backupId = await newestBackup(runtime.objects, runtime.config.sourceTable);
  await readBackup(runtime.objects, backupId);
  await requireSwitchConfirmed(runtime, {
    confirm: undefined,
    confirmed: ({ migrate }, confirm) => migrate({ confirm }),
  });
  await assertNotOutdated(runtime, backupId);
  const plan = await planMigration(runtime);
  return withManualRun(runtime, turn, {
    step: runtime.migration.migratedBy,
    backupId,
    plan,
    work: (run) => migrateBackup(runtime, run, turn),
  });
}
