import { deployWith } from '../shared/deploy-with.cjs';
import type { TableDescription as DescribedTable } from '@aws-sdk/client-dynamodb';
import { type Command, commandsOf, type Input, type StagePlace, stepText } from '../shared/commands.ts';
import { typedInput } from '../shared/runs/again-input.ts';
import { newestBackup, readBackup, tableNameIn } from '../shared/files/backup-catalog.ts';
import type { MigrationManifest } from '../shared/files/manifests.ts';
import { RestoreTargetError, RunTooLongForInlineError, TableSchemaMismatchError } from '../shared/errors.ts';
import { isCosted } from '../shared/cost/cost.ts';
import { costRefusal } from '../shared/cost/cost-limit.ts';
import { estimateRestore, type RestoreSize, restoreWriteUnits } from '../shared/cost/estimate-restore.ts';
import { fitsHistory, type MapMode } from '../shared/cost/history.ts';
import { TURN_SECONDS } from '../shared/cost/phases.ts';
import { unpricedClassOf, unpricedSentence } from '../shared/cost/prices.ts';
import { indexesTo, iterationsFor, SINGLE_PLAN, workersFor } from '../shared/runs/cut-work.ts';
import { timeRefusal } from '../shared/runs/one-execution.ts';
import type { Runtime } from '../shared/runtime.ts';
import type { Plan } from '../shared/state.ts';
import { sparedWriteUnits } from '../shared/aws/live-capacity.ts';
import { tableName } from '../shared/migration/table-spec.ts';
import { globalTableError } from '../shared/tables/global-table.ts';
import { findTable, newTarget } from './new-target.ts';
import type { PreparedRestore } from './payloads.ts';
import { unusableKey } from './restored-table.ts';
import { engineOf } from './restore-engine.ts';
import type { RestoreInput } from './restore-input.ts';

/** Proving, restoring and verifying each visit every shard. */
const PASSES = 3;

/** Half of a live table's capacity is left to its users. */
const writeCap = (input: RestoreInput, target: DescribedTable | undefined): number =>
  input.writeUnitsPerSecond ?? sparedWriteUnits(target);

/** @throws RunTooLongError, RunTooLongForInlineError */
function assertFitsExecution(
  mapMode: MapMode,
  size: Pick<RestoreSize, 'items' | 'bytes' | 'indexes' | 'workers' | 'writeUnitsPerSecond'>,
): void {
  const { items, workers, indexes, writeUnitsPerSecond: units } = size;
  if (units === 0) return;
  // A write takes units of the cap for the table and for each index.
  const seconds = (restoreWriteUnits(size) * (1 + indexes)) / units;
  const refusal = timeRefusal(seconds, { state: 'Nothing was created.', canBeHeld: false });
  if (refusal !== undefined) throw refusal;
  if (mapMode !== 'INLINE') return;
  const turns = workers * (Math.ceil(seconds / TURN_SECONDS) + PASSES - 1);
  if (fitsHistory({ iterations: PASSES * workers, turns })) return;
  throw new RunTooLongForInlineError(
    `Restoring ${items} items at ${units} write units a second would exceed Step Functions' history of 25,000 events. Nothing was created. To allow more, ${deployWith('mapMode', 'DISTRIBUTED')}, or start with a higher writeUnitsPerSecond.`,
  );
}

interface Restoring {
  readonly manifest: MigrationManifest;
  readonly target: DescribedTable | undefined;
}

/**
 * Divides the work. The backup says how much there is.
 *
 * @throws RunTooLongError, RunTooLongForInlineError, InvalidInputError, CostLimitError before anything is created; none is retried
 */
export function planOf(runtime: Runtime, input: RestoreInput, restoring: Restoring): Plan {
  const size = sizeOf(runtime, input, restoring);
  const { unpricedClass, workers, writeUnitsPerSecond } = size;
  const engine = engineOf(runtime.config, input, { size, target: restoring.target });
  const cost = estimateRestore({ ...size, writeEngine: engine.writeEngine?.engine });
  const { maxCost } = input;
  const again = (changed: Input): Command =>
    commandsOf(runtime.config).restore({ ...typedInput(input), ...changed });
  const refusal = costRefusal({ what: 'restore', maxCost, cost, state: 'Nothing was created.', again });
  if (refusal !== undefined) throw refusal;
  const dollars = isCosted(cost) ? { dollars: Number(cost.dollars.toFixed(6)) } : {};
  const shards = indexesTo(size.shards);
  return {
    ...SINGLE_PLAN,
    segments: shards,
    shards,
    workers,
    writeUnitsPerSecond,
    ...engine,
    ...(unpricedClass !== undefined && { unpricedClass }),
    estimatedProducts: size.items,
    estimatedBytes: size.bytes,
    estimate: { seconds: Math.round(cost.seconds), ...dollars },
    warnings: isCosted(cost) ? [] : [unpricedSentence(cost)],
  };
}

