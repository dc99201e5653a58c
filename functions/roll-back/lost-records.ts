import type { Run } from '../shared/ledger/run.ts';
import { noteLostTable, type TableRecord } from '../shared/ledger/table-record.ts';
import { isTransient } from '../shared/retry.ts';
import type { Runtime } from '../shared/runtime.ts';
import { describeTable, RUN_TAG, tagsOf } from '../shared/aws/describe-table.ts';
import { targetTablesOf } from '../shared/tables/run-tables.ts';
import { openKept } from './open-kept.ts';
import type { TableRollBackScope, RolledBackTable } from './roll-back-table.ts';

/** A run creates no table before its backup is sealed, and a dry run creates none at all. */
const mayHaveCreated = ({ kind, backup, parameters }: Run): boolean =>
  kind === 'migrate' && backup !== undefined && !parameters.dryRun;

/** If a table cannot be read, nothing shows that it is the run's, and it stays as it is. */
async function findTagged(runtime: Runtime, run: Run, name: string): Promise<TableRecord | undefined> {
  try {
    return await readTagged(runtime, run, name);
  } catch (error) {
    if (isTransient(error)) throw error;
    runtime.logger.warn('A table without a record could not be read', { runId: run.runId, name });
    return undefined;
  }
}

/** A table of the model's name that carries the run's tag, or `undefined` if there is none. */
async function readTagged(runtime: Runtime, { runId }: Run, name: string): Promise<TableRecord | undefined> {
  const { tables } = runtime.clients;
  const table = await describeTable(tables, name);
  if (table === undefined || table.TableStatus === 'DELETING') return undefined;
  const { TableArn: tableArn = '', TableId: tableId = '' } = table;
  if ((await tagsOf(tables, tableArn))?.get(RUN_TAG) !== runId) return undefined;
  return { name, outcome: 'KEPT', access: 'CLOSED', intentAt: runtime.clock.now(), tableId, tableArn };
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
  if (!mayHaveCreated(run)) return [];
  const recorded = new Set(tables.map(({ name }) => name));
  const names = targetTablesOf(runtime, run).map(({ name }) => name);
  const kept: RolledBackTable[] = [];
  for (const name of names.filter((one) => !recorded.has(one))) {
    const record = await findTagged(runtime, run, name);
    if (record !== undefined) kept.push(await keep(runtime, scope, record));
  }
  return kept;
}
