import type { TableDescription } from '@aws-sdk/client-dynamodb';
import { stepText } from '../shared/commands.ts';
import { splitMessage } from '../shared/message.ts';
import { errorSummary, TableUnavailableError } from '../shared/errors.ts';
import type { Run } from '../shared/ledger/run.ts';
import { tablePrefixOf } from '../shared/ledger/run-settings.ts';
import { tableName } from '../shared/migration/table-spec.ts';
import type { TableRecord } from '../shared/ledger/table-record.ts';
import { warnOfUnseenDeletion } from '../shared/copy/unseen-deletion.ts';
import { isTransient } from '../shared/retry.ts';
import { inDoubtUntil, type Runtime } from '../shared/runtime.ts';
import { describeTable } from '../shared/aws/describe-table.ts';
import { isUnsafeGlobal, replicasOf } from '../shared/tables/global-table.ts';
import { watchTables } from '../shared/tables/known-table.ts';
import { filledTablesOf } from '../shared/tables/run-tables.ts';
import { otherPrefixError } from '../shared/tables/target-conflicts.ts';
import { type ItemTarget, noteContents, noteLeft } from './note-left.ts';
import { endsTurn } from './recovery-owner.ts';
import { mayTakeItems } from './relied-items.ts';
import { rollBackItems } from './roll-back-items.ts';
import type { TakerScope } from './remover-tools.ts';
import { waitForOthers } from './wait-for-others.ts';
import type { TableRollBackScope, RolledBackTable } from './roll-back-table.ts';

/** A small backup is available at once, a large one in a minute or two. */
const LOOK_FOR_BACKUP_SECONDS = 5;

/** A step called alone migrates another run's backup. Any other run writes nothing before its own backup is sealed. */
function mayHaveWritten({ kind, backup }: Run): boolean {
  return kind === 'manual' || (kind === 'migrate' && backup !== undefined);
}

/** A run and its tables. */
type ItemScope = Pick<TableRollBackScope, 'run' | 'tables'>;

/**
 * Of the tables that the run fills, as named when it began or as the code names them now, those that are not deleted
 * whole: they existed before, or somebody has replaced them during the run.
 */
async function itemTargets(runtime: Runtime, { run, tables }: ItemScope): Promise<readonly ItemTarget[]> {
  if (!mayHaveWritten(run)) return [];
  const known = (run.settings.filled ?? []).map((name) => tableName({ name }, tablePrefixOf(runtime, run)));
  const filled = [...known, ...filledTablesOf(runtime, run).map(({ name }) => name)];
  const targets: ItemTarget[] = [];
  for (const record of tables) {
    if (!filled.includes(record.name) || !MADE.has(record.outcome)) continue;
    const replacedBy = await replacementOf(runtime, record);
    // A run that succeeded had its own tables to the end. What another one holds of it are copies that others made.
    const isWrittenTo = replacedBy !== undefined && run.rolledBackFrom !== 'SUCCEEDED';
    if (record.outcome === 'EXISTED' || isWrittenTo) targets.push({ record, replacedBy });
  }
  return targets;
}

const MADE: ReadonlySet<TableRecord['outcome']> = new Set(['CREATED', 'EXISTED', 'KEPT']);

/** TableId of another table that has the name now. A table that cannot be looked at is named by those who work on it. */
async function replacementOf(runtime: Runtime, { name, tableId }: TableRecord): Promise<string | undefined> {
  try {
    const table = await describeTable(runtime.clients.tables, name);
    return tableId === undefined || table?.TableId === tableId ? undefined : table?.TableId;
  } catch (error) {
    if (isTransient(error)) throw error;
    return undefined;
  }
}