function sizeOf({ config }: Runtime, input: RestoreInput, { manifest, target }: Restoring): RestoreSize {
  const { mapMode, region, maxConcurrency } = config;
  const { itemCount: items, tableBytes: bytes } = manifest;
  const writeUnitsPerSecond = writeCap(input, target);
  const asked = input.maxConcurrency ?? maxConcurrency;
  const files = Math.max(1, manifest.files.length);
  const workers = workersFor({ mapMode, asked, capsPerSecond: [writeUnitsPerSecond], others: [files] });
  const shards = Math.min(iterationsFor({ mapMode, workers, bytes }), files);
  const unpricedClass = unpricedClassOf([classOf(manifest, target)]);
  const indexes = indexesOf(manifest, target);
  const size = { items, bytes, indexes, workers, writeUnitsPerSecond };
  assertFitsExecution(mapMode, size);
  return { ...size, region, unpricedClass, files, shards };
}

/** Of the table that is restored into: a new one gets those of the backup. */
function indexesOf({ table }: MigrationManifest, target: DescribedTable | undefined): number {
  const { GlobalSecondaryIndexes: global = [], LocalSecondaryIndexes: local = [] } = target ?? {};
  if (target !== undefined) return global.length + local.length;
  return table.globalSecondaryIndexes.length + table.localSecondaryIndexes.length;
}

/** Of the table that is restored into: a new one gets that of the backup. */
function classOf({ table }: MigrationManifest, target: DescribedTable | undefined): string | undefined {
  return target === undefined ? table.tableClass : target.TableClassSummary?.TableClass;
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
      `A restore may not write to table ${targetTable}, because its name does not begin with ${prefix}. Nothing was created. Name another table, or leave targetTable out.`,
      intoNewTable(config, typedInput(input)),
    );
  }
  if (!config.restoreIntoSource)
    throw new RestoreTargetError(
      `Restoring into the source table ${targetTable} is switched off, and its role could not write there. Nothing was changed. To allow it, ${deployWith('restoreIntoSource', 'true')}.`,
      intoNewTable(config, typedInput(input)),
    );
  if (input.confirm !== targetTable)
    throw new RestoreTargetError(
      `Restoring into the source table ${targetTable} must be confirmed. Nothing was changed. Only items that are missing there are written.`,
      stepText([
        'To do it',
        commandsOf(config).restore({ ...typedInput(input), targetTable, confirm: targetTable }),
      ]),
    );
}

/** The same restore into a table that cannot be refused. */
export const intoNewTable = (place: StagePlace, input: Input): string =>
  stepText([
    'To restore into a new table',
    commandsOf(place).restore({ ...input, targetTable: undefined, confirm: undefined }),
  ]);

/** A new table is created under any name but the source's, which is the shop's own. */
function assertUsable({ config }: Runtime, input: RestoreInput, { manifest, target }: Restoring): void {
  if (target === undefined) {
    if (input.targetTable !== config.sourceTable) return;
    throw new RestoreTargetError(
      `Table ${config.sourceTable} does not exist, and a restore does not create the source table. Nothing was changed.`,
      intoNewTable(config, typedInput(input)),
    );
  }
  const name = target.TableName ?? '';
  const difference = unusableKey(manifest.table, target);
  if (difference !== undefined)
    throw new TableSchemaMismatchError(
      `Table ${name} exists, but ${difference} It was not touched.`,
      intoNewTable(config, typedInput(input)),
    );
  const backedUp = tableNameIn(manifest.table);
  if (name === config.sourceTable && backedUp !== name)
    throw new RestoreTargetError(
      `The backup is one of table ${backedUp}, and its items would come among those of ${name}, from where they could not be told apart. Nothing was changed.`,
      intoNewTable(config, typedInput(input)),
    );
  const globalTable = globalTableError(target, intoNewTable(config, typedInput(input)));
  if (globalTable !== undefined) throw globalTable;
  if (target.TableStatus === 'ACTIVE' || target.TableStatus === 'UPDATING') return;
  throw new RestoreTargetError(
    `Table ${name} is ${target.TableStatus ?? 'in an unknown state'}, not ACTIVE. It was not touched.`,
  );
}

/**
 * Finds the backup, checks its manifests and the target, and divides the work. Only reads.
 *
 * @throws BackupNotFoundError, BackupDamagedError, RestoreTargetError, TableSchemaMismatchError, GlobalTableError,
 *   InvalidInputError, RunTooLongError, RunTooLongForInlineError, CostLimitError; none is retried.
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
  assertUsable(runtime, input, { manifest, target });
  const plan = planOf(runtime, input, { manifest, target });
  return { order: { backupId, targetTable }, plan };
}
