import type { TableDescription as DescribedTable } from '@aws-sdk/client-dynamodb';
import { newestBackup, readBackup } from '../shared/files/backup-catalog.ts';
import type { MigrationManifest } from '../shared/files/manifests.ts';
import { RestoreTargetError, RunTooLongForInlineError, TableSchemaMismatchError } from '../shared/errors.ts';
import { MAX_MAP_EVENTS, mapEvents } from '../shared/cost/history.ts';
import { TURN_SECONDS } from '../shared/cost/phases.ts';
import { BYTES_PER_ITERATION, indexesTo, workersWithin } from '../shared/runs/cut-work.ts';
import { SINGLE_PLAN } from '../shared/runs/manual-run.ts';
import { retry } from '../shared/retry.ts';
import type { Runtime } from '../shared/runtime.ts';
import type { Plan } from '../shared/state.ts';
import { describeTable } from '../shared/aws/describe-table.ts';
import { sparedWriteUnits } from '../shared/aws/live-capacity.ts';
import { tableName } from '../shared/migration/table-spec.ts';
import type { PreparedRestore } from './payloads.ts';
import { unusableKey } from './restored-table.ts';
import type { RestoreInput } from './restore-input.ts';

/** A Map gets at most 1,000 numbers. */
const MAX_ITERATIONS = 1_000;
/** Proving, restoring and verifying each visit every shard. */
const PASSES = 3;
const DESCRIBE_PATIENCE_MILLIS = 60_000;

/** A live table keeps half of its capacity for its users. */
const writeCap = (input: RestoreInput, target: DescribedTable | undefined): number =>
  input.writeUnitsPerSecond ?? sparedWriteUnits(target);

function shardCount(runtime: Runtime, manifest: MigrationManifest, workers: number): number {
  if (runtime.config.mapMode === 'INLINE') return workers;
  const bySize = Math.ceil(manifest.tableBytes / BYTES_PER_ITERATION);
  return Math.min(MAX_ITERATIONS, Math.max(workers, bySize), Math.max(1, manifest.files.length));
}

function assertFitsHistory(
  runtime: Runtime,
  manifest: MigrationManifest,
  cap: { workers: number; units: number },
): void {
  if (runtime.config.mapMode !== 'INLINE' || cap.units === 0) return;
  const seconds = (manifest.tableBytes / 1024 + manifest.itemCount / 2) / cap.units;
  const turns = cap.workers * (Math.ceil(seconds / TURN_SECONDS) + PASSES - 1);
  if (mapEvents({ iterations: PASSES * cap.workers, turns }) <= MAX_MAP_EVENTS) return;
  throw new RunTooLongForInlineError(
    `Restoring ${manifest.itemCount} items at ${cap.units} write units a second would fill more than Step Functions' history of 25,000 events. Nothing was created. Deploy with --param mapMode=DISTRIBUTED, or start with a higher writeUnitsPerSecond.`,
  );
}

/** How the work is cut; the backup says how much there is. */
export function planOf(
  runtime: Runtime,
  input: RestoreInput,
  { manifest, target }: { readonly manifest: MigrationManifest; readonly target: DescribedTable | undefined },
): Plan {
  const units = writeCap(input, target);
  const asked = input.maxConcurrency ?? runtime.config.maxConcurrency;
  const workers = Math.max(1, Math.min(asked, workersWithin(units), manifest.files.length));
  assertFitsHistory(runtime, manifest, { workers, units });
  const shards = indexesTo(shardCount(runtime, manifest, workers));
  return {
    ...SINGLE_PLAN,
    segments: shards,
    shards,
    workers,
    writeUnitsPerSecond: units,
    estimatedProducts: manifest.itemCount,
    estimatedBytes: manifest.tableBytes,
  };
}

/** `products-restored-20260102T030405Z`. */
export function defaultTarget(sourceTable: string, startTime: string): string {
  const stamp = new Date(startTime)
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replaceAll(/[-:]/g, '');
  return `${sourceTable}-restored-${stamp}`;
}

