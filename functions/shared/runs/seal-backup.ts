import { quarantineText } from './report-samples.ts';
import { backupLayout } from '../files/layout.ts';
import { manifestObjects } from '../files/manifests.ts';
import {
  readTableDescription,
  type TableDescription,
  tableDescriptionSchema,
} from '../aws/table-description.ts';
import { type Command, type Commands, commandsOf, type Input } from '../commands.ts';
import { costRefusal } from '../cost/cost-limit.ts';
import { estimateRun } from '../cost/estimate.ts';
import { sizeOfPlan } from '../cost/run-size.ts';
import { BackupDamagedError, isNamed, TooManyQuarantinedError } from '../errors.ts';
import { type Fence, fenceOf } from '../ledger/fence.ts';
import { listFiles } from '../ledger/file.ts';
import { type BackupSummary, type Rehearsal, type Run } from '../ledger/run.ts';
import { updateRun, warnRun } from '../ledger/run-update.ts';
import { readRecords } from '../ledger/run-records.ts';
import { untilQuiet } from '../ledger/quiet.ts';
import type { Runtime } from '../runtime.ts';
import type { RunStepInput } from '../state.ts';
import { filledTablesOf } from '../tables/run-tables.ts';
import { missingTableError } from '../tables/target-conflicts.ts';
import { expiringSentence } from '../aws/time-to-live.ts';
import { listTransformed } from '../ledger/transformed-file.ts';
import { inputOf } from './again-input.ts';
import { refuseOtherSource } from './known-source.ts';
import { countedLength } from './one-execution.ts';
import { assertComplete, type BackupTotals, sumUp } from './check-backup.ts';
import { hasTargets, targetManifests, targetProblems, targetsPrefix } from './seal-targets.ts';

/** SealBackup's answer; the workflow drops it, a step called alone shows it. */
export type SealedBackup = Pick<BackupSummary, 'backupId' | 'uri' | 'files' | 'items'> & {
  /** Products that could not be migrated as they are. */
  readonly quarantined: number;
};

/**
 * Makes a backup of the files: proves that nothing is missing or superfluous, then writes the manifests of
 * target files and backup, the backup's summary last. Idempotent; a second call writes the same bytes.
 *
 * @throws BackupDamagedError; SourceReplacedError, TableUnavailableError; TooManyQuarantinedError, CostLimitError,
 *   RunTooLongError and RunTooLongForInlineError once the backup is sealed; RunClosedError (none retried).
 */
export async function sealBackup(runtime: Runtime, input: RunStepInput): Promise<SealedBackup> {
  const { ledger, clock } = runtime;
  const readAt = clock.now();
  const known = await readRecords(ledger, input.runId);
  const { run, tables } = known;
  const fence = fenceOf({ ledger, clock, ...input }, run, readAt);
  const { shards } = await untilQuiet(runtime, run, known);
  const files = await listFiles(ledger, run.runId);
  const { BackupProducts: scanned = [], TransformProducts: rehearsed = [] } = Object.fromEntries(shards);
  const totals = sumUp(files, { scanned, rehearsed });
  const listed = await runtime.objects.list(backupLayout(run.backupId).dataPrefix);
  const transformed = await sealableTargets(runtime, run, totals);
  const untouched = tables.length === 0 ? 'No table was created.' : 'This execution has changed no table.';
  assertComplete(run, { files, totals, listed, targetProblems: transformed.problems, untouched });
  const table = await sourceDescription(runtime, run);
  const facts = {
    backupId: run.backupId,
    bucket: runtime.bucket,
    kmsKeyArn: run.settings.kmsKeyArn,
    runId: run.runId,
    startedAt: new Date(totals.scanStartedAt).toISOString(),
    finishedAt: new Date(totals.scanFinishedAt).toISOString(),
    segments: run.plan.segments.length,
    tableBytes: totals.rehearsed['sourceBytes'] ?? 0,
    digest: totals.scanned,
    table,
    files,
  };
  await writeManifests(runtime, fence, [...transformed.manifests, ...manifestObjects(facts)]);
  const backup = backupSummary(runtime, run, totals);
  const rehearsal = rehearsalOf(totals);
  const { refusal, ...length } = countedLength(runtime, run, rehearsal);
  await updateRun(ledger, input, { backup, rehearsal, ...length });
  await warnOfExpiry(runtime, run, totals);
  runtime.logger.info('The backup is sealed.', {
    runId: run.runId,
    backupId: run.backupId,
    files: files.length,
    items: totals.scanned.count,
  });
  const sealed = { run, untouched };
  assertFewQuarantined(runtime, sealed, totals);
  assertWithinCost(runtime, sealed, rehearsal);
  if (refusal !== undefined) throw refusal;
  const { backupId, uri, items } = backup;
  return { backupId, uri, files: files.length, items, quarantined: rehearsal.quarantined };
}

/** The target files' manifests, and what keeps them from being written. */
async function sealableTargets(runtime: Runtime, run: Run, { expected }: BackupTotals) {
  if (!hasTargets(run)) return { problems: [], manifests: [] };
  const { runId, targetMaking: making = 0 } = run;
  const [transformed, listed] = await Promise.all([
    listTransformed(runtime.ledger, { runId, making }),
    runtime.objects.list(targetsPrefix(run)),
  ]);
  return {
    problems: targetProblems(run, { transformed, listed, expected }),
    manifests: targetManifests(run, transformed),
  };
}

