import { errorSummary } from '../shared/errors.ts';
import { type Run, tablePrefixOf } from '../shared/ledger/run.ts';
import { listTables, recordTable, type TableRecord } from '../shared/ledger/table-record.ts';
import { isTransient } from '../shared/retry.ts';
import type { Runtime } from '../shared/runtime.ts';
import { describeTable } from '../shared/tables/describe-table.ts';
import { tableName } from '../shared/tables/table-spec.ts';
import { catalogueTable } from '../shared/tables/target-tables.ts';
import { otherPrefixError } from '../shared/tables/target-conflicts.ts';
import { failedReasons, type Left, leftText } from './left-items.ts';
import { mayTakeItems } from './relied-items.ts';
import { takeBackItems } from './take-back-items.ts';
import type { TakeBackScope, TakenBack } from './take-back-table.ts';

/** A small backup is there at once, a large one in a minute or two. */
const LOOK_FOR_BACKUP_SECONDS = 5;

/** A step called alone migrates another run's backup; any other run has written nothing before its own is sealed. */
function mayHaveWritten({ kind, backup }: Run): boolean {
  return kind === 'manual' || (kind === 'migrate' && backup !== undefined);
}

async function existingTarget(runtime: Runtime, run: Run): Promise<TableRecord | undefined> {
  const target = tableName(catalogueTable, tablePrefixOf(runtime, run));
  const tables = await listTables(runtime.ledger, run.runId);
  const existed = tables.find(({ name, outcome }) => name === target && outcome === 'EXISTED');
  return mayHaveWritten(run) ? existed : undefined;
}

/** What is left becomes a fact of the table, so that every report names it. */
async function noteLeft(runtime: Runtime, { runId }: Run, name: string, left: Left): Promise<TakenBack> {
  const text = leftText(runId, left);
  const remark = text === undefined ? 'nothing of this run is left in it' : `still there: ${text}`;
  await recordTable(runtime.ledger, runId, { name, outcome: 'EXISTED', remark });
  const failed = leftText(runId, left, failedReasons);
  if (failed === undefined) return { kind: 'settled' };
  return { kind: 'failed', sentence: `${name} is not as it was before the run: ${failed}` };
}

async function takeBack(runtime: Runtime, scope: TakeBackScope, record: TableRecord): Promise<TakenBack> {
  const { run, deadline, fence } = scope;
  const { name: target } = record;
  const table = await describeTable(runtime.clients.tables, target);
  if (table === undefined) return { kind: 'settled' };
  const verdict = await mayTakeItems(runtime, scope, { table, record });
  if (verdict.kind === 'wait') return { kind: 'wait', seconds: LOOK_FOR_BACKUP_SECONDS };
  if (verdict.kind === 'kept') return { kind: 'settled' };
  if (verdict.kind === 'refused') return { kind: 'failed', sentence: verdict.sentence };
  const check = (): Promise<void> => fence.check();
  const { done, left } = await takeBackItems(runtime, { run, tableName: target, deadline, check });
  return done ? noteLeft(runtime, run, target, left) : { kind: 'wait', seconds: 1 };
}

/**
 * Rolls back the run's items in a table that existed before, one by one; a table of the run's own goes whole. A table
 * that cannot be read or written is named, and stops nothing else.
 *
 * @throws RunClosedError and what passes by itself
 */
export async function takeBackTarget(runtime: Runtime, scope: TakeBackScope): Promise<TakenBack> {
  const { run } = scope;
  const target = await existingTarget(runtime, run);
  if (target === undefined) return { kind: 'settled' };
  try {
    return await takeBack(runtime, scope, target);
  } catch (error) {
    const { name, message } = errorSummary(otherPrefixError(runtime, run, error) ?? error);
    const isOver = name === 'RunClosedError' || name === 'TransientError';
    if (isOver || isTransient(error)) throw error;
    const remark = `items of the run may still be in it (${name}: ${message})`;
    await recordTable(runtime.ledger, run.runId, { name: target.name, outcome: 'EXISTED', remark });
    return {
      kind: 'failed',
      sentence: `${target.name}: the run's items could not be rolled back: ${name}: ${message}`,
    };
  }
}
