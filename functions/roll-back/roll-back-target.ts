import { warnRun } from '../shared/ledger/run-update.ts';
import { splitMessage } from '../shared/message.ts';
import { errorSummary } from '../shared/errors.ts';
import type { Run } from '../shared/ledger/run.ts';
import { tablePrefixOf } from '../shared/ledger/run-settings.ts';
import { tableName } from '../shared/migration/table-spec.ts';
import { listTables, recordTable, type TableRecord } from '../shared/ledger/table-record.ts';
import { warnOfUnseenDeletion } from '../shared/copy/unseen-deletion.ts';
import { isTransient } from '../shared/retry.ts';
import type { Runtime } from '../shared/runtime.ts';
import { describeTable } from '../shared/aws/describe-table.ts';
import { filledTablesOf } from '../shared/tables/run-tables.ts';
import { otherPrefixError } from '../shared/tables/target-conflicts.ts';
import { FAILED_REASONS, isInPlace, LEFT_REASONS, type Left, leftText } from './left-items.ts';
import { endsTurn } from './recovery-owner.ts';
import { mayTakeItems } from './relied-items.ts';
import { rollBackItems } from './roll-back-items.ts';
import type { TableRollBackScope, RolledBackTable } from './roll-back-table.ts';

/** A small backup is available at once, a large one in a minute or two. */
const LOOK_FOR_BACKUP_SECONDS = 5;

/** A step called alone migrates another run's backup. Any other run writes nothing before its own backup is sealed. */
function mayHaveWritten({ kind, backup }: Run): boolean {
  return kind === 'manual' || (kind === 'migrate' && backup !== undefined);
}

/** The tables that the run fills and that existed before, as named when it began or as the code names them now. */
async function existingTargets(runtime: Runtime, run: Run): Promise<readonly TableRecord[]> {
  if (!mayHaveWritten(run)) return [];
  const known = (run.settings.filled ?? []).map((name) => tableName({ name }, tablePrefixOf(runtime, run)));
  const filled = [...known, ...filledTablesOf(runtime, run).map(({ name }) => name)];
  const tables = await listTables(runtime.ledger, run.runId);
  return tables.filter(({ name, outcome }) => outcome === 'EXISTED' && filled.includes(name));
}

/** Records on the table what is left in it, so that every report names it. What is lost another roll back cannot see. */
async function noteLeft(runtime: Runtime, run: Run, name: string, left: Left): Promise<RolledBackTable> {
  const { runId } = run;
  const existing = leftText(runId, left, LEFT_REASONS.filter(isInPlace));
  const gone = leftText(
    runId,
    left,
    LEFT_REASONS.filter((reason) => !isInPlace(reason)),
  );
  if (gone !== undefined) await warnRun(runtime.ledger, run, [`Table ${name} lacks ${gone}.`]);
  const first = existing === undefined ? 'nothing of this run is left in it' : `still there: ${existing}`;
  const remark = [first, gone ?? []].flat().join('; ');
  await recordTable(runtime.ledger, runId, { name, outcome: 'EXISTED', remark });
  const failed = leftText(runId, left, FAILED_REASONS);
  if (failed === undefined) return { kind: 'done' };
  return { kind: 'failed', sentence: `${name} is not as it was before the run: ${failed}` };
}

async function rollBackContents(
  runtime: Runtime,
  scope: TableRollBackScope,
  record: TableRecord,
): Promise<RolledBackTable> {
  const { run, deadline, fence } = scope;
  const { name: target } = record;
  const table = await describeTable(runtime.clients.tables, target);
  if (table === undefined) return { kind: 'done' };
  const verdict = await mayTakeItems(runtime, scope, { table, record });
  if (verdict.kind === 'wait') return { kind: 'wait', seconds: LOOK_FOR_BACKUP_SECONDS };
  if (verdict.kind === 'kept') return { kind: 'done' };
  if (verdict.kind === 'refused') return { kind: 'failed', sentence: verdict.sentence };
  const check = (): Promise<void> => fence.check();
  const { done, left } = await rollBackItems(runtime, { run, tableName: target, deadline, check });
  return done ? noteLeft(runtime, run, target, left) : { kind: 'wait', seconds: 1 };
}

/**
 * Rolls back the run's items in tables that existed before, one by one. Tables that the run created are deleted whole
 * elsewhere. A table that cannot be read or written is named and does not stop the others.
 *
 * @throws RunClosedError and transient errors
 */
export async function rollBackTargets(
  runtime: Runtime,
  scope: TableRollBackScope,
): Promise<readonly RolledBackTable[]> {
  const outcomes: RolledBackTable[] = [];
  for (const target of await existingTargets(runtime, scope.run))
    outcomes.push(await rollBackTarget(runtime, scope, target));
  return outcomes;
}

async function rollBackTarget(
  runtime: Runtime,
  scope: TableRollBackScope,
  target: TableRecord,
): Promise<RolledBackTable> {
  const { run } = scope;
  try {
    return await rollBackContents(runtime, scope, target);
  } catch (error) {
    if (endsTurn(error) || isTransient(error)) throw error;
    const { name, message } = errorSummary(otherPrefixError(runtime, run, error) ?? error);
    const { said, nextStep: step } = splitMessage(message);
    const remark = `items of the run may still be in it (${name}: ${said})`;
    await recordTable(runtime.ledger, run.runId, { name: target.name, outcome: 'EXISTED', remark });
    return {
      kind: 'failed',
      sentence: `${target.name}: the run's items could not be rolled back: ${name}: ${said}`,
      step,
    };
  }
}

/**
 * A call that has died may have sent deletions whose answers nobody has seen.
 *
 * @throws the SDK's errors; harmless to repeat
 */
export async function warnOfUnseenDeletions(runtime: Runtime, run: Run): Promise<void> {
  for (const { name } of await existingTargets(runtime, run))
    await warnOfUnseenDeletion(runtime.ledger, run, name);
}