/** Read once and kept in the ledger, so that a second try writes the same bytes. */
async function sourceDescription(runtime: Runtime, run: Run): Promise<TableDescription> {
  const known = tableDescriptionSchema.safeParse(run.source);
  if (known.success) return known.data;
  const source = await readTableDescription(
    { dynamo: runtime.clients.dynamo, clock: runtime.clock },
    run.sourceTable,
  ).catch((error: unknown) => {
    throw isNamed(error, 'ResourceNotFoundException') ? missingTableError(run.sourceTable) : error;
  });
  // Every segment was read before, and no TableId comes back: so all items are of one table.
  refuseOtherSource(run, source.tableId);
  await updateRun(runtime.ledger, run, { source });
  return source;
}

/** Writes each object once. An existing one with other bytes is another backup's or was tampered with. */
async function writeManifests(
  runtime: Runtime,
  fence: Fence,
  objects: ReturnType<typeof manifestObjects>,
): Promise<void> {
  for (const { key, body } of objects) {
    const contentType = key.endsWith('.json') ? 'application/json' : 'text/plain';
    const put = await runtime.objects.putOnce(key, body, { contentType, beforeAttempt: () => fence.check() });
    if (put.outcome === 'other')
      throw new BackupDamagedError(
        `Object ${key} exists with other bytes than this backup's, and was not overwritten. Find out who writes to the bucket. A new run writes a new backup.`,
      );
  }
}

function backupSummary(runtime: Runtime, run: Run, totals: BackupTotals): BackupSummary {
  return {
    backupId: run.backupId,
    uri: `s3://${runtime.bucket}/${backupLayout(run.backupId).prefix}`,
    files: totals.files,
    items: totals.scanned.count,
    bytes: totals.bytes,
    digest: totals.scanned,
  };
}

function rehearsalOf({ rehearsed, expected }: BackupTotals): Rehearsal {
  const { products = 0, metadata = 0, variants = 0, quarantined = 0, targetBytes = 0 } = rehearsed;
  // A worker of an earlier version has not counted the indexes.
  const { writeUnitsExpected: writeUnits = 0, indexWriteUnitsExpected, indexStorageBytes } = rehearsed;
  const written = { writeUnits, indexWriteUnits: indexWriteUnitsExpected, indexStorageBytes };
  return { products, metadata, variants, quarantined, targetBytes, ...written, expected };
}

/** Where the source has time to live and items that go by it. */
async function warnOfExpiry(runtime: Runtime, run: Run, { rehearsed }: BackupTotals): Promise<void> {
  const { timeToLiveAttribute: attribute } = run.plan;
  const { expiring = 0, expired = 0 } = rehearsed;
  if (attribute === undefined || expiring === 0) return;
  const staying = filledTablesOf(runtime, run).filter(({ spec }) => spec.timeToLiveAttribute === undefined);
  if (staying.length === 0) return;
  const tables = { source: run.sourceTable, targets: staying.map(({ name }) => name) };
  await warnRun(runtime.ledger, run, [expiringSentence({ attribute, expiring, expired }, tables)]);
}

/** A run whose backup is sealed, and a sentence on its tables: one that is resumed may have some. */
interface SealedRun {
  readonly run: Run;
  readonly untouched: string;
}

/** A step called alone only backs up, and a dry run is there to list what cannot be migrated: neither fails. */
function assertFewQuarantined(
  { migration }: Runtime,
  { run, untouched }: SealedRun,
  totals: BackupTotals,
): void {
  const quarantined = totals.rehearsed['quarantined'] ?? 0;
  const { maxQuarantined } = run.parameters;
  if (run.kind !== 'migrate' || run.parameters.dryRun || quarantined <= maxQuarantined) return;
  throw new TooManyQuarantinedError(
    `${quarantined} of ${totals.rehearsed['products'] ?? 0} ${migration.nouns.items} in table ${run.sourceTable} cannot be transformed, and maxQuarantined allows ${maxQuarantined}. First of them: ${quarantineText(totals.quarantinedProducts)}. ` +
      `${untouched} Backup ${run.backupId} is kept, and runs/${run.runId}/quarantine/ lists every such ${migration.nouns.item}.`,
  );
}

/** The limit is asked again with what was counted: the estimate before had to assume how many items there will be. */
function assertWithinCost(
  { config, migration }: Runtime,
  { run, untouched }: SealedRun,
  rehearsal: Rehearsal,
): void {
  const { maxCost, dryRun } = run.parameters;
  if (run.kind !== 'migrate' || dryRun) return;
  const refusal = costRefusal({
    what: 'migration',
    maxCost,
    cost: estimateRun(sizeOfPlan(run.plan, { region: config.region, rehearsal, migration })),
    state: `${untouched} Backup ${run.backupId} is kept.`,
    again: againWith(run, commandsOf(config)),
  });
  if (refusal !== undefined) throw refusal;
}

/** A held run goes on under another limit; it cannot be told to have none. */
function againWith(
  { runId, parameters }: Run,
  { migrate }: Commands,
): ((changed: Input) => Command) | undefined {
  if (parameters.onFailure === 'rollback')
    return (changed) => migrate({ ...inputOf(parameters), ...changed });
  return (changed) => migrate({ resume: runId, ...changed });
}
