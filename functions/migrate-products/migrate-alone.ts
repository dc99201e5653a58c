import { commandsOf, stepText } from '../shared/commands.ts';
import { countedAs } from '../shared/counted.ts';
import { BackupOutdatedError } from '../shared/errors.ts';
import { newestBackup, readBackup } from '../shared/files/backup-catalog.ts';
import { backupTime, RUN_LAYOUT } from '../shared/files/layout.ts';
import type { Run } from '../shared/ledger/run.ts';
import { findShard } from '../shared/ledger/shard.ts';
import { ensureUnshared } from '../shared/runs/ensure-unshared.ts';
import { type ManualOutcome, type ManualProgress, withManualRun } from '../shared/runs/manual-run.ts';
import { quarantineText } from '../shared/runs/report-samples.ts';
import { requireSwitchConfirmed } from '../shared/runs/switched.ts';
import { syncedSince } from '../shared/runs/synced-since.ts';
import type { Runtime, Turn } from '../shared/runtime.ts';
import type { Plan } from '../shared/state.ts';
import { describeTable } from '../shared/aws/describe-table.ts';
import { refuseGlobalTables } from '../shared/tables/global-table.ts';
import { planAlone } from '../shared/runs/cut-work.ts';
import { tableName } from '../shared/migration/table-spec.ts';
import { transformShard } from '../shared/copy/transform/transform-shard.ts';
import { assertWhole } from './judge-alone.ts';
import { migrateShard } from './migrate-shard.ts';

async function planMigration({ clients, config, migration }: Runtime): Promise<Plan> {
  const names = migration.filled.map((spec) => tableName(spec, config.tablePrefix));
  await refuseGlobalTables(clients.tables, names);
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
    names.push((await ensureUnshared(runtime, { spec, runId, executionArn })).name);
  const { done } = await migrateShard(runtime, { runId, executionArn, shard: 0 }, turn);
  const { counters } = (await findShard(runtime.ledger, runId, 'MigrateProducts', 0)) ?? { counters: {} };
  if (done) await assertWhole(runtime, run, { tables: names, counters });
  const notice = done ? await quarantineNotice(runtime, run) : undefined;
  return { done, result: { backupId, table: names.join(', '), ...counters }, notice };
}

/** What is complete may leave items behind: which, why, and where all of them are listed. */
async function quarantineNotice(
  { ledger, bucket, migration }: Runtime,
  { runId }: Run,
): Promise<string | undefined> {
  const shard = await findShard(ledger, runId, 'TransformProducts', 0);
  const { quarantined = 0 } = shard?.counters ?? {};
  if (quarantined === 0) return undefined;
  return `${countedAs(migration.nouns, quarantined)} cannot be transformed and stayed behind in quarantine. First of them: ${quarantineText(shard?.quarantined ?? [])}. All of them are listed in s3://${bucket}/${RUN_LAYOUT.quarantinePrefix(runId)}.`;
}

/**
 * `sls invoke -f migrateProductsEnhanced`: the newest sealed backup of the source into
 * the tables that the migration fills. They are created if they are not there, and items that are there stay. Short of time it
 * says so; the next call goes on with the same backup.
 *
 * @throws BackupNotFoundError, BackupDamagedError, BackupOutdatedError, TableSchemaMismatchError, GlobalTableError,
 *   LockHeldError; none is retried
 */
export async function migrateAlone(runtime: Runtime, turn: Turn): Promise<ManualOutcome> {
  const backupId = await newestBackup(runtime.objects, runtime.config.sourceTable);
  await readBackup(runtime.objects, backupId);
  await requireSwitchConfirmed(runtime, {
    confirm: undefined,
    purpose: 'A step called alone cannot be confirmed. To migrate all the same',
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
