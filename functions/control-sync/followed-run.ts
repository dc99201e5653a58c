import { type Command, commandsOf, type Step, stepText } from '../shared/commands.ts';
import { RunNotFoundError, SyncRefusedError } from '../shared/errors.ts';
import type { FollowedTable } from '../shared/ledger/sync-facts.ts';
import { findNewest, findRun, isOfSync, isReadable, type Run } from '../shared/ledger/run.ts';
import { listReliants } from '../shared/ledger/reliant.ts';
import { listTables } from '../shared/ledger/table-record.ts';
import type { SyncRuntime } from './sync-runtime.ts';
import { filledTablesOf } from '../shared/tables/run-tables.ts';
import { assertStillThere } from './migrated-table.ts';

/** The migration whose target is compared or followed, and its filled tables. */
export interface FollowedRun {
  readonly run: Run;
  readonly tables: readonly FollowedTable[];
  /** Sentences. */
  readonly warnings: readonly string[];
}

/** Which migration is meant, and the command that asks for another one instead. */
export interface WantedRun {
  /** Absent: the newest that succeeded. */
  readonly runId: string | undefined;
  /** Whether nothing will be written: an older migration will do then, and a sync stands for the one that it followed. */
  readonly onlyReads: boolean;
  readonly againWith: (runId: string) => Command;
}

/**
 * The migration to follow: the one that is named, or the newest that succeeded. Its filled tables must be there
 * and the same.
 *
 * @throws SyncRefusedError, RunNotFoundError, TableUnavailableError; none is retried
 */
export async function findFollowedRun(runtime: SyncRuntime, wanted: WantedRun): Promise<FollowedRun> {
  const { runId } = wanted;
  const run =
    runId === undefined ? await newestSucceeded(runtime) : await succeeded(runtime, { ...wanted, runId });
  const warnings = runId === undefined ? [] : await outdatedWarning(runtime, run, wanted);
  const records = await listTables(runtime.ledger, run.runId);
  const tables: FollowedTable[] = [];
  for (const { name } of filledTablesOf(runtime, run)) {
    const { tableId } = records.find((record) => record.name === name) ?? {};
    const table = { name, ...(tableId === undefined ? {} : { tableId }) };
    await assertStillThere(runtime, run.runId, table);
    tables.push(table);
  }
  return { run, tables, warnings };
}

async function newestSucceeded({ ledger, config }: SyncRuntime): Promise<Run> {
  const newest = await findNewest(
    ledger,
    (run) =>
      isReadable(run) &&
      run.kind === 'migrate' &&
      run.status === 'SUCCEEDED' &&
      run.sourceTable === config.sourceTable,
  );
  // The index that lists runs is eventually consistent.
  const run = newest && (await findRun(ledger, newest.runId));
  if (run?.status === 'SUCCEEDED') return run;
  throw new SyncRefusedError(
    `No migration of table ${config.sourceTable} has succeeded yet, so there is nothing to keep in step with it. Nothing was changed.`,
    stepText(['Migrate first', commandsOf(config).migrate({})]),
  );
}

async function succeeded(
  runtime: SyncRuntime,
  { runId, onlyReads, againWith }: WantedRun & { readonly runId: string },
): Promise<Run> {
  const { config } = runtime;
  const named = await knownRun(runtime, runId);
  const run = onlyReads && named.follows !== undefined ? await knownRun(runtime, named.follows.runId) : named;
  if (run.kind === 'migrate' && run.status === 'SUCCEEDED' && run.sourceTable === config.sourceTable)
    return run;
  const instead: Step =
    isOfSync(run) && run.follows !== undefined
      ? ['Name the migration that it followed', againWith(run.follows.runId)]
      : ['List the runs', commandsOf(config).runs()];
  throw new SyncRefusedError(
    `Run ${run.runId} (${run.kind} of table ${run.sourceTable}, ${run.status}) cannot be followed: that needs a migration of table ${config.sourceTable} that succeeded. Nothing was changed.`,
    stepText(instead),
  );
}

async function knownRun({ ledger, config }: SyncRuntime, runId: string): Promise<Run> {
  const run = await findRun(ledger, runId);
  if (run !== undefined) return run;
  throw new RunNotFoundError(
    `The ledger ${ledger.tableName} knows no run ${runId}. Nothing was changed.`,
    stepText(['List the runs', commandsOf(config).runs()]),
  );
}

/** Its settings would undo what a later run has made of the same tables. A compare without a sync undoes nothing. */
async function outdatedWarning(
  { ledger }: SyncRuntime,
  { runId }: Run,
  { onlyReads, againWith }: WantedRun,
): Promise<readonly string[]> {
  const later = await laterRun(ledger, runId);
  if (later === undefined) return [];
  if (onlyReads)
    return [
      `Run ${later} has worked on the tables of run ${runId} since. What it has made there with other settings counts as differing.`,
    ];
  throw new SyncRefusedError(
    `Run ${runId} cannot be followed, because run ${later} has worked on its tables since. Nothing was changed.`,
    stepText(['Name that run', againWith(later)]),
  );
}

/** A migration that has succeeded in the run's tables since. */
async function laterRun(ledger: SyncRuntime['ledger'], runId: string): Promise<string | undefined> {
  for (const reliant of await listReliants(ledger, runId)) {
    const later = await findRun(ledger, reliant.runId);
    if (later?.kind === 'migrate' && later.status === 'SUCCEEDED') return later.runId;
  }
  return undefined;
}