async function rollBackContents(
  runtime: Runtime,
  scope: TableRollBackScope,
  target: ItemTarget,
): Promise<RolledBackTable> {
  const { run, deadline, fence } = scope;
  const { record, replacedBy } = target;
  const { name } = record;
  const isReplaced = replacedBy !== undefined;
  const table = await describeTable(runtime.clients.tables, name);
  if (table === undefined) return { kind: 'done' };
  if (isReplaced && isOnTheMove(table)) return { kind: 'wait', seconds: waitForOthers(runtime, run) };
  const unsafe = globalTableFailure(scope, table);
  if (unsafe !== undefined) {
    await noteContents(runtime, run, target, { contents: 'items of this run may still be in it' });
    return unsafe;
  }
  const verdict = await mayTakeItems(runtime, scope, { ...target, table });
  if (verdict.kind === 'wait') return { kind: 'wait', seconds: LOOK_FOR_BACKUP_SECONDS };
  if (verdict.kind === 'kept') return { kind: 'done' };
  if (verdict.kind === 'refused') {
    await noteContents(runtime, run, target, { contents: 'the items of this run stay in it' });
    return { kind: 'failed', sentence: verdict.sentence };
  }
  const { TableId: tableId = '' } = table;
  const isSameTable = watchTables(runtime, [{ name, tableId }]);
  const check = async (): Promise<void> => {
    await isSameTable();
    await fence.check();
  };
  const taken = await rollBackItems(runtime, {
    run,
    tableName: name,
    tableId,
    isReplaced,
    keepsMarked: keepsMarked(scope),
    deadline,
    check,
  });
  if (!taken.done) return { kind: 'wait', seconds: secondsInDoubt(runtime) };
  const sentence = await noteLeft(runtime, run, { target, taken });
  return sentence === undefined ? { kind: 'done' } : { kind: 'failed', sentence };
}

/** Between replicas the later write wins, whatever a condition has found in its own Region. */
function globalTableFailure(
  { relied, hasBegunToFill }: TableRollBackScope,
  table: TableDescription,
): RolledBackTable | undefined {
  const { TableName: name = '', TableId: tableId } = table;
  if (!hasBegunToFill || !isUnsafeGlobal(table) || relied({ name, tableId }).kind === 'keep')
    return undefined;
  return {
    kind: 'failed',
    sentence: `${name}: the items of this run stay in it, because it is a global table with replicas (${replicasOf(table)}). Conditions hold in one Region only, so what the shop writes in another at the same moment could be lost`,
    step: stepText(['Remove its replicas, then roll the run back again']),
  };
}

/**
 * A mark alone proves nothing: a run that another ledger knows may have had the same name. If its items are in one of the
 * run's tables, they may be in the others as well, where no worker need have met them.
 */
function keepsMarked({ hasBegunToFill, tables }: TableRollBackScope): TakerScope['keepsMarked'] {
  if (!hasBegunToFill) return 'foreign';
  return tables.some(({ hasForeignMarks }) => hasForeignMarks === true) ? 'unproven' : undefined;
}

/** The next turn begins no earlier: what got no answer may still take effect until then. */
function secondsInDoubt(runtime: Runtime): number {
  const now = runtime.clock.now();
  return Math.max(1, ((inDoubtUntil(runtime) ?? now) - now) / 1_000);
}

/** A table in these states cannot be read. */
const isOnTheMove = ({ TableStatus }: TableDescription): boolean =>
  TableStatus === 'CREATING' || TableStatus === 'DELETING';

/**
 * Rolls back the run's items in tables that existed before, or that have replaced the run's, one by one. Tables that the
 * run created are deleted whole elsewhere. A table that cannot be read or written is named and does not stop the others.
 *
 * @throws RunClosedError and transient errors
 */
export async function rollBackTargets(
  runtime: Runtime,
  scope: TableRollBackScope,
): Promise<readonly RolledBackTable[]> {
  const outcomes: RolledBackTable[] = [];
  for (const target of await itemTargets(runtime, scope))
    outcomes.push(await rollBackTarget(runtime, scope, target));
  return outcomes;
}

async function rollBackTarget(
  runtime: Runtime,
  scope: TableRollBackScope,
  target: ItemTarget,
): Promise<RolledBackTable> {
  const { run } = scope;
  const { name: table } = target.record;
  try {
    return await rollBackContents(runtime, scope, target);
  } catch (error) {
    if (endsTurn(error) || isTransient(error)) throw error;
    // Somebody has deleted or replaced it. The next turn sees what there is now.
    if (error instanceof TableUnavailableError) return { kind: 'wait', seconds: 1 };
    const { name, message } = errorSummary(otherPrefixError(runtime, run, error) ?? error);
    const { said, nextStep: step } = splitMessage(message);
    const contents = `items of the run may still be in it (${name}: ${said})`;
    await noteContents(runtime, run, target, { contents });
    return {
      kind: 'failed',
      sentence: `${table}: the run's items could not be rolled back: ${name}: ${said}`,
      step,
    };
  }
}

/**
 * A call that has died may have sent deletions whose answers nobody has seen.
 *
 * @throws the SDK's errors; harmless to repeat
 */
export async function warnOfUnseenDeletions(runtime: Runtime, scope: ItemScope): Promise<void> {
  for (const { record } of await itemTargets(runtime, scope))
    await warnOfUnseenDeletion(runtime.ledger, scope.run, record.name);
}
