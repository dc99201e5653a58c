import type { TableDescription as DescribedTable } from '@aws-sdk/client-dynamodb';
import { newestBackup, readBackup } from '../shared/files/backup-catalog.ts';
import type { MigrationManifest } from '../shared/files/manifests.ts';
import { RestoreTargetError, RunTooLongForInlineError, TableSchemaMismatchError } from '../shared/errors.ts';
import { isCosted } from '../shared/cost/cost.ts';
import { costRefusal, unpricedClass, unpricedEngine } from '../shared/cost/cost-limit.ts';
import { estimateRestore, restoreWriteUnits } from '../shared/cost/estimate-restore.ts';
import { fitsHistory } from '../shared/cost/history.ts';
import { TURN_SECONDS } from '../shared/cost/phases.ts';
import { unpricedSentence } from '../shared/cost/prices.ts';
import { indexesTo, iterationsFor, SINGLE_PLAN, workersFor } from '../shared/runs/cut-work.ts';
import { retry } from '../shared/retry.ts';
import type { Runtime } from '../shared/runtime.ts';
import type { Plan } from '../shared/state.ts';
import { describeTable } from '../shared/aws/describe-table.ts';
import { sparedWriteUnits } from '../shared/aws/live-capacity.ts';
import { tableName } from '../shared/migration/table-spec.ts';
import type { PreparedRestore } from './payloads.ts';
import { unusableKey } from './restored-table.ts';
import { engineOf } from './restore-engine.ts';
import type { RestoreInput } from './restore-input.ts';

/** Proving, restoring and verifying each visit every shard. */
const PASSES = 3;
const DESCRIBE_PATIENCE_MILLIS = 60_000;

/** Half of a live table's capacity is left to its users. */
const writeCap = (input: RestoreInput, target: DescribedTable | undefined): number =>
  input.writeUnitsPerSecond ?? sparedWriteUnits(target);

function assertFitsHistory(
  runtime: Runtime,
  manifest: MigrationManifest,
  cap: { workers: number; units: number },
): void {
  if (runtime.config.mapMode !== 'INLINE' || cap.units === 0) return;
  const seconds = restoreWriteUnits({ bytes: manifest.tableBytes, items: manifest.itemCount }) / cap.units;
  const turns = cap.workers * (Math.ceil(seconds / TURN_SECONDS) + PASSES - 1);
  if (fitsHistory({ iterations: PASSES * cap.workers, turns })) return;
  throw new RunTooLongForInlineError(
    `Restoring ${manifest.itemCount} items at ${cap.units} write units a second would exceed Step Functions' history of 25,000 events. Nothing was created. Deploy with --param mapMode=DISTRIBUTED, or start with a higher writeUnitsPerSecond.`,
  );
}

/** Divides the work. The backup says how much there is. */
export function planOf(
  runtime: Runtime,
  input: RestoreInput,
  { manifest, target }: { readonly manifest: MigrationManifest; readonly target: DescribedTable | undefined },
): Plan {
  const units = writeCap(input, target);
  const asked = input.maxConcurrency ?? runtime.config.maxConcurrency;
  const { mapMode } = runtime.config;
  const fileCount = Math.max(1, manifest.files.length);
  const workers = workersFor({ mapMode, asked, capsPerSecond: [units], others: [fileCount] });
  assertFitsHistory(runtime, manifest, { workers, units });
  const iterations = iterationsFor({ mapMode, workers, bytes: manifest.tableBytes });
  const shards = indexesTo(Math.min(iterations, fileCount));
  const { region } = runtime.config;
  const cost = estimateRestore({
    region,
    items: manifest.itemCount,
    bytes: manifest.tableBytes,
    files: fileCount,
    indexes: indexesOf(manifest),
    workers,
    shards: shards.length,
    writeUnitsPerSecond: units,
  });
  const dollars = isCosted(cost) ? { dollars: Number(cost.dollars.toFixed(6)) } : {};
  return {
    ...SINGLE_PLAN,
    segments: shards,
    shards,
    workers,
    writeUnitsPerSecond: units,
    ...engineOf(runtime, input, { manifest, target, units }),
    estimatedProducts: manifest.itemCount,
    estimatedBytes: manifest.tableBytes,
    estimate: { seconds: Math.round(cost.seconds), ...dollars },
    warnings: isCosted(cost) ? [] : [unpricedSentence(region)],
  };
}

const indexesOf = ({ table }: MigrationManifest): number =>
  table.globalSecondaryIndexes.length + table.localSecondaryIndexes.length;

/** @throws CostLimitError before anything is created; not retried. */
function assertWithinCost(
  { config }: Runtime,
  { maxCost }: RestoreInput,
  { plan, tableClass }: { readonly plan: Plan; readonly tableClass: string | undefined },
): void {
  const refusal = costRefusal({
    what: 'restore',
    maxCost,
    dollars: plan.estimate.dollars,
    unknown: unpricedClass([tableClass]) ?? unpricedEngine(plan.writeEngine?.engine, config.region),
    region: config.region,
    state: 'Nothing was created.',
  });
  if (refusal !== undefined) throw refusal;
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
 * The table whose lock a restore takes. It is the target, so a held or running migration does not prevent a restore. A
 * table that migrations write to needs their lock, which is that of the source.
 */
export function lockTableFor({ config, migration }: Runtime, targetTable: string): string {
  const migrated = migration.targets.map((spec) => tableName(spec, config.tablePrefix));
  const isTheirs = targetTable === config.sourceTable || migrated.includes(targetTable);
  return isTheirs ? config.sourceTable : targetTable;
}

/**
 * Checks that a restore may create or fill this table. Its role allows tables with a certain prefix. The live source
 * must be allowed by the deployment and confirmed by the operator.
 *
 * @throws RestoreTargetError; not retried.
 */
export function assertAllowed({ config }: Runtime, input: RestoreInput, targetTable: string): void {
  const prefix = `${config.sourceTable}-restored-`;
  if (targetTable !== config.sourceTable) {
    if (targetTable.startsWith(prefix)) return;
    throw new RestoreTargetError(
      `A restore may not write to table ${targetTable}, because its name does not begin with ${prefix}. Nothing was created. Name another table, or leave targetTable out to restore into a new one.`,
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
 * The name of a new table for each start. Two starts in the same second, such as a stopped one and the next, must not
 * share a table.
 *
 * @param taken names that have no table yet but are reserved for another restore
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
 * Finds the backup, checks its manifests and the target, and divides the work. Only reads.
 *
 * @throws BackupNotFoundError, BackupDamagedError, RestoreTargetError, TableSchemaMismatchError,
 *   InvalidInputError, RunTooLongForInlineError, CostLimitError; none is retried.
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
  const plan = planOf(runtime, input, { manifest, target });
  const tableClass = target === undefined ? manifest.table.tableClass : target.TableClassSummary?.TableClass;
  assertWithinCost(runtime, input, { plan, tableClass });
  return { order: { backupId, targetTable }, plan };
}
