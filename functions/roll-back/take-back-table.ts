import {
  CreateBackupCommand,
  DeleteTableCommand,
  type TableDescription,
  UpdateTableCommand,
  waitUntilTableExists,
  waitUntilTableNotExists,
} from '@aws-sdk/client-dynamodb';
import { errorSummary } from '../shared/errors.ts';
import { type Run, tablePrefixOf } from '../shared/ledger/run.ts';
import { warnRun } from '../shared/ledger/run-update.ts';
import { recordTable, type TableRecord } from '../shared/ledger/table-record.ts';
import { isTransient, retry } from '../shared/retry.ts';
import type { Runtime } from '../shared/runtime.ts';
import { describeTable, runTag, tagsOf } from '../shared/tables/describe-table.ts';
import { keyNames } from '../shared/tables/item-key.ts';
import { tableName } from '../shared/tables/table-spec.ts';
import { otherPrefixError } from '../shared/tables/target-conflicts.ts';
import { catalogueTable, targetTables } from '../shared/tables/target-tables.ts';
import { isAsMigrated, isOfRun } from '../shared/transform/as-written.ts';
import { decideTable, type TableFacts } from './decide-table.ts';
import { inspectRestored } from './inspect-restored.ts';
import { inspectTable } from './inspect-table.ts';
import type { Contents } from './inspection.ts';
import type { ReliedTables } from './relied-tables.ts';
import type { SettlerFence } from './settler.ts';
import { cut } from '../shared/text.ts';

/** One roll back's turn. */
export interface TakeBackScope {
  readonly run: Run;
  readonly fence: SettlerFence;
  /** What later runs rely on. */
  readonly relied: ReliedTables;
  /** Epoch milliseconds. */
  readonly deadline: number;
}

/** What became of one table in this turn. */
export type TakenBack =
  | { readonly kind: 'settled' }
  | { readonly kind: 'wait' }
  /** DynamoDB did not take it just now; the turn is tried again once the other tables had theirs. */
  | { readonly kind: 'transient'; readonly error: unknown }
  /** It could not be rolled back; the sentence names the reason. `table`: one that the run has created. */
  | { readonly kind: 'failed'; readonly table?: string; readonly sentence: string };

/** A table that is being updated refuses to be deleted for a moment. */
const isBusyOrTransient = (error: unknown): boolean =>
  errorSummary(error).name === 'ResourceInUseException' || isTransient(error);

const waiting = { maxWaitTime: 300, minDelay: 1, maxDelay: 5 } as const;

async function standingTable(
  runtime: Runtime,
  name: string,
): Promise<{ table: TableDescription; tag: string | undefined } | undefined> {
  const table = await describeTable(runtime.clients.tables, name);
  if (table === undefined) return undefined;
  // One that is going may be gone when its tags are asked for.
  if (table.TableStatus === 'DELETING') return { table, tag: undefined };
  const tags = await tagsOf(runtime.clients.tables, table.TableArn ?? '');
  return { table, tag: tags.get(runTag) };
}

/** A step called alone restores in a run of its own. */
function isRestore({ kind, step }: Run): boolean {
  return kind === 'restore' || step === 'restoreFromBackup';
}

/**
 * Only products-enhanced is written by a migration, so anything in the others is the shop's, and so is every item
 * there that is not, attribute for attribute, as this run wrote it. A restored table holds items of the backup.
 */
function lookInside(runtime: Runtime, { run, deadline }: TakeBackScope, name: string): Promise<Contents> {
  const inspection = { run, tableName: name, deadline };
  if (isRestore(run)) return inspectRestored(runtime, inspection);
  const prefix = tablePrefixOf(runtime, run);
  const spec = targetTables.find((one) => name === tableName(one, prefix));
  return inspectTable(runtime, inspection, {
    isHarmless: (item) => spec === catalogueTable && isOfRun(item, run.runId) && isAsMigrated(item),
    keyNames: spec === undefined ? [] : keyNames(spec.key),
  });
}

/** Letters, digits, `_`, `-` and `.` only, as both the table's name and the run's id are made of. */
const MAX_BACKUP_NAME = 255;

/** An endpoint that offers no backups at all is told in the report; any other refusal keeps the table. */
export async function keepBackup(
  runtime: Runtime,
  scope: TakeBackScope,
  { TableName, warning }: { readonly TableName: string; readonly warning: string },
): Promise<void> {
  const { runId } = scope.run;
  const BackupName = `${cut(TableName, MAX_BACKUP_NAME - runId.length - 1)}-${runId}`;
  await scope.fence.check();
  try {
    await runtime.clients.dynamo.send(new CreateBackupCommand({ TableName, BackupName }));
  } catch (error) {
    if (errorSummary(error).name !== 'UnknownOperationException') throw error;
    await warnRun(runtime.ledger, scope.run, [warning]);
  }
}