/**
 * The table whose lock a restore takes: its target, so that a migration that is held or running keeps no data from
 * being restored. A table that migrations work on needs their lock, which is the source's.
 */
export function lockTableFor({ config, migration }: Runtime, targetTable: string): string {
  const migrated = migration.targets.map((spec) => tableName(spec, config.tablePrefix));
  const isTheirs = targetTable === config.sourceTable || migrated.includes(targetTable);
  return isTheirs ? config.sourceTable : targetTable;
}

/**
 * Tables that a restore may make or fill up: those of this name, as its role says, and the live source, which is a
 * choice of the deployment and of the one who starts it.
 *
 * @throws RestoreTargetError; not retried.
 */
export function assertAllowed({ config }: Runtime, input: RestoreInput, targetTable: string): void {
  const prefix = `${config.sourceTable}-restored-`;
  if (targetTable !== config.sourceTable) {
    if (targetTable.startsWith(prefix)) return;
    throw new RestoreTargetError(
      `Table ${targetTable} is none that a restore may write: its name does not begin with ${prefix}. Nothing was created. Name another table, or leave targetTable out to restore into a new one.`,
    );
  }
  if (!config.restoreIntoSource)
    throw new RestoreTargetError(
      `Restoring into the source table ${targetTable} is switched off, and its role could not write there. Nothing was changed. Leave targetTable out to restore into a new table, or deploy with --param restoreIntoSource=true.`,
    );
  if (input.confirm !== targetTable)
    throw new RestoreTargetError(
      `Restoring into the source table ${targetTable} must be confirmed. Nothing was changed. Start again with {"targetTable": "${targetTable}", "confirm": "${targetTable}"}; only items that are missing there are written.`,
    );
}

function findTable({ clients, clock }: Runtime, name: string): Promise<DescribedTable | undefined> {
  return retry({ clock, deadline: clock.now() + DESCRIBE_PATIENCE_MILLIS }, () =>
    describeTable(clients.dynamo, name),
  );
}

/**
 * One new table for each start: two starts of one second (a stopped one, and the next) must not share one.
 *
 * @param taken names that have no table yet, and are promised to somebody else all the same
 */
export async function newTarget(
  runtime: Runtime,
  startTime: string,
  taken: ReadonlySet<string> = new Set(),
): Promise<string> {
  const name = defaultTarget(runtime.config.sourceTable, startTime);
  let free = name;
  for (let copy = 2; taken.has(free) || (await findTable(runtime, free)) !== undefined; copy += 1)
    free = `${name}-${copy}`;
  return free;
}

function assertUsable(target: DescribedTable, manifest: MigrationManifest): void {
  const name = target.TableName ?? '';
  const difference = unusableKey(manifest.table, target);
  if (difference !== undefined)
    throw new TableSchemaMismatchError(
      `Table ${name} exists, but ${difference} It was not touched. Leave targetTable out to restore into a new table.`,
    );
  if (target.TableStatus === 'ACTIVE' || target.TableStatus === 'UPDATING') return;
  throw new RestoreTargetError(
    `Table ${name} is ${target.TableStatus ?? 'in an unknown state'}, not ACTIVE. It was not touched. Start again when it is.`,
  );
}

/**
 * Finds the backup, checks its manifests and the target, and cuts the work. Reads only.
 *
 * @throws BackupNotFoundError, BackupDamagedError, RestoreTargetError, TableSchemaMismatchError,
 *   RunTooLongForInlineError; none is retried.
 */
export async function prepareRestore(
  runtime: Runtime,
  input: RestoreInput,
  startTime: string,
): Promise<PreparedRestore> {
  const { objects, config } = runtime;
  const targetTable = input.targetTable ?? (await newTarget(runtime, startTime));
  assertAllowed(runtime, input, targetTable);
  const backupId = input.backupId ?? (await newestBackup(objects, config.sourceTable));
  const manifest = await readBackup(objects, backupId);
  const target = await findTable(runtime, targetTable);
  if (target !== undefined) assertUsable(target, manifest);
  return { order: { backupId, targetTable }, plan: planOf(runtime, input, { manifest, target }) };
}
