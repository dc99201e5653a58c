import type { TableDescription } from '@aws-sdk/client-dynamodb';
import { isRestore, type Run } from '../shared/ledger/run.ts';
import { warnRun } from '../shared/ledger/run-update.ts';
import { noteLostTable, type TableRecord } from '../shared/ledger/table-record.ts';
import { isTransient } from '../shared/retry.ts';
import type { Runtime } from '../shared/runtime.ts';
import { orderOf } from '../shared/runs/restore-order.ts';
import { describeTable, RUN_TAG, tagsOf } from '../shared/aws/describe-table.ts';
import { filledTablesOf, targetTablesOf } from '../shared/tables/run-tables.ts';
import { openKept } from './open-kept.ts';
import type { TableRollBackScope, RolledBackTable } from './roll-back-table.ts';

/**
 * Tables that a run may have created. A migration creates none before its backup is sealed, and a dry run none at all. A
 * step called alone closes none.
 */
function creatable(runtime: Runtime, run: Run): readonly { readonly name: string }[] {
  const { kind, backup, parameters } = run;
  if (kind === 'restore') return [{ name: orderOf(run).targetTable }];
  if (kind !== 'migrate' || backup === undefined || parameters.dryRun) return [];
  return targetTablesOf(runtime, run);
}

/** A table of the model's name that has no record. */
interface Unrecorded {
  readonly table: TableDescription;
  /** Whether it carries the run's tag. */
  readonly isTagged: boolean;
}

/**
 * `undefined`: there is none, or it is being deleted. If a table cannot be read, nothing shows that it is the run's, and it
 * stays as it is.
 */
async function findUnrecorded(runtime: Runtime, run: Run, name: string): Promise<Unrecorded | undefined> {
  try {
    return await readUnrecorded(runtime, run, name);
  } catch (error) {
    if (isTransient(error)) throw error;
    runtime.logger.warn('A table without a record could not be read', { runId: run.runId, name });
    return undefined;
  }
}

async function readUnrecorded(
  { clients: { tables } }: Runtime,
  { runId }: Run,
  name: string,
): Promise<Unrecorded | undefined> {
  const table = await describeTable(tables, name);
  if (table === undefined || table.TableStatus === 'DELETING') return undefined;
  return { table, isTagged: (await tagsOf(tables, table.TableArn ?? ''))?.get(RUN_TAG) === runId };
}

/**
 * Somebody may have removed the record of a table that existed before the run. The run's items in it carry its mark, so
 * they are rolled back all the same.
 *
 * @returns the run's tables, with those that were noted again
 * @throws the SDK's errors; safe to repeat
 */
export async function noteLostTargets(
  runtime: Runtime,
  { run, tables, hasBegunToFill }: Pick<TableRollBackScope, 'run' | 'tables' | 'hasBegunToFill'>,
): Promise<readonly TableRecord[]> {
  if (!hasBegunToFill || isRestore(run)) return tables;
  const noted: TableRecord[] = [];
  for (const name of unrecordedAmong(filledTablesOf(runtime, run), tables)) {
    const found = await findUnrecorded(runtime, run, name);
    if (found === undefined || found.isTagged) continue;
    // Before the record is back: a call that dies between the two is followed by one that warns again.
    await warnRun(runtime.ledger, run, [
      `The ledger no longer had the record of table ${name}. The table has no tag of this run, so it counts as one that existed before.`,
    ]);
    const record = { name, outcome: 'EXISTED', intentAt: runtime.clock.now() } as const;
    await noteLostTable(runtime.ledger, run.runId, record);
    noted.push(record);
  }
  return [...tables, ...noted];
}

function unrecordedAmong(
  all: readonly { readonly name: string }[],
  tables: readonly TableRecord[],
): readonly string[] {
  const recorded = new Set(tables.map(({ name }) => name));
  return all.flatMap(({ name }) => (recorded.has(name) ? [] : [name]));
}

async function keep(
  runtime: Runtime,
  scope: TableRollBackScope,
  record: TableRecord,
): Promise<RolledBackTable> {
  const { run, fence } = scope;
  const { name } = record;
  const reason = `it carries the tag migration:run = ${run.runId}, but its record is no longer in the ledger`;
  const sentence = `${name} was kept, because ${reason}`;
  const keeping = { markedAt: run.markedAt ?? 0, remark: reason, failure: { sentence } };
  await noteLostTable(runtime.ledger, run.runId, { ...record, remark: reason, keeping });
  const closed = await openKept(runtime, { run, fence, record });
  return { kind: 'failed', table: name, sentence: sentence + closed };
}

/**
 * Somebody may have removed a table's record from the ledger by hand. A table without a recorded intent is not deleted.
 * It is opened, recorded as KEPT and named in the report. A second roll back by an operator then finds its record.
 *
 * @throws RunClosedError, ClaimLostError, and the SDK's errors; safe to repeat
 */
export async function keepUnrecorded(
  runtime: Runtime,
  scope: TableRollBackScope,
): Promise<readonly RolledBackTable[]> {
  const { run, tables } = scope;
  const kept: RolledBackTable[] = [];
  for (const name of unrecordedAmong(creatable(runtime, run), tables)) {
    const found = await findUnrecorded(runtime, run, name);
    if (found?.isTagged !== true) continue;
    const { TableArn: tableArn = '', TableId: tableId = '' } = found.table;
    const facts = { outcome: 'KEPT', access: 'CLOSED', intentAt: runtime.clock.now() } as const;
    kept.push(await keep(runtime, scope, { name, ...facts, tableId, tableArn }));
  }
  return kept;
}