/** A table that was in use, or is relied on, is backed up before it goes; its protection is lifted only then. */
async function unprotect(runtime: Runtime, scope: TakeBackScope, table: TableDescription): Promise<void> {
  const { dynamo, tables } = runtime.clients;
  const TableName = table.TableName ?? '';
  const isRelied = scope.relied({ name: TableName, tableId: table.TableId }).kind !== 'free';
  if (scope.run.rolledBackFrom === 'SUCCEEDED' || isRelied) {
    const warning = `${TableName} was taken away without a DynamoDB backup of its own, because this endpoint offers none. It held nothing but what the run had written.`;
    await keepBackup(runtime, scope, { TableName, warning });
  }
  if (table.DeletionProtectionEnabled !== true) return;
  await scope.fence.check();
  await dynamo.send(new UpdateTableCommand({ TableName, DeletionProtectionEnabled: false }));
  await waitUntilTableExists({ client: tables, ...waiting }, { TableName });
}

async function deleteTable(runtime: Runtime, scope: TakeBackScope, table: TableDescription): Promise<void> {
  const { clients, clock } = runtime;
  const TableName = table.TableName ?? '';
  if (table.TableStatus !== 'ACTIVE')
    await waitUntilTableExists({ client: clients.tables, ...waiting }, { TableName });
  await unprotect(runtime, scope, table);
  const { deadline } = scope;
  await retry({ clock, deadline, patienceMillis: 60_000, isRetryable: isBusyOrTransient }, async () => {
    const now = await describeTable(clients.tables, TableName);
    if (now === undefined || now.TableId !== table.TableId) return;
    await scope.fence.check();
    await clients.dynamo.send(new DeleteTableCommand({ TableName }));
  });
  await waitUntilTableNotExists({ client: clients.tables, ...waiting }, { TableName });
}

function factsOf(
  runtime: Runtime,
  scope: TakeBackScope,
  record: TableRecord,
  standing: Awaited<ReturnType<typeof standingTable>>,
): TableFacts {
  const waitUntil = (scope.run.markedAt ?? 0) + runtime.config.intentWaitSeconds * 1_000;
  return {
    runId: scope.run.runId,
    recorded: { outcome: record.outcome, tableId: record.tableId },
    isIntentWaitOver: runtime.clock.now() >= waitUntil,
    ...(standing === undefined
      ? {}
      : {
          standing: {
            tableId: standing.table.TableId ?? '',
            runTag: standing.tag,
            status: standing.table.TableStatus ?? '',
          },
        }),
  };
}

async function takeBack(runtime: Runtime, scope: TakeBackScope, record: TableRecord): Promise<TakenBack> {
  const { name } = record;
  const note = (
    outcome: TableRecord['outcome'],
    facts: Pick<TableRecord, 'remark' | 'isNeverCreated'> = {},
  ): Promise<void> => recordTable(runtime.ledger, scope.run.runId, { name, outcome, ...facts });
  // It was there before, or is gone: nothing is to be looked at, and it may be closed to this role.
  if (record.outcome === 'EXISTED' || record.outcome === 'DELETED') return { kind: 'settled' };
  const standing = await standingTable(runtime, name);
  const facts = factsOf(runtime, scope, record, standing);
  let decision = decideTable(facts);
  const relied = scope.relied({ name, tableId: standing?.table.TableId });
  if (relied.kind === 'keep' && (decision.action === 'look inside' || decision.action === 'delete')) {
    await note('KEPT', { remark: relied.remark });
    await warnRun(runtime.ledger, scope.run, [`Table ${name} was kept, because ${relied.remark}.`]);
    return { kind: 'settled' };
  }
  let inside = '';
  if (decision.action === 'look inside') {
    const contents = await lookInside(runtime, scope, name);
    if (contents.kind === 'unknown') return { kind: 'wait' };
    inside = contents.kind === 'something of the shop' ? ` (${contents.what})` : '';
    decision = decideTable({ ...facts, contents: contents.kind });
  }
  switch (decision.action) {
    case 'wait':
      return { kind: 'wait' };
    case 'delete':
      if (standing !== undefined) await deleteTable(runtime, scope, standing.table);
      await note('DELETED');
      return { kind: 'settled' };
    case 'note deleted':
      await note(
        'DELETED',
        record.outcome === 'INTENT'
          ? { remark: 'it was announced, but never created', isNeverCreated: true }
          : { remark: 'somebody has deleted it before' },
      );
      return { kind: 'settled' };
    case 'note existed':
      await note('EXISTED');
      return { kind: 'settled' };
    case 'keep':
      await note('KEPT', { remark: `${decision.remark}${inside}` });
      return { kind: 'settled' };
    default:
      return { kind: 'settled' };
  }
}

/** Takes one table back, if it is the run's; a failure of one does not stop the others. */
export async function takeBackTable(
  runtime: Runtime,
  scope: TakeBackScope,
  record: TableRecord,
): Promise<TakenBack> {
  try {
    return await takeBack(runtime, scope, record);
  } catch (error) {
    const { name, message } = errorSummary(otherPrefixError(runtime, scope.run, error) ?? error);
    // The run, or this call's claim, is somebody else's now.
    if (name === 'RunClosedError' || name === 'TransientError') throw error;
    if (isTransient(error)) return { kind: 'transient', error };
    await recordTable(runtime.ledger, scope.run.runId, {
      name: record.name,
      outcome: 'KEPT',
      remark: `it could not be looked at or deleted (${name}: ${message})`,
    });
    return { kind: 'failed', table: record.name, sentence: `${record.name}: ${name}: ${message}` };
  }
}
