import { type Command, commandsOf, stepText } from '../shared/commands.ts';
import { RunNotFoundError, SyncRefusedError } from '../shared/errors.ts';
import type { FollowedTable } from '../shared/ledger/sync-facts.ts';
import { findNewest, findRun, isReadable, type Run } from '../shared/ledger/run.ts';
import { listReliants } from '../shared/ledger/reliant.ts';
import { listTables } from '../shared/ledger/table-record.ts';
import type { SyncRuntime } from './sync-runtime.ts';
import { assertSameTable } from '../shared/tables/known-table.ts';
import { filledTablesOf } from '../shared/tables/run-tables.ts';

/** The migration whose target is compared or followed, and its filled tables. */
export interface FollowedRun {
  readonly run: Run;
  readonly tables: readonly FollowedTable[];
}

/** Which migration is meant, and the command that asks for another one instead. */
export interface WantedRun {
  /** Absent: the newest that succeeded. */
  readonly runId: string | undefined;
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
  const records = await listTables(runtime.ledger, run.runId);
  const tables: FollowedTable[] = [];
  for (const { name } of filledTablesOf(runtime, run)) {
    const { tableId } = records.find((record) => record.name === name) ?? {};
    const table = { name, ...(tableId === undefined ? {} : { tableId }) };
    await assertSameTable(runtime, table);
    tables.push(table);
  }
  return { run, tables };
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
  { runId, againWith }: WantedRun & { readonly runId: string },
): Promise<Run> {
  const { ledger, config } = runtime;
  const run = await findRun(ledger, runId);
  if (run === undefined)
    throw new RunNotFoundError(
      `The ledger ${ledger.tableName} knows no run ${runId}. Nothing was changed.`,
      stepText(['List the runs', commandsOf(config).runs()]),
    );
  if (run.kind === 'migrate' && run.status === 'SUCCEEDED' && run.sourceTable === config.sourceTable)
    return unlessOutdated(runtime, run, againWith);
  throw new SyncRefusedError(
    `Run ${runId} (${run.kind} of table ${run.sourceTable}, ${run.status}) cannot be followed: that needs a migration of table ${config.sourceTable} that succeeded. Nothing was changed.`,
  );
}

/** Its settings would undo what a later run has made of the same tables. */
async function unlessOutdated(
  { ledger }: SyncRuntime,
  run: Run,
  againWith: WantedRun['againWith'],
): Promise<Run> {
  for (const { runId } of await listReliants(ledger, run.runId)) {
    const later = await findRun(ledger, runId);
    if (later?.kind === 'migrate' && later.status === 'SUCCEEDED')
      throw new SyncRefusedError(
        `Run ${run.runId} cannot be followed, because run ${runId} has worked on its tables since. Nothing was changed.`,
        stepText(['Name that run', againWith(runId)]),
      );
  }
  return run;
}
