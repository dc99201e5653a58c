import type { Run } from '../ledger/run.ts';
import { noteDone, warnRun } from '../ledger/run-update.ts';
import { listTables, type TableRecord } from '../ledger/table-record.ts';
import type { Runtime } from '../runtime.ts';
import { openLine, openTable, type StillClosed } from '../tables/open-table.ts';

/** After this, recoverRun logs every 15 minutes that the shop cannot write, and an alarm rings. */
const ALARM_AFTER_MILLIS = 30 * 60_000;

/**
 * Opens every table that a committed run uses, and marks the run as DONE once GetResourcePolicy shows no statement of
 * ours on any of them. A table that cannot be opened becomes a warning with a command, and the run stays PENDING without
 * limit. CompleteRun, a roll back that finds the run committed, and `recoverRun` call this. Idempotent.
 *
 * @param known the run's tables as they were read behind the last change of one; absent: they are read
 * @throws the ledger's errors only; safe to repeat
 */
export async function finishOpening(
  runtime: Runtime,
  run: Run,
  known?: readonly TableRecord[],
): Promise<void> {
  if (run.opening !== 'PENDING') return;
  const tables = usedTables(known ?? (await listTables(runtime.ledger, run.runId)), run);
  const opened = await Promise.all(
    tables.map(async (table) => ({ table, result: await openTable(runtime, run, table) })),
  );
  const closed = opened.flatMap(({ table, result }) => (result.isOpen ? [] : [{ table, ...result }]));
  await warnRun(runtime.ledger, run, [
    ...untaggedWarnings(tables),
    ...neverClosedWarnings(tables),
    ...closed.map((one) => stillClosedWarning(runtime, one)),
  ]);
  if (closed.length === 0) await noteDone(runtime.ledger, run, 'opening');
  else sayIfLate(runtime, run, closed);
}

/** The target tables that a run uses. The source never carries a statement of ours. */
function usedTables(tables: readonly TableRecord[], { sourceTable }: Run): readonly TableRecord[] {
  return tables.filter(
    ({ name, outcome }) => name !== sourceTable && (outcome === 'CREATED' || outcome === 'EXISTED'),
  );
}

function untaggedWarnings(tables: readonly TableRecord[]): readonly string[] {
  const names = tables.filter(({ tags }) => tags === 'NOT_OFFERED').map(({ name }) => name);
  if (names.length === 0) return [];
  return [
    `This endpoint has no tags, so only the ledger says that ${names.join(', ')} ${names.length === 1 ? 'is' : 'are'} the run's: by the table's id, or by the time of its creation if it has none.`,
  ];
}

function neverClosedWarnings(tables: readonly TableRecord[]): readonly string[] {
  const names = tables.filter(({ access }) => access === 'NEVER_CLOSED').map(({ name }) => name);
  if (names.length === 0) return [];
  return [
    `This endpoint has no resource policies, so nothing kept others from writing to ${names.join(', ')} during the run.`,
  ];
}

interface ClosedTable extends StillClosed {
  readonly table: TableRecord;
}

/** A run keeps its warnings: this one must be true of the table when it is open, too. */
function stillClosedWarning(runtime: Runtime, { table, reason, neededBy }: ClosedTable): string {
  const said = `Table ${table.name} could not be opened (${reason}). Until it is open, nobody but the migration can write there, and it is tried again every 15 minutes.`;
  return neededBy === undefined
    ? `${said} To open it at once: ${openLine(runtime, table)}`
    : `${said} It is opened once that run has ended.`;
}

/** The alarm on closed tables counts the message of this line: workflow/resources/alarms.yml. */
function sayIfLate(runtime: Runtime, run: Run, closed: readonly ClosedTable[]): void {
  if (runtime.clock.now() < Date.parse(run.finishedAt ?? run.startedAt) + ALARM_AFTER_MILLIS) return;
  runtime.logger.error('Tables are still closed', {
    runId: run.runId,
    tables: closed.map(({ table }) => table.name),
    neededBy: closed.flatMap(({ neededBy = [] }) => neededBy),
    commands: closed
      .filter(({ neededBy }) => neededBy === undefined)
      .map(({ table }) => openLine(runtime, table)),
  });
}
